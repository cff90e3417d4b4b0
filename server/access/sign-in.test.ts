import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../db/client.ts';
import { attempts } from '../../db/schema/invitations.ts';
import { members, sessions, users, workspaces } from '../../db/schema/people.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { createTestDatabase, type TestDatabase } from '../../db/testing.ts';
import { hashPassword } from './passwords.ts';
import { findSessionMember } from './principals.ts';
import { signIn } from './sign-in.ts';

let test: TestDatabase;
let db: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  db = openDatabase(test.url);
  const [one, two] = ['ws-1' as WorkspaceId, 'ws-2' as WorkspaceId];
  await db.insert(workspaces).values([
    { id: one, name: 'One' },
    { id: two, name: 'Two' },
  ]);
  const passwordHash = await hashPassword('right password');
  await db.insert(users).values([
    { id: 'u-1', email: 'ann@example.com', name: 'Ann', passwordHash },
    { id: 'u-2', email: 'bob@example.com', name: 'Bob', passwordHash },
  ]);
  await db.insert(members).values([
    { id: 'm-1', workspaceId: one, userId: 'u-1', role: 'viewer', createdAt: new Date(1000) },
    { id: 'm-2', workspaceId: two, userId: 'u-1', role: 'administrator', createdAt: new Date(2000) },
    { id: 'm-3', workspaceId: one, userId: 'u-2', role: 'operator', removedAt: new Date() },
  ]);
});
afterAll(async () => {
  await db.$client.end();
  await test.drop();
});

