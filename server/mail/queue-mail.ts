// Mail that waits to be sent: sealed in the queue, since it may hold a link that lets somebody in.
import type { Queries } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { Sealed } from '../../db/schema/sealed.ts';
import { enqueueMail } from '../queue/queue.ts';
import { readKeyRing } from '../secrets/key-ring.ts';
import { type SealedAt, seal, unseal } from '../secrets/seal.ts';

export interface Mail {
  /** Whose it is; null where it is of no workspace. */
  workspaceId: string | null;
  to: string | readonly string[];
  subject: string;
  text: string;
  html?: string;
}

/** Mail as the queue holds it. */
export interface QueuedMail {
  /** Names the message to whoever receives it, however often it arrives. */
  id: string;
  workspaceId: string;
  sealed: Sealed;
}

/** Whether mail can be sent: a server and a sender are set, and a key to seal with. */
export function mailIsSet(source: Record<string, string | undefined> = process.env): boolean {
  return Boolean(source.LANDFALL_SMTP_URL && source.LANDFALL_MAIL_FROM) && readKeyRing(source).length > 0;
}

/**
 * Queues a mail in the caller's transaction: once that has committed, a worker sends it, whoever is killed meanwhile.
 * @throws `secret-key-missing` without a key to seal it with: ask `mailIsSet` first
 */
export async function queueMail(tx: Queries, mail: Mail): Promise<void> {
  const id = newId.mail();
  const workspaceId = mail.workspaceId ?? '';
  const sealed = seal(JSON.stringify(mail), placeOf({ id, workspaceId }));
  await enqueueMail(tx, { id, workspaceId, sealed } satisfies QueuedMail);
}

/** @throws `secret-unreadable`, `secret-key-missing` */
export function openMail(queued: QueuedMail): Mail {
  return JSON.parse(unseal(queued.sealed, placeOf(queued))) as Mail;
}

const placeOf = ({ id, workspaceId }: { id: string; workspaceId: string }): SealedAt => ({
  workspaceId,
  table: 'mail',
  row: id,
  column: 'mail',
});
