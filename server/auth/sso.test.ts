// Single sign-on against a real provider, from the button to the session: who comes in, who does not, and what is said.
import { and, desc, eq, isNull } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { newId } from '../../db/ids.ts';
import { audit, members, sessions, ssoGroupRoles, ssoIdentities, users, workspaces } from '../../db/schema/index.ts';
import { hashPassword } from '../access/passwords.ts';
import type { Role } from '../access/permissions.ts';
import { findSessionMember, type MemberPrincipal } from '../access/principals.ts';
import { signIn } from '../access/sign-in.ts';
import { createLog } from '../log.ts';
import { systemContext } from '../services/context.ts';
import { needsAttention } from '../services/overview/attention.ts';
import { acceptInvitation, lookAtInvitation } from '../services/people/accept-invitation.ts';
import { invite } from '../services/people/invite.ts';
import { setGroupRoles } from '../services/sso/group-roles.ts';
import { providerSignOut } from '../services/sso/sign-out.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { memberOf } from './session.ts';
import { TestBrowser } from './testing-browser.ts';
import { CLIENT, type TestProvider, testProvider } from './testing-provider.ts';

const ORIGIN = 'http://console.test';
const OTHER = newId.workspace();
let site: TestWorkspace;
let provider: TestProvider;
const logged: string[] = [];

beforeAll(async () => {
  site = await testWorkspace();
  provider = await testProvider({ signIn: `${ORIGIN}/api/auth/callback/oidc`, signOut: `${ORIGIN}/sign-in` });
  Object.assign(globalThis, { landfallLog: createLog({ write: (line) => void logged.push(line) }) });
  await site.db.insert(workspaces).values({ id: OTHER, name: 'Other', createdAt: new Date(Date.now() + 1000) });
});
afterAll(async () => {
  Object.assign(globalThis, { landfallLog: undefined });
  await provider.stop();
  await site.close();
});
const SET = () => ({
  NEXTAUTH_URL: ORIGIN,
  NEXTAUTH_SECRET: 'a secret of the test',
  LANDFALL_OIDC_ISSUER: provider.issuer,
  LANDFALL_OIDC_CLIENT_ID: CLIENT.id,
  LANDFALL_OIDC_CLIENT_SECRET: CLIENT.secret,
  LANDFALL_OIDC_SCOPES: 'openid profile email groups',
});
beforeEach(async () => {
  Object.assign(process.env, SET());
  await groupRoles({ Engineers: 'operator' });
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (/^LANDFALL_(OIDC_|BREAK_GLASS)/.test(name)) delete process.env[name];
  Object.assign(provider, { bend: null, strangeKey: false, broken: null });
});

let count = 0;
/** Somebody new at the provider. */
function person(groups?: string[], more: object = {}): { id: string; email: string; groups: string[] | undefined } {
  count += 1;
  const of = { name: `Person ${count}`, email: `Person-${count}@Example.com`, ...(groups && { groups }), ...more };
  provider.people.set(`subject-${count}`, of);
  return { id: `subject-${count}`, email: `${of.email}`.toLowerCase(), groups };
}
const groupRoles = (roles: Record<string, Role>) =>
  setGroupRoles(site.as('administrator'), {
    groups: Object.entries(roles).map(([group, role]) => ({ group, role })),
  });

async function whoIs(browser: TestBrowser) {
  const cookies = [...browser.jar()].map(([name, value]) => ({ name, value: decodeURIComponent(value) }));
  return (await memberOf(cookies, new Headers()))?.principal ?? null;
}
const rolesOf = async (email: string) =>
  Object.fromEntries(
    (
      await site.db
        .select({ workspace: members.workspaceId, role: members.role })
        .from(members)
        .innerJoin(users, eq(users.id, members.userId))
        .where(and(eq(users.email, email), isNull(members.removedAt)))
    ).map(({ workspace, role }) => [workspace === OTHER ? 'other' : 'own', role]),
  );
const lastActions = async (number: number) =>
  (await site.db.select().from(audit).orderBy(desc(audit.id)).limit(number)).map(({ action }) => action).reverse();
