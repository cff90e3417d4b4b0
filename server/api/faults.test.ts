import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { faultError } from '../../replication/model/fault.ts';
import type { SessionMember } from '../access/principals.ts';
import { handleWith, procedure, router } from './testing-router.ts';

const member: SessionMember = {
  principal: {
    kind: 'member',
    memberId: 'member-1',
    userId: 'user-1',
    workspaceId: 'ws-1',
    role: 'viewer',
    name: 'V',
    email: 'v@x',
    address: null,
  },
  workspaceName: 'Main',
  preferences: {},
  mustEnrol: false,
  lastSeenAt: new Date(),
};

const called = vi.fn();
const testRouter = router({
  fails: procedure('workspace.read')
    .input(z.object({ how: z.string() }))
    .query(({ input }) => {
      if (input.how === 'unknown') throw new Error('password=hunter2 in /srv/secret.ts');
      if (input.how === 'internal') throw faultError('internal', { cause: 'hunter2' });
      if (input.how === 'wrapped') throw new Error('outer', { cause: faultError('conflict') });
      if (input.how === 'zod') z.object({ a: z.number() }).parse({ a: 'hunter2' });
      throw faultError(input.how as 'conflict', { message: 'Said so.', cause: 'raw words' });
    }),
  deep: procedure('workspace.read')
    .input(z.object({ settings: z.object({ keep: z.number().min(1, 'At least 1') }), name: z.string() }))
    .query(() => 'ok'),
  change: procedure('workspace.read').mutation(() => called()),
});

const call = (
  path: string,
  input: unknown,
  options: { signedIn?: boolean; headers?: HeadersInit; method?: string } = {},
) => handleWith(testRouter, { path, input, session: options.signedIn === false ? null : member, ...options });

beforeEach(() => {
  vi.stubEnv('LOG_LEVEL', 'silent');
  // Never connected to: the pool opens at the first query.
  vi.stubEnv('DATABASE_URL', 'postgres://nobody@127.0.0.1:1/none');
});
afterEach(() => {
  vi.unstubAllEnvs();
  called.mockReset();
});

it.each([
  ['not-signed-in', 401],
  ['permission-denied', 403],
  ['input-invalid', 400],
  ['not-found', 404],
  ['conflict', 409],
  ['aws-throttled', 503],
  ['being-changed', 409],
  ['console-database-away', 503],
])('answers the fault %s with %d', async (how, status) => {
  const answer = await call('fails', { how });
  expect(answer.status).toBe(status);
  expect(answer.error.data.fault).toMatchObject({ code: how, message: 'Said so.', cause: 'raw words' });
  expect(answer.error.message).toBe('Said so.');
});

it('finds a fault inside another error', async () => {
  expect((await call('fails', { how: 'wrapped' })).error.data.fault.code).toBe('conflict');
});

it.each(['unknown', 'internal', 'zod'])('lets nothing of an %s error out but a reference', async (how) => {
  const answer = await call('fails', { how });
  expect(answer.status).toBe(500);
  expect(answer.error.data.fault.code).toBe('internal');
  expect(answer.error.data.fault.cause).toMatch(/^Reference [0-9a-f]{10}:/);
  expect(answer.text).not.toMatch(/hunter2|secret\.ts|stack/);
});

it('names every field of an invalid input', async () => {
  const answer = await call('deep', { settings: { keep: 0 } });
  expect(answer.status).toBe(400);
  expect(answer.error.data.fault.code).toBe('input-invalid');
  expect(answer.error.data.fields).toMatchObject({ 'settings.keep': 'At least 1', name: expect.any(String) });
});

it('refuses who is not signed in, and a procedure that does not exist', async () => {
  expect(await call('fails', { how: 'x' }, { signedIn: false })).toMatchObject({
    status: 401,
    error: { data: { fault: { code: 'not-signed-in' } } },
  });
  expect(await call('nonsense', {})).toMatchObject({ status: 404, error: { data: { fault: { code: 'not-found' } } } });
});

it.each([
  [{}, 403],
  [{ origin: 'https://evil.example' }, 403],
  [{ origin: 'null' }, 403],
  [{ origin: 'http://console.test', 'sec-fetch-site': 'cross-site' }, 403],
  [{ origin: 'http://console.test:81' }, 403],
  [{ 'sec-fetch-site': 'same-site', origin: 'http://other.console.test' }, 403],
  [{ origin: 'http://console.test' }, 200],
  [{ origin: 'http://console.test', 'sec-fetch-site': 'same-origin' }, 200],
  [{ origin: 'https://landfall.example', 'x-forwarded-host': 'landfall.example' }, 200],
  [{ origin: 'https://landfall.example', 'x-forwarded-host': 'landfall.example', 'x-forwarded-proto': 'https' }, 200],
  [{ origin: 'http://landfall.example', 'x-forwarded-host': 'landfall.example', 'x-forwarded-proto': 'https' }, 403],
])('answers a change with the headers %j with %d', async (headers, status) => {
  expect((await call('change', undefined, { method: 'POST', headers })).status).toBe(status);
  expect(called).toHaveBeenCalledTimes(status === 200 ? 1 : 0);
});
