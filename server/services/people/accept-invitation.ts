// The other end of an invitation: what its link says, and how whoever holds it becomes a member.

import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import {
  invitations,
  members,
  passwordResets,
  sessions,
  ssoIdentities,
  users,
  workspaces,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { isNamedBreakGlass } from '../../access/break-glass.ts';
import { hashOfToken } from '../../access/link-token.ts';
import { checkPassword } from '../../access/password-rule.ts';
import { hashPassword, verifyPassword } from '../../access/passwords.ts';
import type { Role } from '../../access/permissions.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { tryPassword } from '../../access/sign-in.ts';
import { ssoOnly } from '../../access/sso-settings.ts';
import { inTransaction, type ProgramContext, parseInput, type ServiceContext } from '../context.ts';
import { countLink, tooMany } from './links.ts';
import { beforeAnotherRole, lockMembers, tell } from './membership.ts';
import { personName } from './person.ts';

/** Why a link leads nowhere. `unknown`: there is no such link, or a newer one has replaced it. */
export type DeadLink = 'unknown' | 'used' | 'revoked' | 'expired';

export type InvitationSeen =
  | { state: DeadLink }
  | {
      state: 'open';
      workspace: string;
      email: string;
      role: Role;
      invitedBy: string | null;
      expiresAt: Date;
      /**
       * `known`: has an account that somebody can sign in to, whose password is asked for. `provider-first`: has none, and a password
       * would open none. Else name and password are chosen.
       */
      person: 'known' | 'new' | 'provider-first';
    };

export const linkInput = z.object({ token: z.string().max(100) });

export const acceptInput = z.object({
  token: z.string().max(100),
  /** Of a new person. */
  name: personName.optional(),
  /** A new person's, chosen now, or the one of a known person's account. Not needed by who is signed in as that person. */
  password: z.string().max(2000).optional(),
});

/** Who holds the link, as far as the request tells. */
export interface LinkHolder {
  address: string | null;
  /** Signed in in the browser that opened the link. */
  member: MemberPrincipal | null;
}

export async function lookAtInvitation(
  ctx: ProgramContext,
  input: z.input<typeof linkInput>,
  { address }: { address: string | null },
): Promise<InvitationSeen> {
  const { token } = parseInput(linkInput, input);
  const counted = await countLink(ctx, address);
  const found = await findInvitation(ctx.db, token);
  if (found) await counted.wasRight();
  const state = stateOf(found, ctx.now());
  if (!found || state !== 'open') return { state: state === 'open' ? 'unknown' : state };
  const { workspace, email, role, invitedBy, expiresAt } = found;
  const person = await findPerson(ctx.db, email);
  const as = person?.active ? 'known' : needsProvider(person, email) ? 'provider-first' : 'new';
  return { state, workspace, email, role, invitedBy, expiresAt, person: as };
}

/**
 * Makes the holder a member. @throws `link-dead`, `provider-first`, `password-weak`, `password-wrong`, `too-many-attempts`, `conflict`
 * for the last administrator whom it would make less
 */
export async function acceptInvitation(
  ctx: ProgramContext,
  input: z.input<typeof acceptInput>,
  holder: LinkHolder,
): Promise<{ workspaceId: WorkspaceId; email: string }> {
  const { token, name, password } = parseInput(acceptInput, input);
  const counted = await countLink(ctx, holder.address);
  const found = await findInvitation(ctx.db, token);
  if (!found || stateOf(found, ctx.now()) !== 'open') throw dead(stateOf(found, ctx.now()));
  await counted.wasRight();
  const { email, workspaceId } = found;
  const person = await findPerson(ctx.db, email);
  if (needsProvider(person, email)) throw faultError('provider-first');
  // Worked out before anything is locked: hashing takes as long as it is meant to.
  const account = person?.active
    ? await known(ctx, { ...person, email }, password, holder)
    : { name: chosen(name, 'name'), passwordHash: await newHash(chosen(password, 'password'), { email, name }) };
  const userId = person?.id ?? newId.user();
  const memberId = (await formerMember(ctx.db, workspaceId, userId)) ?? newId.member();
  return inTransaction(
    asMember(ctx, { ...found, userId, memberId, name: account.name }, holder),
    workspaceId,
    async (work) => {
      const { tx } = work;
      await lockMembers(tx, workspaceId);
      const [now] = await tx
        .select({ ended: invitations.ended, hash: invitations.tokenHash, expiresAt: invitations.expiresAt })
        .from(invitations)
        .where(eq(invitations.id, found.id))
        .for('update');
      if (!now || now.hash !== hashOfToken(token)) throw dead('unknown');
      const state = stateOf({ ...found, ...now }, ctx.now());
      if (state !== 'open') throw dead(state);
      if (person) {
        // One that an administrator elsewhere made for this person would open this workspace as well.
        await tx.select({ id: users.id }).from(users).where(eq(users.id, person.id)).for('update');
        await tx
          .update(passwordResets)
          .set({ ended: 'replaced', endedAt: ctx.now() })
          .where(and(eq(passwordResets.userId, person.id), isNull(passwordResets.ended)));
      }
      if (account.passwordHash !== null) {
        const given = { email, name: account.name, passwordHash: account.passwordHash };
        if (person) await renewAccount(tx, person.id, given, ctx.now());
        else await tx.insert(users).values({ id: userId, ...given, createdAt: ctx.now() });
      }
      // Came by a group meanwhile.
      const live = and(eq(members.workspaceId, workspaceId), eq(members.userId, userId), isNull(members.removedAt));
      const [had] = await tx.select({ id: members.id, role: members.role }).from(members).where(live);
      if (had) {
        const member = { ...had, userId, name: account.name, email };
        await beforeAnotherRole(tx, workspaceId, member, found.role, ctx.now());
      }
      await tx
        .insert(members)
        .values({ id: memberId, workspaceId, userId, role: found.role, createdAt: ctx.now() })
        // Was a member before: the same one again, so that what stands under the name stays together.
        .onConflictDoUpdate({
          target: [members.workspaceId, members.userId],
          set: { role: found.role, bySso: false, removedAt: null, createdAt: ctx.now() },
        });
      await tx.update(invitations).set({ ended: 'accepted', endedAt: ctx.now() }).where(eq(invitations.id, found.id));
      const after = { email, role: found.role };
      tell(work, 'invitation.accept', { id: memberId, name: account.name }, { after });
      return { workspaceId, email };
    },
  );
}

interface Found {
  id: string;
  workspaceId: WorkspaceId;
  workspace: string;
  email: string;
  role: Role;
  invitedBy: string | null;
  expiresAt: Date;
  ended: 'accepted' | 'revoked' | null;
}

async function findInvitation(db: Queries, token: string): Promise<Found | null> {
  const inviter = db
    .select({ memberId: members.id, name: users.name })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .as('inviter');
  const [found] = await db
    .select({
      id: invitations.id,
      workspaceId: invitations.workspaceId,
      workspace: workspaces.name,
      email: invitations.email,
      role: invitations.role,
      invitedBy: inviter.name,
      expiresAt: invitations.expiresAt,
      ended: invitations.ended,
    })
    .from(invitations)
    .innerJoin(workspaces, eq(workspaces.id, invitations.workspaceId))
    .leftJoin(inviter, eq(inviter.memberId, invitations.invitedBy))
    .where(eq(invitations.tokenHash, hashOfToken(token)));
  return found ?? null;
}

function stateOf(found: Pick<Found, 'ended' | 'expiresAt'> | null, now: Date): DeadLink | 'open' {
  if (!found) return 'unknown';
  if (found.ended) return found.ended === 'accepted' ? 'used' : 'revoked';
  return found.expiresAt <= now ? 'expired' : 'open';
}

const WHY: Record<DeadLink, string> = {
  unknown: 'This invitation does not exist, or a newer link has replaced this one.',
  used: 'This invitation was accepted already.',
  revoked: 'This invitation was withdrawn.',
  expired: 'This invitation has expired.',
};

const dead = (state: DeadLink | 'open') =>
  faultError('link-dead', { message: WHY[state === 'open' ? 'unknown' : state] });

interface Person {
  id: string;
  name: string;
  passwordHash: string;
  /** Is a member somewhere. Who is not can sign in nowhere, and begins anew. */
  active: boolean;
  /** The provider of single sign-on has let this person in before. */
  bySso: boolean;
}

/** While only single sign-on lets people in, an account made of a link could be opened by nobody, and would bar the person's own. */
function needsProvider(person: Person | null, email: string): boolean {
  return ssoOnly() && !person?.active && !person?.bySso && !isNamedBreakGlass(email);
}

async function formerMember(db: Queries, workspaceId: WorkspaceId, userId: string): Promise<string | null> {
  const [found] = await db
    .select({ id: members.id })
    .from(members)
    .where(and(eq(members.workspaceId, workspaceId), eq(members.userId, userId)));
  return found?.id ?? null;
}

async function findPerson(db: Queries, email: string): Promise<Person | null> {
  const [found] = await db
    .select({
      id: users.id,
      name: users.name,
      passwordHash: users.passwordHash,
      active: sql<boolean>`exists (select from ${members} m where m.user_id = ${users}.id and m.removed_at is null)`,
      bySso: sql<boolean>`exists (select from ${ssoIdentities} i where i.user_id = ${users}.id)`,
    })
    .from(users)
    .where(eq(users.email, email));
  return found ?? null;
}

/** The account's owner: signed in as that person, or able to say its password. */
async function known(
  ctx: ProgramContext,
  person: Person & { email: string },
  password: string | undefined,
  { address, member }: LinkHolder,
): Promise<{ name: string; passwordHash: null }> {
  const proved = { name: person.name, passwordHash: null };
  if (member?.userId === person.id) return proved;
  const tried = await tryPassword(ctx.db, { email: person.email, address });
  if (!tried.allowed) throw tooMany(tried.retryAfterSeconds);
  if (!(await verifyPassword(person.passwordHash, chosen(password, 'password')))) throw faultError('password-wrong');
  await tried.wasRight();
  return proved;
}

function chosen(value: string | undefined, what: string): string {
  if (value) return value;
  throw faultError('input-invalid', { message: `${what}: Required` });
}

function newHash(password: string, { email, name = '' }: { email: string; name: string | undefined }): Promise<string> {
  checkPassword(password, { email, name });
  return hashPassword(password);
}

/** Somebody who was removed everywhere comes back: name and password are chosen anew, and no old session is good. */
async function renewAccount(
  tx: Queries,
  userId: string,
  given: { email: string; name: string; passwordHash: string },
  now: Date,
): Promise<void> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update');
  // Came back by another link in the meantime: then it is that account's password that counts.
  if ((await findPerson(tx, given.email))?.active) throw faultError('being-changed');
  await tx
    .update(users)
    .set({ name: given.name, passwordHash: given.passwordHash, sessionVersion: sql`${users.sessionVersion} + 1` })
    .where(eq(users.id, userId));
  await tx
    .update(sessions)
    .set({ endedAt: now })
    .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt)));
}

/** In the trail it is the new member who did it. */
function asMember(
  ctx: ProgramContext,
  of: { workspaceId: WorkspaceId; role: Role; email: string; userId: string; memberId: string; name: string },
  { address }: LinkHolder,
): ServiceContext {
  const { workspaceId, role, email, userId, memberId, name } = of;
  return { ...ctx, principal: { kind: 'member', workspaceId, role, email, userId, memberId, name, address } };
}