const everything = async () => ({
  users: await site.db.$count(users),
  members: await site.db.$count(members),
  identities: await site.db.$count(ssoIdentities),
  sessions: await site.db.$count(sessions),
});
const browser = () => new TestBrowser(ORIGIN);
const says = (reason: string) => `${ORIGIN}/sign-in?sso=${reason}`;

it('makes a member of whoever comes with a group that has a role, and lets the same one in again', async () => {
  const ann = person(['Engineers', 'Everybody']);
  const first = browser();
  expect(await first.signInAs(ann.id)).toBe(`${ORIGIN}/jobs`);
  expect(await whoIs(first)).toMatchObject({ role: 'operator', email: ann.email, workspaceId: site.workspaceId });
  expect(await lastActions(2)).toEqual(['member.join-by-group', 'session.sign-in-sso']);
  const before = await everything();
  const second = browser();
  expect(await second.signInAs(ann.id)).toBe(`${ORIGIN}/jobs`);
  expect((await whoIs(second))?.memberId).toBe((await whoIs(first))?.memberId);
  expect(await everything()).toEqual({ ...before, sessions: before.sessions + 1 });
});

it('ends the session that the browser had before, of whomever it was', async () => {
  const [ann, ben] = [person(['Engineers']), person(['Engineers'])];
  const one = browser();
  for (const { id } of [ann, ann, ben]) {
    // A copy of the cookies that lies somewhere.
    const copy = browser();
    for (const [name, value] of one.jar()) copy.jar().set(name, value);
    const before = await whoIs(copy);
    one.jar(provider.issuer).clear();
    expect(await one.signInAs(id)).toBe(`${ORIGIN}/jobs`);
    expect(await whoIs(copy)).toBeNull();
    expect((await whoIs(one))?.sessionId).not.toBe(before?.sessionId);
  }
  expect(await whoIs(one)).toMatchObject({ email: ben.email });
});

it('makes one account where two tabs come at once', async () => {
  const ann = person(['Engineers']);
  expect(await Promise.all([browser().signInAs(ann.id), browser().signInAs(ann.id)])).toEqual([
    `${ORIGIN}/jobs`,
    `${ORIGIN}/jobs`,
  ]);
  expect(await rolesOf(ann.email)).toEqual({ own: 'operator' });
});

it('gives the highest role of all groups, in each workspace its own, and follows them at each sign-in', async () => {
  await groupRoles({ Engineers: 'operator', Watchers: 'viewer', Leads: 'cutover-manager' });
  await site.db
    .insert(ssoGroupRoles)
    .values({ id: newId.groupRole(), workspaceId: OTHER, groupName: 'Watchers', role: 'viewer' });
  const ann = person(['Watchers', 'Leads', 'Engineers']);
  await browser().signInAs(ann.id);
  expect(await rolesOf(ann.email)).toEqual({ own: 'cutover-manager', other: 'viewer' });
  provider.people.set(ann.id, { ...provider.people.get(ann.id), groups: ['Engineers'] });
  await browser().signInAs(ann.id);
  expect(await rolesOf(ann.email)).toEqual({ own: 'operator' });
  expect(await lastActions(3)).toEqual(['member.remove-by-group', 'member.role-by-group', 'session.sign-in-sso']);
});

it('sends away whoever is in no group any more, out of other browsers too', async () => {
  const ann = person(['Engineers']);
  const [old, now] = [browser(), browser()];
  await old.signInAs(ann.id);
  provider.people.set(ann.id, { ...provider.people.get(ann.id), groups: ['Everybody'] });
  expect(await now.signInAs(ann.id)).toBe(says('no-group'));
  expect([await whoIs(old), await whoIs(now)]).toEqual([null, null]);
  expect(await rolesOf(ann.email)).toEqual({});
  expect(await lastActions(2)).toEqual(['member.remove-by-group', 'session.refused-sso']);
});