describe('signing in', () => {
  beforeEach(async () => {
    await db.delete(attempts);
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-12-01T12:00:00Z') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const attempt = (email: string, password: string, address = '10.0.0.1', web = db) =>
    signIn({ email, password, address }, web);
  const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

  it('lets the right password in, however the e-mail is written', async () => {
    expect(await attempt(' Ann@Example.com ', 'right password')).toEqual({
      ok: true,
      userId: 'u-1',
      sessionVersion: 1,
      workspaceId: 'ws-1',
      passwordHash: expect.stringMatching(/^\$argon2id\$/),
    });
  });

  it('says the same to a wrong password, an unknown e-mail and a removed member', async () => {
    const wrong = { ok: false, reason: 'wrong' };
    expect(await attempt('ann@example.com', 'wrong')).toEqual(wrong);
    expect(await attempt('nobody@example.com', 'right password')).toEqual(wrong);
    expect(await attempt('bob@example.com', 'right password')).toEqual(wrong);
  });

  it('makes who guesses wait, even with the right password, and only from there', async () => {
    for (let i = 0; i < 5; i += 1) await attempt('ann@example.com', `guess ${i}`);
    expect(await attempt('ann@example.com', 'right password')).toEqual({
      ok: false,
      reason: 'too-many',
      retryAfterSeconds: 30,
    });
    expect(await attempt('ann@example.com', 'right password', '10.0.0.2')).toMatchObject({ ok: true });
    later(30);
    expect(await attempt('ann@example.com', 'right password')).toMatchObject({ ok: true });
  });

  it('does not lengthen the wait for who asks during it, and never makes anybody wait longer than a quarter of an hour', async () => {
    let longest = 0;
    for (let round = 0; round < 60; round += 1) {
      const answer = await attempt('ann@example.com', `guess ${round}`);
      if (answer.ok || answer.reason !== 'too-many') continue;
      longest = Math.max(longest, answer.retryAfterSeconds);
      for (let i = 0; i < 3; i += 1) await attempt('ann@example.com', 'again');
      later(answer.retryAfterSeconds);
    }
    // Who goes on and on waits for more than a moment.
    expect(longest).toBeGreaterThan(300);
    expect(longest).toBeLessThanOrEqual(900);
    later(900);
    expect(await attempt('ann@example.com', 'right password')).toMatchObject({ ok: true });
  });

  it('counts guesses that come at once, on whatever web', async () => {
    const other = openDatabase(test.url);
    try {
      const all = await Promise.all(
        Array.from({ length: 12 }, (_, i) => attempt('ann@example.com', `guess ${i}`, '10.0.0.1', i % 2 ? other : db)),
      );
      expect(all.filter((result) => !result.ok && result.reason === 'wrong')).toHaveLength(5);
    } finally {
      await other.$client.end();
    }
  });

  it('treats an unknown e-mail like a known one', async () => {
    for (let i = 0; i < 5; i += 1) await attempt('nobody@example.com', 'x');
    expect(await attempt('nobody@example.com', 'x')).toMatchObject({ reason: 'too-many' });
  });

  it('holds up guesses from everywhere, and not the owner where the owner has signed in before', async () => {
    expect(await attempt('ann@example.com', 'right password', '192.0.2.1')).toMatchObject({ ok: true });
    for (let i = 0; i < 100; i += 1) await attempt('ann@example.com', 'guess', `10.1.0.${i}`);
    expect(await attempt('ann@example.com', 'right password', '10.2.0.1')).toMatchObject({ reason: 'too-many' });
    expect(await attempt('ann@example.com', 'right password', '192.0.2.1')).toMatchObject({ ok: true });
    later(900);
    expect(await attempt('ann@example.com', 'right password', '10.2.0.1')).toMatchObject({ ok: true });
  });

  it('holds up who tries one password on many people', async () => {
    for (let i = 0; i < 60; i += 1) await attempt(`person-${i}@example.com`, 'Summer2026', '10.3.0.1');
    expect(await attempt('person-60@example.com', 'Summer2026', '10.3.0.1')).toMatchObject({ reason: 'too-many' });
    expect(await attempt('ann@example.com', 'right password', '10.3.0.2')).toMatchObject({ ok: true });
  });

  it('keeps no e-mail and no address of whoever tried', async () => {
    await attempt('ann@example.com', 'guess', '10.4.0.1');
    const kept = JSON.stringify(await db.select().from(attempts));
    expect(kept).toContain('pair:');
    expect(kept).not.toMatch(/ann|example|10\.4\.0/);
  });
});

describe('the member behind a session', () => {
  const claim = { sessionId: 's-1', userId: 'u-1', sessionVersion: 1, workspaceId: 'ws-2' };
  beforeAll(async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    await db.insert(sessions).values([
      { id: 's-1', userId: 'u-1', expiresAt },
      { id: 's-2', userId: 'u-2', expiresAt },
      { id: 's-over', userId: 'u-1', expiresAt: new Date(Date.now() - 1000) },
      { id: 's-ended', userId: 'u-1', expiresAt, endedAt: new Date() },
    ]);
  });

  it('has the role of the open workspace, and falls back to another one', async () => {
    expect((await findSessionMember(claim, '10.0.0.1', db))?.principal).toMatchObject({
      role: 'administrator',
      workspaceId: 'ws-2',
      address: '10.0.0.1',
    });
    expect((await findSessionMember({ ...claim, workspaceId: 'ws-9' }, null, db))?.principal.workspaceId).toBe('ws-1');
  });

  it.each([
    ['has run out', { sessionId: 's-over' }],
    ['has ended', { sessionId: 's-ended' }],
    ['is not known', { sessionId: 's-9' }],
    ["is somebody else's", { sessionId: 's-2' }],
  ])('is nobody where the session %s', async (_what, of) => {
    expect(await findSessionMember({ ...claim, ...of }, null, db)).toBeNull();
  });

  it('is gone with the membership, and with the session version', async () => {
    const removed = { sessionId: 's-2', userId: 'u-2', sessionVersion: 1, workspaceId: 'ws-1' };
    expect(await findSessionMember(removed, null, db)).toBeNull();
    await db.update(users).set({ sessionVersion: 2 }).where(eq(users.id, 'u-1'));
    expect(await findSessionMember(claim, null, db)).toBeNull();
    expect(await findSessionMember({ ...claim, sessionVersion: 2 }, null, db)).not.toBeNull();
  });
});
