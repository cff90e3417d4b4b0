// What a person changes of the own account: the name, and the password.
import { and, eq, isNull, ne } from 'drizzle-orm';
import { z } from 'zod';
import { passwordResets, sessions, users } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { forgetAttempts, takeAttempt } from '../../access/attempts.ts';
import { checkPassword } from '../../access/password-rule.ts';
import { hashPassword, verifyPassword } from '../../access/passwords.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { tooMany } from './links.ts';
import { tell } from './membership.ts';
import { personName } from './person.ts';

type Own = ServiceContext & { principal: MemberPrincipal };

export const changeNameInput = z.object({ name: personName });

export async function changeName(ctx: Own, input: z.input<typeof changeNameInput>): Promise<void> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { name } = parseInput(changeNameInput, input);
  const { userId, memberId } = ctx.principal;
  await inTransaction(ctx, workspaceId, async (work) => {
    const [before] = await work.tx.select({ name: users.name }).from(users).where(eq(users.id, userId)).for('update');
    if (!before || before.name === name) return;
    await work.tx.update(users).set({ name }).where(eq(users.id, userId));
    tell(work, 'member.name', { id: memberId, name }, { before, after: { name } });
  });
}

export const changePasswordInput = z.object({ present: z.string().max(2000), password: z.string().max(2000) });

/** Ends every session of the user but the one that asks. @throws `password-wrong`, `password-weak`, `too-many-attempts` */
export async function changePassword(ctx: Own, input: z.input<typeof changePasswordInput>): Promise<void> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { present, password } = parseInput(changePasswordInput, input);
  const { userId, memberId, name, email, sessionId } = ctx.principal;
  const verdict = await takeAttempt(ctx.db, 'present', userId);
  if (!verdict.allowed) throw tooMany(verdict.retryAfterSeconds);
  const [kept] = await ctx.db.select({ hash: users.passwordHash }).from(users).where(eq(users.id, userId));
  if (!(await verifyPassword(kept?.hash ?? null, present))) {
    throw faultError('password-wrong', { message: 'This is not your present password.' });
  }
  await forgetAttempts(ctx.db, 'present', userId);
  checkPassword(password, { email, name });
  const passwordHash = await hashPassword(password);
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx } = work;
    const [locked] = await tx
      .select({ hash: users.passwordHash })
      .from(users)
      .where(eq(users.id, userId))
      .for('update');
    // Changed while this was worked out: what was proved is no longer so.
    if (locked?.hash !== kept?.hash) throw faultError('being-changed');
    await tx.update(users).set({ passwordHash }).where(eq(users.id, userId));
    await tx
      .update(passwordResets)
      .set({ ended: 'replaced', endedAt: ctx.now() })
      .where(and(eq(passwordResets.userId, userId), isNull(passwordResets.ended)));
    const ended = await tx
      .update(sessions)
      .set({ endedAt: ctx.now() })
      .where(
        and(eq(sessions.userId, userId), isNull(sessions.endedAt), sessionId ? ne(sessions.id, sessionId) : undefined),
      )
      .returning({ id: sessions.id });
    tell(work, 'member.password', { id: memberId, name }, { after: { by: 'profile', sessionsEnded: ended.length } });
  });
}