it.each([
  ['no group with a role', 'no-group', ['Everybody'], {}],
  ['no groups in the token', 'groups-missing', undefined, {}],
  ['no e-mail address', 'email-missing', ['Engineers'], { email: undefined }],
  ['an address that the provider has not checked', 'email-unverified', ['Engineers'], { email_verified: false }],
  [
    'the address of a local account',
    'email-taken',
    ['Engineers'],
    { email: 'viewer@example.com', email_verified: true },
  ],
])('makes nothing of somebody with %s', async (_, reason, groups, more) => {
  const before = await everything();
  const { id } = person(groups, { email: 'x@example.com', ...more });
  expect(await browser().signInAs(id)).toBe(says(reason));
  expect(await everything()).toEqual(before);
  expect(await lastActions(1)).toEqual(['session.refused-sso']);
});

it('joins a local account by a verified address where that is allowed, and never the break-glass account', async () => {
  process.env.LANDFALL_OIDC_JOIN_BY_EMAIL = 'verified';
  const unsure = person(['Engineers'], { email: 'operator@example.com', email_verified: false });
  expect(await browser().signInAs(unsure.id)).toBe(says('email-taken'));
  const sure = person([], { email: 'operator@example.com', email_verified: true });
  const joined = browser();
  expect(await joined.signInAs(sure.id)).toBe(`${ORIGIN}/jobs`);
  const { memberId } = site.as('operator').principal as { memberId: string };
  expect(await whoIs(joined)).toMatchObject({ memberId, role: 'operator' });
  expect(await lastActions(2)).toEqual(['member.join-by-email', 'session.sign-in-sso']);
  const admin = person(['Engineers'], { email: 'administrator@example.com', email_verified: true });
  expect(await browser().signInAs(admin.id)).toBe(says('email-taken'));
});

it('joins one subject to an account by its address, and none to what a subject made', async () => {
  process.env.LANDFALL_OIDC_JOIN_BY_EMAIL = 'verified';
  const local = { email: 'local@example.com', email_verified: true };
  await site.db.insert(users).values({
    id: newId.user(),
    email: local.email,
    name: 'Local',
    passwordHash: await hashPassword('right password'),
  });
  const [first, second] = [person(['Engineers'], local), person(['Engineers'], local)];
  const came = await Promise.all([browser().signInAs(first.id), browser().signInAs(second.id)]);
  expect(came.sort()).toEqual([`${ORIGIN}/jobs`, says('email-taken')]);
  const made = person(['Engineers']);
  await browser().signInAs(made.id);
  const other = person(['Engineers'], { email: made.email, email_verified: true });
  expect(await browser().signInAs(other.id)).toBe(says('email-taken'));
});

it('leaves a workspace its last administrator, who stays outside all the same', async () => {
  await site.db
    .insert(ssoGroupRoles)
    .values({ id: newId.groupRole(), workspaceId: OTHER, groupName: 'Owners', role: 'administrator' });
  const ann = person(['Owners']);
  const old = browser();
  await old.signInAs(ann.id);
  provider.people.set(ann.id, { ...provider.people.get(ann.id), groups: [] });
  expect(await browser().signInAs(ann.id)).toBe(says('no-group'));
  expect(await rolesOf(ann.email)).toEqual({ other: 'administrator' });
  expect(await whoIs(old)).toBeNull();
  expect(await lastActions(2)).toEqual(['member.kept-last-administrator', 'session.refused-sso']);
});

it('leaves alone what an invitation gave to somebody whom a group had brought in before', async () => {
  const ann = person(['Engineers']);
  await browser().signInAs(ann.id);
  provider.people.set(ann.id, { ...provider.people.get(ann.id), groups: [] });
  expect(await browser().signInAs(ann.id)).toBe(says('no-group'));
  const { token } = await invite(site.as('administrator'), { email: ann.email, role: 'viewer' });
  const accept = { token, name: 'Ann', password: 'a long enough sentence' };
  await acceptInvitation(systemContext(site.db, null), accept, { address: null, member: null });
  expect(await browser().signInAs(ann.id)).toBe(`${ORIGIN}/jobs`);
  expect(await rolesOf(ann.email)).toEqual({ own: 'viewer' });
});

