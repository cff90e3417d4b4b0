// Sessions: begun by a sign-in, seen, listed, ended, and over at once for whatever follows something in their name.

import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { audit, members, sessions, users, workspaces } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { findSessionMember, type MemberPrincipal, type SessionClaim } from '../access/principals.ts';
import type { ServiceContext } from '../services/context.ts';
import { trimHistory } from '../services/history/trim.ts';
import { endSessions } from '../services/people/end-sessions.ts';
import {
  beginSession,
  endOtherSessions,
  endSession,
  listSessions,
  noteSeen,
  signOutSession,
} from '../services/people/sessions.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { appRouter } from './root.ts';
import { createCallerFactory } from './trpc.ts';

let site: TestWorkspace;
let userId: string;

beforeAll(async () => {
  site = await testWorkspace();
  await site.db.insert(workspaces).values({ id: 'ws-other' as WorkspaceId, name: 'Other' });
  const [user] = await site.db.select().from(users).where(eq(users.email, 'operator@example.com'));
  userId = user?.id as string;
});
afterAll(() => site.close());
beforeEach(async () => {
  await site.db.delete(sessions);
  await site.db.update(members).set({ removedAt: null });
});

/** Signs the operator in. */
async function begin(agent = 'Firefox', of = userId): Promise<SessionClaim> {
  const [user] = await site.db.select().from(users).where(eq(users.id, of));
  const claim = { userId: of, sessionVersion: user?.sessionVersion ?? 0, workspaceId: site.workspaceId };
  const sessionId = await beginSession(site.ctx, { ...claim, address: '10.0.0.7', userAgent: agent });
  return { ...claim, sessionId };
}

const seen = (claim: SessionClaim) => findSessionMember(claim, '10.0.0.8', site.db);

async function as(claim: SessionClaim): Promise<ServiceContext & { principal: MemberPrincipal }> {
  const member = await seen(claim);
  if (!member) throw new Error('signed out');
  return { ...site.ctx, principal: member.principal };
}

/** The live stream of the session, once its first event has arrived. */
async function follow(claim: SessionClaim) {
  const member = await seen(claim);
  const caller = createCallerFactory(appRouter)({
    headers: new Headers(),
    internal: true,
    session: async () => member,
    sessionNow: () => seen(claim),
  });
  const events = (await caller.events.follow({ after: 0 }))[Symbol.asyncIterator]();
  await events.next();
  const stream = { told: 0, ended: Promise.resolve('') };
  stream.ended = (async () => {
    while (!(await events.next()).done) stream.told += 1;
    return 'ended';
  })();
  return stream;
}

it('begins with a sign-in, which stands in the audit trail, and is listed with where it comes from', async () => {
  const phone = await begin('Safari');
  const desk = await begin('Firefox');
  const listed = await listSessions(await as(desk));
  expect(listed).toMatchObject([
    { id: desk.sessionId, current: true, address: '10.0.0.7', userAgent: 'Firefox' },
    { id: phone.sessionId, current: false, userAgent: 'Safari' },
  ]);
  const [signedIn] = await site.db.select().from(audit).where(eq(audit.action, 'session.sign-in'));
  expect(signedIn).toMatchObject({ workspaceId: site.workspaceId, actorName: 'operator', address: '10.0.0.7' });
});

it('is worth nothing once its browser signed out, and no other session goes with it', async () => {
  const phone = await begin();
  const desk = await begin();
  await signOutSession(desk);
  // Said again, as after a lost answer.
  await signOutSession(desk);
  expect(await seen(desk)).toBeNull();
  expect(await seen(phone)).not.toBeNull();
  expect(await site.db.$count(audit, eq(audit.action, 'session.sign-out'))).toBe(1);
});

it("is ended from another session of the same user, and never by somebody else's", async () => {
  const phone = await begin();
  const desk = await begin();
  const [viewer] = await site.db.select().from(users).where(eq(users.email, 'viewer@example.com'));
  const stranger = await begin('Edge', viewer?.id);
  expect(await faultCode(endSession(await as(stranger), { sessionId: phone.sessionId }))).toBe('not-found');
  expect(await faultCode(endSession(await as(desk), { sessionId: 'session-1' }))).toBe('not-found');
  await endSession(await as(desk), { sessionId: phone.sessionId });
  expect(await seen(phone)).toBeNull();
  expect((await listSessions(await as(desk))).map(({ id }) => id)).toEqual([desk.sessionId]);
});

