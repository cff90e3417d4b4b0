import { and, desc, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../../db/ids.ts';
import {
  attempts,
  audit,
  events,
  invitations,
  members,
  passwordResets,
  sessions,
  users,
  workspaces,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { hashPassword } from '../../access/passwords.ts';
import { ROLES, type Role } from '../../access/permissions.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { signIn } from '../../access/sign-in.ts';
import { type ProgramContext, type ServiceContext, systemContext } from '../context.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { acceptInvitation, lookAtInvitation } from './accept-invitation.ts';
import { invite, renewInvitation, revokeInvitation } from './invite.ts';
import { listInvitations, listMembers } from './list-members.ts';
import { changeRole, leaveWorkspace, removeMember } from './membership.ts';
import { changeName, changePassword } from './profile.ts';
import { createResetLink, createResetLinkFor, lookAtReset, resetPassword } from './reset-password.ts';

type Member = ServiceContext & { principal: MemberPrincipal };

const PASSWORD = 'a long enough sentence';
const OTHER = 'another long sentence';
const HERE = { address: '192.0.2.7' };
const VISITOR = { ...HERE, member: null };
const LIST = { page: 1, pageSize: 50, cursor: null, sort: null, filter: { operation: 'and' as const, tokens: [] } };

let site: TestWorkspace;
let ctx: ProgramContext;
let admin: Member;

beforeAll(async () => {
  site = await testWorkspace();
  ctx = systemContext(site.db, null);
}, 60_000);
afterAll(() => site.close());
beforeEach(async () => {
  // Each test has its own administrator, and nobody else.
  await site.db.delete(attempts);
  await site.db.delete(invitations);
  await site.db.update(members).set({ removedAt: new Date() });
  admin = await person('administrator');
});

/** A member of the workspace (or of another one) with the password. */
async function person(role: Role, { workspaceId = site.workspaceId, userId = '' } = {}): Promise<Member> {
  const id = userId || newId.user();
  const email = `${id}@example.com`;
  if (!userId)
    await site.db.insert(users).values({ id, email, name: `Person ${id.slice(-4)}`, passwordHash: await hash });
  const memberId = newId.member();
  await site.db.insert(members).values({ id: memberId, workspaceId, userId: id, role });
  const name = `Person ${id.slice(-4)}`;
  return {
    ...site.ctx,
    principal: { kind: 'member', memberId, userId: id, workspaceId, role, name, email, address: '10.0.0.9' },
  };
}
const hash = hashPassword(PASSWORD);

async function otherWorkspace(): Promise<WorkspaceId> {
  const id = newId.workspace();
  await site.db.insert(workspaces).values({ id, name: 'Other' });
  return id;
}

const roleOf = async (member: Member) =>
  (await listMembers(admin, LIST)).items.find(({ id }) => id === member.principal.memberId)?.role;
const enters = async (email: string, password: string) =>
  (await signIn({ email, password, address: HERE.address }, site.db)).ok;
const lastAudit = async () =>
  (
    await site.db.select().from(audit).where(eq(audit.workspaceId, site.workspaceId)).orderBy(desc(audit.id)).limit(1)
  )[0];
const later = (hours: number) => {
  const at = Date.now() + hours * 3_600_000;
  return <T extends ServiceContext>(context: T): T => ({ ...context, now: () => new Date(at) });
};

describe('members', () => {
  it('are listed with name, e-mail, role and when they were seen, to everybody', async () => {
    const viewer = await person('viewer');
    await site.db.insert(sessions).values({
      id: newId.session(),
      userId: viewer.principal.userId,
      lastSeenAt: new Date('2026-11-01T10:00:00Z'),
      expiresAt: new Date('2026-11-08T10:00:00Z'),
    });
    const { items, total } = await listMembers(viewer, LIST);
    expect(total).toBe(2);
    expect(items.find(({ self }) => self)).toMatchObject({
      email: viewer.principal.email,
      role: 'viewer',
      lastSeenAt: new Date('2026-11-01T10:00:00Z'),
    });
    expect(items.find(({ self }) => !self)).toMatchObject({ role: 'administrator', lastSeenAt: null });
    const byRole = { ...LIST.filter, tokens: [{ property: 'role', operator: '=' as const, value: 'viewer' }] };
    expect((await listMembers(viewer, { ...LIST, filter: byRole })).total).toBe(1);
  });

  it('get another role, recorded with what it was before', async () => {
    const member = await person('viewer');
    await changeRole(admin, { memberId: member.principal.memberId, role: 'operator' });
    expect(await roleOf(member)).toBe('operator');
    expect(await lastAudit()).toMatchObject({
      action: 'member.role',
      actorId: admin.principal.memberId,
      before: { role: 'viewer' },
      after: { role: 'operator' },
    });
    const told = and(eq(events.topic, 'members'), eq(events.subjectId, member.principal.memberId));
    expect(await site.db.select().from(events).where(told)).toHaveLength(1);
  });

  it.each(ROLES.filter((role) => role !== 'administrator'))('are not managed by a %s', async (role) => {
    const asking = await person(role);
    const { memberId } = admin.principal;
    expect(await faultCode(changeRole(asking, { memberId, role: 'viewer' }))).toBe('permission-denied');
    expect(await faultCode(removeMember(asking, { memberId }))).toBe('permission-denied');
    expect(await faultCode(createResetLink(asking, { memberId }))).toBe('permission-denied');
    expect(await faultCode(invite(asking, { email: 'x@example.com', role: 'viewer' }))).toBe('permission-denied');
  });

  it('are out at once when they are removed, and keep other workspaces', async () => {
    const member = await person('operator');
    const elsewhere = await otherWorkspace();
    await person('viewer', { workspaceId: elsewhere, userId: member.principal.userId });
    await removeMember(admin, { memberId: member.principal.memberId });
    expect(await roleOf(member)).toBeUndefined();
    expect(await signIn({ email: member.principal.email, password: PASSWORD, address: null }, site.db)).toMatchObject({
      ok: true,
      workspaceId: elsewhere,
    });
    expect(await faultCode(removeMember(admin, { memberId: member.principal.memberId }))).toBe('not-found');
  });

  it('have no session left when they were removed from their only workspace', async () => {
    const member = await person('operator');
    const id = newId.session();
    const expiresAt = new Date(Date.now() + 86_400_000);
    await site.db.insert(sessions).values({ id, userId: member.principal.userId, expiresAt });
    await removeMember(admin, { memberId: member.principal.memberId });
    expect((await site.db.select().from(sessions).where(eq(sessions.id, id)))[0]?.endedAt).toBeInstanceOf(Date);
    expect(await enters(member.principal.email, PASSWORD)).toBe(false);
  });

  it('of another workspace are not found', async () => {
    const stranger = await person('viewer', { workspaceId: await otherWorkspace() });
    const { memberId } = stranger.principal;
    expect(await faultCode(changeRole(admin, { memberId, role: 'operator' }))).toBe('not-found');
    expect(await faultCode(removeMember(admin, { memberId }))).toBe('not-found');
    expect(await faultCode(createResetLink(admin, { memberId }))).toBe('not-found');
  });

  it('leave by themselves', async () => {
    const member = await person('operator');
    await leaveWorkspace(member);
    expect(await roleOf(member)).toBeUndefined();
    expect(await lastAudit()).toMatchObject({ action: 'member.leave', actorId: member.principal.memberId });
  });
});

describe('the last administrator', () => {
  it('keeps the role and stays', async () => {
    const { memberId } = admin.principal;
    expect(await faultCode(changeRole(admin, { memberId, role: 'viewer' }))).toBe('conflict');
    expect(await faultCode(leaveWorkspace(admin))).toBe('conflict');
    expect(await roleOf(admin)).toBe('administrator');
  });

  it('is left when two take the role from each other at the same moment', async () => {
    for (let round = 0; round < 8; round += 1) {
      const one = await person('administrator');
      const two = await person('administrator');
      await site.db.update(members).set({ removedAt: new Date() }).where(eq(members.id, admin.principal.memberId));
      const outcome = await Promise.allSettled([
        changeRole(one, { memberId: two.principal.memberId, role: 'viewer' }),
        round % 2 ? leaveWorkspace(one) : removeMember(two, { memberId: one.principal.memberId }),
      ]);
      admin = one;
      const left = (await listMembers(site.ctx, LIST)).items.filter(({ role }) => role === 'administrator');
      expect(left.length, JSON.stringify(outcome)).toBeGreaterThan(0);
      await site.db.update(members).set({ removedAt: new Date() });
    }
  });

  it('cannot be outvoted by somebody whose role has just been taken away', async () => {
    const former = await person('administrator');
    const third = await person('administrator');
    await changeRole(admin, { memberId: former.principal.memberId, role: 'viewer' });
    // What it asks with is from before.
    expect(await faultCode(removeMember(former, { memberId: third.principal.memberId }))).toBe('permission-denied');
  });
});

describe('an invitation', () => {
  const asNew = (token: string, more = {}) => ({ token, name: 'Ann', password: PASSWORD, ...more });
  let count = 0;
  let email: string;
  beforeEach(() => {
    count += 1;
    email = `invited-${count}@example.com`;
  });

  it('lets a new person in, with the role that was chosen, once', async () => {
    const { token } = await invite(admin, { email: `  ${email.toUpperCase()} `, role: 'operator' });
    expect(await lookAtInvitation(ctx, { token }, HERE)).toMatchObject({
      state: 'open',
      workspace: 'Test',
      email,
      role: 'operator',
      person: 'new',
      invitedBy: admin.principal.name,
    });
    expect(await acceptInvitation(ctx, asNew(token), VISITOR)).toEqual({ workspaceId: site.workspaceId, email });
    expect(await enters(email, PASSWORD)).toBe(true);
    expect((await listMembers(admin, LIST)).items.find((member) => member.email === email)).toMatchObject({
      name: 'Ann',
      role: 'operator',
    });
    expect(await lastAudit()).toMatchObject({
      action: 'invitation.accept',
      actorName: 'Ann',
      address: HERE.address,
      after: { email, role: 'operator' },
    });
    expect(await lookAtInvitation(ctx, { token }, HERE)).toEqual({ state: 'used' });
    expect(await faultCode(acceptInvitation(ctx, asNew(token), VISITOR))).toBe('link-dead');
    expect(await listInvitations(admin)).toEqual([]);
  });

  it('is kept without its secret', async () => {
    const { token } = await invite(admin, { email, role: 'viewer' });
    const kept = JSON.stringify([await site.db.select().from(invitations), await site.db.select().from(audit)]);
    expect(kept).toContain(email);
    expect(kept).not.toContain(token);
  });

  it('is accepted once by two who hold the link at the same moment', async () => {
    const { token } = await invite(admin, { email, role: 'viewer' });
    const all = await Promise.allSettled([
      acceptInvitation(ctx, asNew(token), VISITOR),
      acceptInvitation(ctx, asNew(token, { password: OTHER }), VISITOR),
    ]);
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await listMembers(admin, LIST)).items.filter((member) => member.email === email)).toHaveLength(1);
  });

  it('lets nobody in when it is revoked while it is being accepted', async () => {
    const { token, id } = await invite(admin, { email, role: 'viewer' });
    let accepting: Promise<string> | undefined;
    await site.db.transaction(async (tx) => {
      await tx.select().from(workspaces).where(eq(workspaces.id, site.workspaceId)).for('update');
      accepting = faultCode(acceptInvitation(ctx, asNew(token), VISITOR));
      await vi.waitFor(
        async () => {
          const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
          expect((await site.db.execute(waiting)).rows).toHaveLength(1);
        },
        { timeout: 10_000 },
      );
      await tx.update(invitations).set({ ended: 'revoked', endedAt: new Date() }).where(eq(invitations.id, id));
    });
    expect(await accepting).toBe('link-dead');
    expect(await enters(email, PASSWORD)).toBe(false);
  });

  it('asks a known person for the password of the account, or for nothing where that person is signed in', async () => {
    const known = await person('operator', { workspaceId: await otherWorkspace() });
    const first = await invite(admin, { email: known.principal.email, role: 'viewer' });
    expect(await lookAtInvitation(ctx, first, HERE)).toMatchObject({ state: 'open', person: 'known' });
    const wrong = { token: first.token, name: 'Mallory', password: OTHER };
    expect(await faultCode(acceptInvitation(ctx, wrong, VISITOR))).toBe('password-wrong');
    await acceptInvitation(ctx, { token: first.token, password: PASSWORD }, VISITOR);
    expect(await enters(known.principal.email, OTHER)).toBe(false);
    const [member] = (await listMembers(admin, LIST)).items.filter((one) => one.email === known.principal.email);
    expect(member).toMatchObject({ role: 'viewer', name: known.principal.name });

    const signedIn = await person('operator', { workspaceId: await otherWorkspace() });
    const { token } = await invite(admin, { email: signedIn.principal.email, role: 'viewer' });
    const somebodyElse = { ...HERE, member: known.principal };
    expect(await faultCode(acceptInvitation(ctx, { token }, somebodyElse))).toBe('input-invalid');
    await acceptInvitation(ctx, { token }, { ...HERE, member: signedIn.principal });
  });

  it('brings back somebody who was removed, under the same id and with a new password', async () => {
    const gone = await person('administrator');
    await removeMember(admin, { memberId: gone.principal.memberId });
    const { token } = await invite(admin, { email: gone.principal.email, role: 'viewer' });
    expect(await lookAtInvitation(ctx, { token }, HERE)).toMatchObject({ person: 'new' });
    await acceptInvitation(ctx, asNew(token, { password: OTHER }), VISITOR);
    expect(await roleOf(gone)).toBe('viewer');
    expect(await enters(gone.principal.email, PASSWORD)).toBe(false);
    expect(await enters(gone.principal.email, OTHER)).toBe(true);
  });

  it('is for a member by a group, too, who then stays without the group', async () => {
    const member = await person('operator');
    const { memberId } = member.principal;
    await site.db.update(members).set({ bySso: true }).where(eq(members.id, memberId));
    const { token } = await invite(admin, { email: member.principal.email, role: 'viewer' });
    await acceptInvitation(ctx, { token }, { ...HERE, member: member.principal });
    expect(await site.db.select().from(members).where(eq(members.id, memberId))).toMatchObject([
      { role: 'viewer', bySso: false, removedAt: null },
    ]);
    expect(await faultCode(invite(admin, { email: member.principal.email, role: 'viewer' }))).toBe('conflict');
  });

  it('of long ago takes the role from no last administrator, and with the role from another one the links', async () => {
    const { token } = await invite(admin, { email, role: 'viewer' });
    // Came by a group meanwhile, and the one who invited is gone.
    const late = await person('administrator');
    await site.db.update(invitations).set({ email: late.principal.email });
    await site.db.update(members).set({ removedAt: new Date() }).where(eq(members.id, admin.principal.memberId));
    const accept = () => acceptInvitation(ctx, { token }, { ...HERE, member: late.principal });
    expect(await faultCode(accept())).toBe('conflict');
    expect((await listMembers(late, LIST)).items).toMatchObject([{ role: 'administrator' }]);
    admin = await person('administrator');
    await invite(late, { email, role: 'administrator' });
    await accept();
    expect(await roleOf(late)).toBe('viewer');
    expect(await listInvitations(admin)).toEqual([]);
  });

  it('is worth nothing once it is revoked, renewed or over', async () => {
    const revoked = await invite(admin, { email, role: 'viewer' });
    await revokeInvitation(admin, { invitationId: revoked.id });
    await revokeInvitation(admin, { invitationId: revoked.id });
    expect(await lookAtInvitation(ctx, revoked, HERE)).toEqual({ state: 'revoked' });
    expect(await faultCode(renewInvitation(admin, { invitationId: revoked.id }))).toBe('conflict');

    const old = await invite(admin, { email, role: 'viewer' });
    const renewed = await renewInvitation(admin, { invitationId: old.id, days: 1 });
    expect(await lookAtInvitation(ctx, old, HERE)).toEqual({ state: 'unknown' });
    expect(await lookAtInvitation(ctx, renewed, HERE)).toMatchObject({ state: 'open' });
    const tomorrow = later(25);
    expect(await lookAtInvitation(tomorrow(ctx), renewed, HERE)).toEqual({ state: 'expired' });
    expect(await faultCode(acceptInvitation(tomorrow(ctx), asNew(renewed.token), VISITOR))).toBe('link-dead');
    expect((await listInvitations(tomorrow(admin)))[0]).toMatchObject({ email, expired: true });
    expect(await enters(email, PASSWORD)).toBe(false);
  });

  it('is made once for a form that was sent twice, and once for a person', async () => {
    const requestId = 'a1'.repeat(16);
    const first = await invite(admin, { requestId, email, role: 'viewer' });
    const again = await invite(admin, { requestId, email, role: 'viewer' });
    expect(again.id).toBe(first.id);
    expect(await lookAtInvitation(ctx, again, HERE)).toMatchObject({ state: 'open' });
    expect(await listInvitations(admin)).toHaveLength(1);
    expect(await faultCode(invite(admin, { email, role: 'operator' }))).toBe('conflict');
    expect(await faultCode(invite(admin, { email: admin.principal.email, role: 'viewer' }))).toBe('conflict');
  });

  it('takes no password that is easy to guess, and no nonsense for an address', async () => {
    const { token } = await invite(admin, { email, role: 'viewer' });
    expect(await faultCode(acceptInvitation(ctx, asNew(token, { password: 'password1' }), VISITOR))).toBe(
      'password-weak',
    );
    expect(await faultCode(acceptInvitation(ctx, { token, password: PASSWORD }, VISITOR))).toBe('input-invalid');
    expect(await faultCode(invite(admin, { email: 'ann', role: 'viewer' }))).toBe('input-invalid');
  });

  it('of another workspace is not found', async () => {
    const stranger = await person('administrator', { workspaceId: await otherWorkspace() });
    const { id } = await invite(stranger, { email, role: 'viewer' });
    expect(await faultCode(revokeInvitation(admin, { invitationId: id }))).toBe('not-found');
    expect(await faultCode(renewInvitation(admin, { invitationId: id }))).toBe('not-found');
    expect(await listInvitations(admin)).toEqual([]);
  });

  it('is not found by trying: after twenty links that lead nowhere one waits, and only there', async () => {
    const { token } = await invite(admin, { email, role: 'viewer' });
    for (let i = 0; i < 20; i += 1) {
      expect(await lookAtInvitation(ctx, { token: `guess-${i}` }, HERE)).toEqual({ state: 'unknown' });
    }
    expect(await faultCode(lookAtInvitation(ctx, { token }, HERE))).toBe('too-many-attempts');
    expect(await lookAtInvitation(ctx, { token }, { address: '192.0.2.8' })).toMatchObject({ state: 'open' });
  });
});

