// The second step of a sign-in: set up and taken off by its person, taken off by an administrator, asked for by a workspace.
import { and, count, eq, isNotNull, isNull, lt } from 'drizzle-orm';
import { toString as qrOf } from 'qrcode';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import { recoveryCodes, signInChallenges, users, userTotp, workspaces } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { forgetAttempts, takeAttempt } from '../../access/attempts.ts';
import { NO_PASSWORD, verifyPassword } from '../../access/passwords.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { forgetCodeTries, newRecoveryCodes, newTotpSecret, totpOf, tryCode } from '../../access/totp.ts';
import { guard, inTransaction, type ProgramContext, parseInput, type ServiceContext } from '../context.ts';
import { firstMembershipOf } from './first-membership.ts';
import { tooMany } from './links.ts';
import { lockMembers, memberInput, memberOf, stillManages, tell } from './membership.ts';
import { belongsElsewhere } from './reset-password.ts';

type Own = ServiceContext & { principal: MemberPrincipal };

/** A secret that was shown and not confirmed is shown again for so long, to a second tab say; then there is another one. */
const SHOWN_MS = 15 * 60_000;

export interface TotpStatus {
  /** Since when a code is asked for; null: it is not. */
  since: Date | null;
  recoveryCodesLeft: number;
  /** Else single sign-on alone lets this person in. */
  hasPassword: boolean;
  /** By the open workspace. */
  required: boolean;
}

export async function totpStatus(ctx: Own): Promise<TotpStatus> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { userId } = ctx.principal;
  const [own] = await ctx.db.select({ since: userTotp.confirmedAt }).from(userTotp).where(eq(userTotp.userId, userId));
  const [left] = await ctx.db
    .select({ count: count() })
    .from(recoveryCodes)
    .where(and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)));
  const [workspace] = await ctx.db
    .select({ required: workspaces.requiresTotp })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId));
  return {
    since: own?.since ?? null,
    recoveryCodesLeft: left?.count ?? 0,
    hasPassword: (await passwordOf(ctx)) !== NO_PASSWORD,
    required: workspace?.required ?? false,
  };
}

export interface TotpOffer {
  /** For who types it. */
  secret: string;
  /** The same as a picture: an address of the kind `data:`. */
  picture: string;
}