it('lets nobody new accept an invitation by a password where there is only single sign-on, until the provider has let that person in', async () => {
  const ann = person(['Engineers']);
  const ctx = systemContext(site.db, null);
  const holder = { address: null, member: null };
  const invited = (email: string) => invite(site.as('administrator'), { email, role: 'cutover-manager' });
  const { token } = await invited(ann.email);
  const emergency = await invited('glass@example.com');
  Object.assign(process.env, { LANDFALL_OIDC_ONLY: '1', LANDFALL_BREAK_GLASS: 'Glass@example.com' });
  const before = await everything();
  const accept = { token, name: 'Ann', password: 'a long enough sentence' };
  expect(await lookAtInvitation(ctx, { token }, holder)).toMatchObject({ state: 'open', person: 'provider-first' });
  expect(await faultCode(acceptInvitation(ctx, accept, holder))).toBe('provider-first');
  expect(await everything()).toEqual(before);
  const came = browser();
  expect(await came.signInAs(ann.id)).toBe(`${ORIGIN}/jobs`);
  expect(await lookAtInvitation(ctx, { token }, holder)).toMatchObject({ person: 'known' });
  await acceptInvitation(ctx, { token }, { address: null, member: await whoIs(came) });
  expect(await rolesOf(ann.email)).toEqual({ own: 'cutover-manager' });
  // The account that a password is to open is made by one.
  await acceptInvitation(ctx, { ...accept, token: emergency.token }, holder);
  expect(await rolesOf('glass@example.com')).toEqual({ own: 'cutover-manager' });
});

it('asks the provider again after the hours of a session', async () => {
  process.env.LANDFALL_OIDC_SESSION_HOURS = '2';
  const ann = person(['Engineers']);
  await browser().signInAs(ann.id);
  const [last] = await site.db.select().from(sessions).orderBy(desc(sessions.createdAt)).limit(1);
  expect(Number(last?.expiresAt) - Number(last?.createdAt)).toBe(2 * 3_600_000);
});

it('gives no way in by a password to what a group gave', async () => {
  const ann = person(['Engineers']);
  await browser().signInAs(ann.id);
  const [user] = await site.db
    .update(users)
    .set({ passwordHash: await hashPassword('right password') })
    .where(eq(users.email, ann.email))
    .returning({ userId: users.id });
  const by = { email: ann.email, password: 'right password', address: null };
  expect(await signIn(by, site.db)).toMatchObject({ ok: false });
  // Nor by a session that one of another workspace began.
  const claim = { sessionId: newId.session(), userId: `${user?.userId}`, sessionVersion: 1, workspaceId: null };
  const expiresAt = new Date(Date.now() + 60_000);
  await site.db.insert(sessions).values({ id: claim.sessionId, userId: claim.userId, expiresAt });
  expect(await findSessionMember(claim, null, site.db)).toBeNull();
});

it('lets passwords in nobody but the break-glass account where there is only single sign-on', async () => {
  const passwordHash = await hashPassword('right password');
  await site.db.update(users).set({ passwordHash });
  const come = async (email: string) => {
    const one = browser();
    const { said } = await one.auth('/api/auth/csrf');
    const form = { ...(said as { csrfToken: string }), email, password: 'right password', json: 'true' };
    await one.auth('/api/auth/callback/credentials', form);
    return one;
  };
  const early = await come('operator@example.com');
  expect(await whoIs(early)).toMatchObject({ role: 'operator' });
  process.env.LANDFALL_OIDC_ONLY = '1';
  expect(await whoIs(early)).toBeNull();
  expect(await whoIs(await come('operator@example.com'))).toBeNull();
  const by = { email: 'operator@example.com', password: 'right password', address: null };
  expect(await signIn(by, site.db)).toEqual({ ok: false, reason: 'wrong' });
  expect(await whoIs(await come('administrator@example.com'))).toMatchObject({ role: 'administrator' });
  expect(await lastActions(1)).toEqual(['session.break-glass']);
  const [needs] = await needsAttention(site.as('viewer'));
  expect(needs).toMatchObject({ kind: 'break-glass', fault: { message: expect.stringContaining('administrator') } });
  process.env.LANDFALL_BREAK_GLASS = 'viewer@example.com';
  expect(await whoIs(await come('administrator@example.com'))).toBeNull();
  expect(await whoIs(await come('viewer@example.com'))).toMatchObject({ role: 'viewer' });
});

