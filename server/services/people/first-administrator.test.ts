import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../../db/client.ts';
import {
  attempts,
  audit,
  auditChain,
  auditSeals,
  events,
  members,
  sessions,
  users,
  workspaces,
} from '../../../db/schema/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../db/testing.ts';
import { signIn } from '../../access/sign-in.ts';
import { type ProgramContext, systemContext } from '../context.ts';
import { faultCode } from '../testing.ts';
import {
  createFirstAdministrator,
  createFirstWorkspace,
  firstRunToken,
  lookAtFirstRun,
} from './first-administrator.ts';
import { createFirstMembers } from './first-members.ts';

const SECRET = 'the secret of this installation, made once';
const HERE = { address: '192.0.2.7' };
const ANN = { name: 'Ann', email: 'Ann@Example.com', password: 'three words and more' };
const token = firstRunToken(SECRET);

let test: TestDatabase;
let db: Database;
let ctx: ProgramContext;
beforeAll(async () => {
  test = await createTestDatabase();
  db = openDatabase(test.url);
  ctx = systemContext(db, null);
  vi.stubEnv('NEXTAUTH_SECRET', SECRET);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await db.$client.end();
  await test.drop();
});
beforeEach(async () => {
  for (const table of [attempts, auditChain, auditSeals, audit, events, sessions, members, users, workspaces])
    await db.delete(table);
});

it('makes the first administrator by the secret of the installation, once', async () => {
  const { workspaceId, waits } = await createFirstWorkspace(db);
  expect(waits).toBe(true);
  expect(await lookAtFirstRun(ctx, { token }, HERE)).toEqual({ state: 'open' });
  await createFirstAdministrator(ctx, { token, ...ANN }, HERE);
  expect(await signIn({ email: 'ann@example.com', password: ANN.password, address: null }, db)).toMatchObject({
    ok: true,
    workspaceId,
  });
  expect((await db.select().from(members))[0]).toMatchObject({ role: 'administrator', workspaceId });
  expect((await db.select().from(audit))[0]).toMatchObject({ action: 'member.create', actorName: 'Ann' });

  expect(await lookAtFirstRun(ctx, { token }, HERE)).toEqual({ state: 'used' });
  expect(await faultCode(createFirstAdministrator(ctx, { token, ...ANN, email: 'b@example.com' }, HERE))).toBe(
    'link-dead',
  );
  expect(await createFirstWorkspace(db)).toEqual({ workspaceId, waits: false });
});

it('makes one of two who come at the same moment', async () => {
  const all = await Promise.allSettled(
    ['a', 'b', 'c'].map((who) => createFirstAdministrator(ctx, { token, ...ANN, email: `${who}@example.com` }, HERE)),
  );
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await db.$count(users)).toBe(1);
  expect(await db.$count(workspaces)).toBe(1);
});

it('makes nobody by another secret, by an easy password, or beside the members of a lab', async () => {
  const other = firstRunToken('another installation');
  expect(await lookAtFirstRun(ctx, { token: other }, HERE)).toEqual({ state: 'unknown' });
  expect(await faultCode(createFirstAdministrator(ctx, { token: other, ...ANN }, HERE))).toBe('link-dead');
  expect(await faultCode(createFirstAdministrator(ctx, { token, ...ANN, password: 'password1' }, HERE))).toBe(
    'password-weak',
  );
  expect(await db.$count(users)).toBe(0);
  await createFirstMembers(db, { administrator: 'made and printed', viewer: 'made and printed' });
  expect(await faultCode(createFirstAdministrator(ctx, { token, ...ANN }, HERE))).toBe('link-dead');
});

it('is not found by trying', async () => {
  for (let i = 0; i < 20; i += 1) await lookAtFirstRun(ctx, { token: `guess ${i}` }, HERE);
  expect(await faultCode(createFirstAdministrator(ctx, { token, ...ANN }, HERE))).toBe('too-many-attempts');
});