/** What the phone is told. Nothing is asked for yet: that begins with the first code. @throws `conflict` where there is one already */
export async function beginTotp(ctx: Own): Promise<TotpOffer> {
  guard(ctx, 'profile.manage');
  const { userId, email } = ctx.principal;
  const fresh = { userId, secret: newTotpSecret(userId), createdAt: ctx.now(), lastStep: null };
  await ctx.db
    .insert(userTotp)
    .values(fresh)
    .onConflictDoUpdate({
      target: userTotp.userId,
      set: fresh,
      setWhere: and(
        isNull(userTotp.confirmedAt),
        lt(userTotp.createdAt, new Date(ctx.now().getTime() - SHOWN_MS)),
      ) as NonNullable<ReturnType<typeof and>>,
    });
  const [row] = await ctx.db.select().from(userTotp).where(eq(userTotp.userId, userId));
  if (!row?.secret || row.confirmedAt) throw alreadyOn();
  const { secret, uri } = totpOf(row.secret, { id: userId, email });
  const svg = await qrOf(uri, { type: 'svg', margin: 4, errorCorrectionLevel: 'M' });
  return { secret, picture: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}` };
}

export const codeInput = z.object({ code: z.string().max(100) });

/** The first code. From now on one is asked for; answers the recovery codes, which nobody can read again. @throws `code-wrong` */
export async function confirmTotp(ctx: Own, input: z.input<typeof codeInput>): Promise<{ recoveryCodes: string[] }> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { code } = parseInput(codeInput, input);
  const { userId, memberId, name } = ctx.principal;
  await checkCode(ctx, code, { confirmed: false });
  const { codes, rows } = newRecoveryCodes(userId);
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx } = work;
    const on = await tx
      .update(userTotp)
      .set({ confirmedAt: ctx.now() })
      .where(and(eq(userTotp.userId, userId), isNull(userTotp.confirmedAt)))
      .returning({ userId: userTotp.userId });
    if (on.length === 0) throw alreadyOn();
    await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
    await tx.insert(recoveryCodes).values(rows);
    tell(work, 'totp.turn-on', { id: memberId, name });
  });
  return { recoveryCodes: codes };
}

/** `present`: the password, of who has one. */
export const turnOffInput = z.object({ present: z.string().max(2000).optional(), code: z.string().max(100) });

/** @throws `password-wrong`, `code-wrong`, `too-many-attempts` */
export async function turnOffTotp(ctx: Own, input: z.input<typeof turnOffInput>): Promise<void> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { present, code } = parseInput(turnOffInput, input);
  const { userId, memberId, name } = ctx.principal;
  const hash = await passwordOf(ctx);
  if (hash !== NO_PASSWORD) await checkPresent(ctx, hash, present ?? '');
  await checkCode(ctx, code, {});
  await inTransaction(ctx, workspaceId, async (work) => {
    await takeOff(work.tx, userId);
    tell(work, 'totp.turn-off', { id: memberId, name });
  });
}

async function passwordOf({ db, principal }: Own): Promise<string | null> {
  const [kept] = await db.select({ hash: users.passwordHash }).from(users).where(eq(users.id, principal.userId));
  return kept?.hash ?? null;
}

async function checkPresent({ db, principal }: Own, hash: string | null, present: string): Promise<void> {
  const verdict = await takeAttempt(db, 'present', principal.userId);
  if (!verdict.allowed) throw tooMany(verdict.retryAfterSeconds);
  if (!(await verifyPassword(hash, present))) {
    throw faultError('password-wrong', { message: 'This is not your present password.' });
  }
  await forgetAttempts(db, 'present', principal.userId);
}

/** For who has lost the phone and the recovery codes. Only by who is an administrator wherever the member belongs. */
export async function resetTotp(ctx: ServiceContext, input: z.input<typeof memberInput>): Promise<void> {
  const workspaceId = guard(ctx, 'member.manage');
  const { memberId } = parseInput(memberInput, input);
  const { principal } = ctx;
  if (principal.kind === 'member' && principal.memberId === memberId) {
    throw faultError('conflict', { message: 'This is you.', remedy: 'Turn the second step off on your profile.' });
  }
  const userId = await inTransaction(ctx, workspaceId, async (work) => {
    const { tx } = work;
    await lockMembers(tx, workspaceId);
    await stillManages(ctx, tx);
    const member = await memberOf(tx, workspaceId, memberId);
    const asking = principal.kind === 'member' ? principal.userId : null;
    if (await belongsElsewhere(tx, member.userId, workspaceId, asking)) {
      throw faultError('conflict', {
        message: `${member.name} belongs to other workspaces too, where you are no administrator.`,
        remedy: 'Somebody who is an administrator in all of them can do it.',
      });
    }
    if (!(await takeOff(tx, member.userId))) {
      throw faultError('conflict', { message: `${member.name} has no second step.`, remedy: 'Nothing is to be done.' });
    }
    tell(work, 'totp.reset', member);
    return member.userId;
  });
  await forgetCodeTries(ctx.db, userId);
}

/** The same from the command line, for a lone administrator, by whoever may run commands there. @throws `not-found`, `conflict` */
export async function resetTotpFor(ctx: ProgramContext, email: string): Promise<void> {
  const found = await firstMembershipOf(ctx, email);
  await inTransaction(ctx, found.workspaceId, async (work) => {
    if (!(await takeOff(work.tx, found.userId))) {
      throw faultError('conflict', { message: `${email} has no second step.`, remedy: 'Nothing is to be done.' });
    }
    tell(work, 'totp.reset', found);
  });
  await forgetCodeTries(ctx.db, found.userId);
}

/** Whether the workspace asks every member for a second step. */
export async function totpRule(ctx: ServiceContext): Promise<{ required: boolean }> {
  const workspaceId = guard(ctx, 'member.read');
  const [row] = await ctx.db
    .select({ required: workspaces.requiresTotp })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId));
  return { required: row?.required ?? false };
}

export const ruleInput = z.object({ required: z.boolean() });

/** It counts from the next request of every member on. @throws `conflict` where the administrator has no second step either */
export async function setTotpRule(ctx: Own, input: z.input<typeof ruleInput>): Promise<void> {
  const workspaceId = guard(ctx, 'member.manage');
  const { required } = parseInput(ruleInput, input);
  const { memberId, name, userId } = ctx.principal;
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx } = work;
    await lockMembers(tx, workspaceId);
    await stillManages(ctx, tx);
    const [before] = await tx
      .select({ required: workspaces.requiresTotp })
      .from(workspaces)
      .where(eq(workspaces.id, workspaceId));
    if (before?.required === required) return;
    if (required && !(await isOn(tx, userId))) {
      throw faultError('conflict', {
        message: 'You have no second step yourself.',
        remedy: 'Turn it on on your profile first; then ask it of the others.',
      });
    }
    await tx.update(workspaces).set({ requiresTotp: required }).where(eq(workspaces.id, workspaceId));
    tell(work, 'totp.rule', { id: memberId, name }, { before, after: { required } });
  });
}

async function isOn(tx: Queries, userId: string): Promise<boolean> {
  const on = and(eq(userTotp.userId, userId), isNotNull(userTotp.confirmedAt));
  const [row] = await tx.select({ userId: userTotp.userId }).from(userTotp).where(on);
  return row !== undefined;
}

/** Whether there was one. */
async function takeOff(tx: Queries, userId: string): Promise<boolean> {
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
  await tx.delete(signInChallenges).where(eq(signInChallenges.userId, userId));
  const gone = await tx
    .delete(userTotp)
    .where(and(eq(userTotp.userId, userId), isNotNull(userTotp.confirmedAt)))
    .returning({ userId: userTotp.userId });
  return gone.length > 0;
}

async function checkCode(ctx: Own, code: string, which: { confirmed?: boolean }): Promise<void> {
  const verdict = await tryCode(ctx.db, ctx.principal.userId, code, which);
  if (verdict.right) return;
  throw verdict.retryAfterSeconds === undefined ? faultError('code-wrong') : tooMany(verdict.retryAfterSeconds);
}

const alreadyOn = () =>
  faultError('conflict', { message: 'A second step is set up already.', remedy: 'Turn it off first.' });