it('leads to the provider at the end of a session, which comes back to the sign-in page', async () => {
  const ann = person(['Engineers']);
  const one = browser();
  await one.signInAs(ann.id);
  const principal = await whoIs(one);
  const url = await providerSignOut({ ...site.ctx, principal: principal as MemberPrincipal });
  await one.signOut();
  expect(await whoIs(one)).toBeNull();
  const page = await one.open(url as string);
  const [, form = '', secret = ''] = /action="([^"]+)".*name="xsrf" value="([^"]+)"/s.exec(page.body) ?? [];
  expect((await one.open(form, { xsrf: secret, logout: 'yes' })).url).toBe(`${ORIGIN}/sign-in`);
  // Signed in there no more: it asks who one is.
  expect((await one.open(await one.pressSso())).body).toContain('Cancel');
  // A token's two first parts; three letters of it alone stand in what is sealed now and then.
  expect(JSON.stringify(await site.db.select().from(sessions))).not.toMatch(/eyJ[\w-]+\.eyJ/);
});

it('goes on when the provider turns its keys', async () => {
  const ann = person(['Engineers']);
  await browser().signInAs(ann.id);
  await provider.turnKeys();
  expect(await browser().signInAs(ann.id)).toBe(`${ORIGIN}/jobs`);
});

it.each([
  ['a key that is not published', 'keys', () => ({ strangeKey: true })],
  ['another issuer', 'issuer', () => ({ bend: { iss: 'http://elsewhere.test' } })],
  ['a token for another application', 'audience', () => ({ bend: { aud: 'another' } })],
  ['a token of another sign-in', 'nonce', () => ({ bend: { nonce: 'another' } })],
])('does not believe %s', async (_, reason, how) => {
  const before = await everything();
  const { id } = person(['Engineers']);
  Object.assign(provider, how());
  expect(await browser().signInAs(id)).toBe(says(reason));
  expect(await everything()).toEqual(before);
});

it('does not believe a configuration that names another issuer than the environment', async () => {
  const { id } = person(['Engineers']);
  process.env.LANDFALL_OIDC_ISSUER = provider.issuer.replace('127.0.0.1', 'localhost');
  expect(await browser().signInAs(id)).toBe(says('issuer'));
});

it('refuses an answer to a sign-in that another browser began, or nobody', async () => {
  const { id } = person(['Engineers']);
  const [one, other] = [browser(), browser()];
  await one.pressSso();
  const there = await other.open(await other.pressSso());
  const answer = await fetch(`${there.url}?as=${id}`, {
    redirect: 'manual',
    headers: { cookie: [...other.jar(provider.issuer)].map(([name, value]) => `${name}=${value}`).join('; ') },
  });
  const resumed = await fetch(answer.headers.get('location') as string, {
    redirect: 'manual',
    headers: { cookie: [...other.jar(provider.issuer)].map(([name, value]) => `${name}=${value}`).join('; ') },
  });
  const back = resumed.headers.get('location') as string;
  expect(back).toContain(`${ORIGIN}/api/auth/callback/oidc?code=`);
  expect((await one.open(back)).url).toBe(says('state'));
  expect((await browser().open(back)).url).toBe(says('state'));
  expect(await whoIs(one)).toBeNull();
});

it('says so when somebody cancels there', async () => {
  expect(await browser().signInAs(null)).toBe(says('cancelled'));
});

it('says so when the provider does not know the client', async () => {
  const { id } = person(['Engineers']);
  process.env.LANDFALL_OIDC_CLIENT_SECRET = 'another';
  expect(await browser().signInAs(id)).toBe(says('client'));
});

it('says so when the provider is away or answers with an error', async () => {
  provider.broken = 503;
  expect(await browser().pressSso()).toBe(says('down'));
  provider.broken = null;
  await provider.stop();
  expect(await browser().pressSso()).toBe(says('down'));
  await provider.start();
});

it('waits for no provider longer than its deadline', async () => {
  provider.broken = 0;
  const began = performance.now();
  expect(await browser().pressSso()).toBe(says('slow'));
  expect(performance.now() - began).toBeLessThan(10_000);
});

it('logs no code, no token and no claim', () => {
  const text = logged.join('');
  expect(text).toContain('"reason":"nonce"');
  expect(text).not.toMatch(/eyJ|code=|Person|example\.com|mismatch|the secret of/i);
});
