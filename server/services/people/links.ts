// How often somebody may try links, and what is said when it was too often.
import { faultError } from '../../../replication/model/fault.ts';
import { giveBackAttempt, takeAttempt } from '../../access/attempts.ts';
import type { ServiceContext } from '../context.ts';

/** Counts a look at a link; who calls `wasRight` has that one back. @throws `too-many-attempts` */
export async function countLink(
  { db }: ServiceContext,
  address: string | null,
): Promise<{ wasRight: () => Promise<void> }> {
  const of = address ?? 'unknown';
  const verdict = await takeAttempt(db, 'link', of);
  if (!verdict.allowed) throw tooMany(verdict.retryAfterSeconds);
  return { wasRight: () => giveBackAttempt(db, 'link', of) };
}

export function tooMany(retryAfterSeconds: number) {
  const wait = retryAfterSeconds < 90 ? `${retryAfterSeconds} seconds` : `${Math.ceil(retryAfterSeconds / 60)} minutes`;
  return faultError('too-many-attempts', { message: `There were too many attempts. Wait ${wait}, then try again.` });
}
