// Two tabs of one person in two workspaces: the session has one of them open, and a page of the other is refused whatever it asks.
import { randomBytes } from 'node:crypto';
import superjson from 'superjson';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../db/ids.ts';
import { members, savedViews, sessions, workspaces } from '../../db/schema/index.ts';
import type { MemberPrincipal } from '../access/principals.ts';
import { testCookie } from '../auth/testing-cookie.ts';
import { type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { handleTrpc } from './handle.ts';

const ORIGIN = 'http://console.test';
const other = newId.workspace();
let site: TestWorkspace;
let userId: string;

beforeAll(async () => {
  Object.assign(process.env, { NEXTAUTH_URL: ORIGIN, NEXTAUTH_SECRET: randomBytes(32).toString('hex') });
  process.env.LOG_LEVEL = 'silent';
  site = await testWorkspace();
  userId = (site.as('operator').principal as MemberPrincipal).userId;
  await site.db.insert(workspaces).values({ id: other, name: 'Other' });
  await site.db.insert(members).values({ id: newId.member(), workspaceId: other, userId, role: 'viewer' });
  const expiresAt = new Date(Date.now() + 3_600_000);
  await site.db.insert(sessions).values({ id: 'session-1', userId, expiresAt });
});
afterAll(() => site.close());

/** The open workspace of the session, and the one whose page asks; null: whoever asks is no page. */
async function ask(procedure: string, open: string, ofPage: string | null, input?: object) {
  const cookie = await testCookie({ sessionId: 'session-1', userId, sessionVersion: 1, workspaceId: open });
  const headers = {
    ...{ cookie, origin: ORIGIN, host: new URL(ORIGIN).host, 'content-type': 'application/json' },
    ...(ofPage !== null && { 'x-landfall-workspace': ofPage }),
  };
  const request = input ? { method: 'POST', headers, body: JSON.stringify(superjson.serialize(input)) } : { headers };
  const answer = await handleTrpc(new Request(`${ORIGIN}/api/trpc/${procedure}`, request));
  const { error, result } = await answer.json();
  return { status: answer.status, fault: error?.json.data.fault.code, data: result?.data.json };
}

const view = { filter: { operation: 'and', tokens: [] }, sort: null, pageSize: 20, columns: null };
const saving = () => ({ requestId: randomBytes(16).toString('hex'), list: 'jobs', name: newId.run(), view });

it('answers a page of the workspace that is open, and programs that name none', async () => {
  for (const ofPage of [site.workspaceId, null]) {
    expect(await ask('jobs.list', site.workspaceId, ofPage)).toMatchObject({ fault: 'input-invalid' });
    expect(await ask('attention.count', site.workspaceId, ofPage)).toMatchObject({ status: 200 });
  }
});

it('refuses a page of another one, and writes nothing, in neither', async () => {
  for (const [open, ofPage] of [
    [site.workspaceId, other],
    [other, site.workspaceId],
    [other, 'ws-nowhere'],
  ] as const) {
    const refused = { status: 409, fault: 'workspace-changed' };
    expect(await ask('attention.count', open, ofPage)).toMatchObject(refused);
    expect(await ask('views.save', open, ofPage, saving())).toMatchObject(refused);
  }
  expect(await site.db.$count(savedViews)).toBe(0);
  expect(await ask('views.save', other, other, saving())).toMatchObject({ status: 200 });
  expect(await site.db.select().from(savedViews)).toMatchObject([{ workspaceId: other }]);
});

it('tells such a page which one is open', async () => {
  const { data } = await ask('session.me', other, site.workspaceId);
  expect(data).toMatchObject({ workspace: { id: other, name: 'Other' }, role: 'viewer' });
  expect(data.workspaces).toHaveLength(2);
});