it('stays alone when the others are ended, and goes too when all are', async () => {
  const [phone, desk, lent] = [await begin(), await begin(), await begin()];
  expect(await endOtherSessions(await as(desk))).toEqual({ ended: 2 });
  expect([await seen(phone), await seen(lent)]).toEqual([null, null]);
  expect(await endOtherSessions(await as(desk))).toEqual({ ended: 0 });
  const ctx = await as(desk);
  await endSessions(ctx);
  expect(await seen(desk)).toBeNull();
  expect(await site.db.$count(sessions, sql`ended_at is null`)).toBe(0);
});

it('notes when and where it was seen, every few minutes at most', async () => {
  const claim = await begin();
  const row = async () => (await site.db.select().from(sessions).where(eq(sessions.id, claim.sessionId)))[0];
  const before = await row();
  const member = await seen(claim);
  if (!member) throw new Error('signed out');
  await noteSeen(member);
  expect(await row()).toEqual(before);
  const old = new Date(Date.now() - 6 * 60_000);
  await site.db.update(sessions).set({ lastSeenAt: old });
  await noteSeen({ ...member, lastSeenAt: old });
  expect((await row())?.lastSeenAt.getTime()).toBeGreaterThan(old.getTime() + 300_000);
  expect(await row()).toMatchObject({ address: '10.0.0.8' });
});

it.each([
  ['it signs out', (claim: SessionClaim) => signOutSession(claim)],
  [
    'another session ends it',
    async (claim: SessionClaim) => {
      await endOtherSessions(await as(await begin()));
      return claim;
    },
  ],
  ['all are ended', async (claim: SessionClaim) => endSessions(await as(claim))],
  [
    'the member is removed',
    () => site.db.update(members).set({ removedAt: new Date() }).where(eq(members.userId, userId)),
  ],
])('takes its live stream along when %s', async (_what, end: (claim: SessionClaim) => Promise<unknown>) => {
  const [viewer] = await site.db.select().from(users).where(eq(users.email, 'viewer@example.com'));
  const watcher = await follow(await begin('Edge', viewer?.id));
  const claim = await begin();
  const stream = await follow(claim);
  await end(claim);
  const started = performance.now();
  expect(await stream.ended).toBe('ended');
  expect(performance.now() - started).toBeLessThan(5000);
  const { told } = watcher;
  await begin('Edge', viewer?.id);
  await vi.waitFor(() => expect(watcher.told).toBeGreaterThan(told));
  await site.db.update(users).set({ sessionVersion: sql`session_version + 1` });
  expect(await watcher.ended).toBe('ended');
});

it('is forgotten a week after its end', async () => {
  const [ended, ranOut, live] = [await begin(), await begin(), await begin()];
  const days = (count: number) => new Date(Date.now() - count * 86_400_000);
  await site.db
    .update(sessions)
    .set({ endedAt: days(8) })
    .where(eq(sessions.id, ended.sessionId));
  await site.db
    .update(sessions)
    .set({ expiresAt: days(6) })
    .where(eq(sessions.id, ranOut.sessionId));
  await trimHistory(site.ctx, 90);
  const left = async () => (await site.db.select().from(sessions)).map(({ id }) => id).sort();
  expect(await left()).toEqual([live.sessionId, ranOut.sessionId].sort());
  await site.db
    .update(sessions)
    .set({ expiresAt: days(8) })
    .where(eq(sessions.id, ranOut.sessionId));
  await trimHistory(site.ctx, 90);
  expect(await left()).toEqual([live.sessionId]);
});

it('stays when it is the person’s last, which says when that person was last seen', async () => {
  await begin();
  const last = await begin();
  const long = new Date(Date.now() - 90 * 86_400_000);
  await site.db.update(sessions).set({ endedAt: long });
  await trimHistory(site.ctx, 90);
  const left = (await site.db.select().from(sessions)).map(({ id }) => id);
  expect(left).toEqual([last.sessionId]);
});
