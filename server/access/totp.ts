// Codes of a second step: those of the phone, and those for when it is lost. Each counts once.
import { createHash, randomInt } from 'node:crypto';
import { and, eq, isNotNull, isNull, lt, or } from 'drizzle-orm';
import { Secret, TOTP } from 'otpauth';
import type { Database, Queries } from '../../db/client.ts';
import { recoveryCodes, userTotp } from '../../db/schema/index.ts';
import { now } from '../clock.ts';
import { TOTP_SECRET } from '../secrets/columns.ts';
import { seal, unseal } from '../secrets/seal.ts';
import { forgetAttempts, takeAttempt } from './attempts.ts';

const PERIOD_SECONDS = 30;
/** Codes of the 30 seconds before and after count too, for phones whose clock is off. */
const WINDOW = 1;
const RECOVERY_CODES = 10;
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

const placeOf = (userId: string) => ({ ...TOTP_SECRET, workspaceId: '', row: userId });

/** 160 random bits, as RFC 4226 asks for. */
export const newTotpSecret = (userId: string) => seal(new Secret({ size: 20 }).base32, placeOf(userId));

/** What a phone is told: as text, and as the address that is in the picture. */
export function totpOf(sealed: Parameters<typeof unseal>[0], user: { id: string; email: string }) {
  const secret = unseal(sealed, placeOf(user.id));
  const totp = new TOTP({ issuer: 'Landfall', label: user.email, secret, period: PERIOD_SECONDS });
  return { secret, uri: totp.toString() };
}

export type CodeVerdict = { right: true; by: 'phone' | 'recovery' } | { right: false; retryAfterSeconds?: number };

/**
 * Whether somebody's code is right; counts the try first, and a right code counts no second time. `confirmed: false` is for the first
 * one of a phone that is being enrolled, where no recovery code counts.
 */
export async function tryCode(
  db: Database,
  userId: string,
  code: string,
  { confirmed = true }: { confirmed?: boolean } = {},
): Promise<CodeVerdict> {
  for (const kind of ['code', 'code-long'] as const) {
    const verdict = await takeAttempt(db, kind, userId);
    if (!verdict.allowed) return { right: false, retryAfterSeconds: verdict.retryAfterSeconds };
  }
  const plain = code.replace(/[\s-]/g, '').toLowerCase();
  const byPhone = /^\d{6}$/.test(plain);
  if (!byPhone && !confirmed) return { right: false };
  const right = byPhone ? await takePhoneCode(db, userId, plain, confirmed) : await takeRecoveryCode(db, userId, plain);
  if (!right) return { right: false };
  await forgetCodeTries(db, userId);
  return { right: true, by: byPhone ? 'phone' : 'recovery' };
}

/** Whoever was right, or begins anew, need not wait for what was tried before. */
export async function forgetCodeTries(db: Database, userId: string): Promise<void> {
  await forgetAttempts(db, 'code', userId);
  await forgetAttempts(db, 'code-long', userId);
}

async function takePhoneCode(db: Queries, userId: string, token: string, confirmed: boolean): Promise<boolean> {
  const of = and(
    eq(userTotp.userId, userId),
    confirmed ? isNotNull(userTotp.confirmedAt) : isNull(userTotp.confirmedAt),
  );
  const [row] = await db.select({ secret: userTotp.secret }).from(userTotp).where(of);
  if (!row?.secret) return false;
  const totp = new TOTP({ secret: unseal(row.secret, placeOf(userId)), period: PERIOD_SECONDS });
  const timestamp = now().getTime();
  const delta = totp.validate({ token, timestamp, window: WINDOW });
  if (delta === null) return false;
  const step = Math.floor(timestamp / 1000 / PERIOD_SECONDS) + delta;
  const taken = await db
    .update(userTotp)
    .set({ lastStep: step })
    .where(and(of, or(isNull(userTotp.lastStep), lt(userTotp.lastStep, step))))
    .returning({ userId: userTotp.userId });
  return taken.length > 0;
}

async function takeRecoveryCode(db: Queries, userId: string, code: string): Promise<boolean> {
  const used = await db
    .update(recoveryCodes)
    .set({ usedAt: now() })
    .where(
      and(
        eq(recoveryCodes.userId, userId),
        eq(recoveryCodes.codeHash, hashOfCode(userId, code)),
        isNull(recoveryCodes.usedAt),
      ),
    )
    .returning({ userId: recoveryCodes.userId });
  return used.length > 0;
}

/** Ten codes of about 49 bits, and what the database keeps of them. */
export function newRecoveryCodes(userId: string): { codes: string[]; rows: { userId: string; codeHash: string }[] } {
  const letters = () => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  const codes = Array.from({ length: RECOVERY_CODES }, () => `${letters()}-${letters()}`);
  return { codes, rows: codes.map((code) => ({ userId, codeHash: hashOfCode(userId, code.replace('-', '')) })) };
}

const hashOfCode = (userId: string, code: string) => createHash('sha256').update(`${userId}/${code}`).digest('hex');