describe('a link for a new password', () => {
  it('sets it once, and ends every session', async () => {
    const member = await person('operator');
    const id = newId.session();
    const expiresAt = new Date(Date.now() + 86_400_000);
    await site.db.insert(sessions).values({ id, userId: member.principal.userId, expiresAt });
    const link = await createResetLink(admin, { memberId: member.principal.memberId });
    expect(await lastAudit()).toMatchObject({ action: 'member.reset-link', actorId: admin.principal.memberId });
    expect(JSON.stringify(await site.db.select().from(passwordResets))).not.toContain(link.token);
    expect(await enters(member.principal.email, PASSWORD)).toBe(true);
    expect(await lookAtReset(ctx, link, HERE)).toMatchObject({ state: 'open', email: member.principal.email });

    await resetPassword(ctx, { token: link.token, password: OTHER }, HERE);
    expect(await enters(member.principal.email, PASSWORD)).toBe(false);
    expect(await enters(member.principal.email, OTHER)).toBe(true);
    expect((await site.db.select().from(sessions).where(eq(sessions.id, id)))[0]?.endedAt).toBeInstanceOf(Date);
    expect(await lookAtReset(ctx, link, HERE)).toEqual({ state: 'used' });
    expect(await faultCode(resetPassword(ctx, { token: link.token, password: PASSWORD }, HERE))).toBe('link-dead');
  });

  it('is worth nothing once a newer one is made, it is over, or the password was changed', async () => {
    const member = await person('operator');
    const { memberId, email } = member.principal;
    const first = await createResetLink(admin, { memberId });
    const second = await createResetLink(admin, { memberId });
    expect(await lookAtReset(ctx, first, HERE)).toEqual({ state: 'revoked' });
    expect(await lookAtReset(later(25)(ctx), second, HERE)).toEqual({ state: 'expired' });
    await changePassword(member, { present: PASSWORD, password: OTHER });
    expect(await faultCode(resetPassword(ctx, { token: second.token, password: PASSWORD }, HERE))).toBe('link-dead');
    expect(await enters(email, OTHER)).toBe(true);
  });

  it('is used once by two who hold it at the same moment', async () => {
    const member = await person('operator');
    const { token } = await createResetLink(admin, { memberId: member.principal.memberId });
    const all = await Promise.allSettled([
      resetPassword(ctx, { token, password: OTHER }, HERE),
      resetPassword(ctx, { token, password: `${OTHER} too` }, HERE),
    ]);
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('opens no workspace in which its maker is no administrator', async () => {
    const member = await person('operator');
    const elsewhere = await otherWorkspace();
    await person('administrator', { workspaceId: elsewhere, userId: member.principal.userId });
    const { memberId, email } = member.principal;
    expect(await faultCode(createResetLink(admin, { memberId }))).toBe('conflict');
    const { token } = await createResetLinkFor(ctx, email.toUpperCase());
    expect(await lookAtReset(ctx, { token }, HERE)).toMatchObject({ state: 'open' });
    await person('administrator', { workspaceId: elsewhere, userId: admin.principal.userId });
    await createResetLink(admin, { memberId });
  });

  it('is not made for oneself, nor for nobody', async () => {
    expect(await faultCode(createResetLink(admin, { memberId: admin.principal.memberId }))).toBe('conflict');
    expect(await faultCode(createResetLinkFor(ctx, 'nobody@example.com'))).toBe('not-found');
  });

  it('takes no password that is easy to guess', async () => {
    const member = await person('operator');
    const { token } = await createResetLink(admin, { memberId: member.principal.memberId });
    expect(await faultCode(resetPassword(ctx, { token, password: member.principal.email }, HERE))).toBe(
      'password-weak',
    );
    expect(await lookAtReset(ctx, { token }, HERE)).toMatchObject({ state: 'open' });
  });
});

describe('one’s own account', () => {
  it('gets another name', async () => {
    const member = await person('viewer');
    await changeName(member, { name: '  Ann O’Neill ' });
    expect((await listMembers(admin, LIST)).items.some(({ name }) => name === 'Ann O’Neill')).toBe(true);
    expect(await faultCode(changeName(member, { name: ' ' }))).toBe('input-invalid');
  });

  it('gets another password from who knows the present one; the other sessions end', async () => {
    const member = await person('viewer');
    const { userId } = member.principal;
    const expiresAt = new Date(Date.now() + 86_400_000);
    const [own, other] = [newId.session(), newId.session()];
    await site.db.insert(sessions).values([own, other].map((id) => ({ id, userId, expiresAt })));
    const here = { ...member, principal: { ...member.principal, sessionId: own } };
    expect(await faultCode(changePassword(here, { present: OTHER, password: OTHER }))).toBe('password-wrong');
    expect(await faultCode(changePassword(here, { present: PASSWORD, password: '12345678' }))).toBe('password-weak');
    await changePassword(here, { present: PASSWORD, password: OTHER });
    const rows = await site.db.select().from(sessions).where(eq(sessions.userId, userId));
    expect(rows.find(({ id }) => id === own)?.endedAt).toBeNull();
    expect(rows.find(({ id }) => id === other)?.endedAt).toBeInstanceOf(Date);
    expect(await enters(member.principal.email, OTHER)).toBe(true);
  });

  it('makes who guesses the present password wait', async () => {
    const member = await person('viewer');
    for (let i = 0; i < 10; i += 1) await faultCode(changePassword(member, { present: `guess ${i}`, password: OTHER }));
    expect(await faultCode(changePassword(member, { present: PASSWORD, password: OTHER }))).toBe('too-many-attempts');
  });
});
