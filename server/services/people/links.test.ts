// What links are worth after the right to make them is gone, and what a sign-in is that another password overtook.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import { members, sessions, users, workspaces } from '../../../db/schema/index.ts';
import { hashPassword } from '../../access/passwords.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { signIn } from '../../access/sign-in.ts';
import { type ProgramContext, type ServiceContext, systemContext } from '../context.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { acceptInvitation } from './accept-invitation.ts';
import { invite, renewInvitation } from './invite.ts';
import { changeRole, leaveWorkspace, removeMember } from './membership.ts';
import { changePassword } from './profile.ts';
import { createResetLink, lookAtReset, resetPassword } from './reset-password.ts';
import { beginSession } from './sessions.ts';

type Member = ServiceContext & { principal: MemberPrincipal };
const PASSWORD = 'a long enough sentence';
const OTHER = 'another long sentence';
const HERE = { address: '192.0.2.9' };
let site: TestWorkspace;
let ctx: ProgramContext;
let admin: Member;
let hash: string;

beforeAll(async () => {
  site = await testWorkspace();
  ctx = systemContext(site.db, null);
  hash = await hashPassword(PASSWORD);
  admin = await person('administrator');
}, 60_000);
afterAll(() => site.close());

async function person(role: MemberPrincipal['role']): Promise<Member> {
  const userId = newId.user();
  const memberId = newId.member();
  const email = `${userId}@example.com`;
  const { workspaceId } = site;
  await site.db.insert(users).values({ id: userId, email, name: 'Somebody', passwordHash: hash });
  await site.db.insert(members).values({ id: memberId, workspaceId, userId, role });
  const principal = { kind: 'member' as const, memberId, userId, workspaceId, role, name: 'Somebody', email };
  return { ...site.ctx, principal: { ...principal, address: HERE.address } };
}
const memberIdOf = ({ principal }: Member) => ({ memberId: principal.memberId });

const ENDS: [string, (member: Member) => Promise<void>][] = [
  ['is removed', (member) => removeMember(admin, memberIdOf(member))],
  ['leaves', (member) => leaveWorkspace(member)],
  ['is no administrator any more', (member) => changeRole(admin, { ...memberIdOf(member), role: 'operator' })],
];

it.each(ENDS)('are dead when who made them %s', async (_, end) => {
  const maker = await person('administrator');
  const victim = await person('administrator');
  const reset = await createResetLink(maker, memberIdOf(victim));
  const invitation = await invite(maker, { email: `${newId.user()}@example.com`, role: 'administrator' });
  await end(maker);
  expect(await faultCode(resetPassword(ctx, { token: reset.token, password: OTHER }, HERE))).toBe('link-dead');
  const accept = { token: invitation.token, name: 'Back again', password: OTHER };
  expect(await faultCode(acceptInvitation(ctx, accept, { ...HERE, member: null }))).toBe('link-dead');
});

it('are not made by a role that was taken away while it was asked', async () => {
  const maker = await person('administrator');
  const victim = await person('viewer');
  const { id } = await invite(admin, { email: `${newId.user()}@example.com`, role: 'viewer' });
  await changeRole(admin, { ...memberIdOf(maker), role: 'viewer' });
  expect(await faultCode(createResetLink(maker, memberIdOf(victim)))).toBe('permission-denied');
  expect(await faultCode(renewInvitation(maker, { invitationId: id, days: 7 }))).toBe('permission-denied');
});

it('belong to whoever renewed them', async () => {
  const first = await person('administrator');
  const { id } = await invite(first, { email: `${newId.user()}@example.com`, role: 'viewer' });
  const renewed = await renewInvitation(admin, { invitationId: id, days: 7 });
  await removeMember(admin, memberIdOf(first));
  const accept = { token: renewed.token, name: 'New here', password: OTHER };
  expect(await acceptInvitation(ctx, accept, { ...HERE, member: null })).toMatchObject({
    workspaceId: site.workspaceId,
  });
});

it('for a new password are dead once their person joins another workspace, which they would open', async () => {
  const member = await person('viewer');
  const reset = await createResetLink(admin, memberIdOf(member));
  const workspaceId = newId.workspace();
  const memberId = newId.member();
  const { userId } = admin.principal;
  await site.db.insert(workspaces).values({ id: workspaceId, name: 'Another' });
  await site.db.insert(members).values({ id: memberId, workspaceId, userId, role: 'administrator' });
  const there = { ...admin, principal: { ...admin.principal, workspaceId, memberId } };
  const { token } = await invite(there, { email: member.principal.email, role: 'administrator' });
  expect((await lookAtReset(ctx, { token: reset.token }, HERE)).state).toBe('open');
  await acceptInvitation(ctx, { token, password: PASSWORD }, { ...HERE, member: member.principal });
  expect((await lookAtReset(ctx, { token: reset.token }, HERE)).state).not.toBe('open');
});

it('lets nobody in by a password that was changed while it was looked at', async () => {
  const member = await person('viewer');
  const { email, userId } = member.principal;
  const seen = await signIn({ email, password: PASSWORD, address: HERE.address }, site.db);
  if (!seen.ok) throw new Error('not signed in');
  await changePassword(member, { present: PASSWORD, password: OTHER });
  const { ok: _, ...by } = seen;
  expect(await faultCode(beginSession(ctx, { ...by, ...HERE, userAgent: null }))).toBe('being-changed');
  expect(await site.db.select().from(sessions).where(eq(sessions.userId, userId))).toEqual([]);
});
