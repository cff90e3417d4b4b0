// What a program may do with an access key, over HTTP: signed by AWS's own package, and by curl.
import { execFile } from 'node:child_process';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { desc, eq } from 'drizzle-orm';
import superjson from 'superjson';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessKeys, attempts, audit, members, workspaces } from '../../db/schema/index.ts';
import type { Role } from '../access/permissions.ts';
import type { MemberPrincipal } from '../access/principals.ts';
import { type Signer, signedHeaders } from '../access/testing-signature.ts';
import type { ServiceContext } from '../services/context.ts';
import {
  createAccessKey,
  listAccessKeys,
  MOST_KEYS,
  ownAccessKeys,
  revokeAccessKey,
} from '../services/people/access-keys.ts';
import { removeMember } from '../services/people/membership.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { listenForCalls } from './testing-web.ts';

type Own = ServiceContext & { principal: MemberPrincipal };

const run = promisify(execFile);
const LIST = { page: 1, pageSize: 50, cursor: null, sort: null, filter: { operation: 'and' as const, tokens: [] } };
let site: TestWorkspace;
let web: Server;
let origin: string;
let count = 0;

const as = (role: Role) => site.as(role) as Own;
function newKey(of: Role, more: { role?: Role; days?: number; name?: string; requestId?: string } = {}) {
  count += 1;
  const requestId = String(count).padStart(32, '0');
  return createAccessKey(as(of), { requestId, name: 'Nightly', role: of, days: 30, ...more });
}

interface Said {
  data?: unknown;
  code?: string;
  message?: string;
}

function read(text: string): Said {
  const { result, error } = JSON.parse(text);
  if (result) return { data: superjson.deserialize(result.data) };
  const { message, data } = superjson.deserialize(error) as { message: string; data: { fault: { code: string } } };
  return { code: data.fault.code, message };
}

const toGet = (path: string, input?: unknown) =>
  `${origin}/api/trpc/${path}${input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify({ json: input }))}`}`;

async function get(key: Signer, path: string, input?: unknown, more: Parameters<typeof signedHeaders>[2] = {}) {
  const url = toGet(path, input);
  return read(await (await fetch(url, { headers: await signedHeaders(url, key, more) })).text());
}

async function post(key: Signer, path: string, input: unknown, change: { body?: string; at?: Date } = {}) {
  const url = toGet(path);
  const body = JSON.stringify({ json: input });
  const headers = { 'content-type': 'application/json' };
  const signed = await signedHeaders(url, key, { method: 'POST', body, headers, ...(change.at && { at: change.at }) });
  const send = async () =>
    read(await (await fetch(url, { method: 'POST', headers: signed, body: change.body ?? body })).text());
  return { said: await send(), again: send };
}

beforeAll(async () => {
  site = await testWorkspace();
  Object.assign(globalThis, { landfallDatabase: site.db });
  Object.assign(process.env, { LOG_LEVEL: 'silent', NEXTAUTH_SECRET: 's'.repeat(32) });
  web = await listenForCalls();
  origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  process.env.NEXTAUTH_URL = origin;
});
beforeEach(async () => {
  await site.db.delete(attempts);
  await site.db.delete(accessKeys);
});
afterAll(async () => {
  web.close();
  Object.assign(globalThis, { landfallDatabase: undefined });
  await site.close();
});

describe('a signed request', () => {
  it('is answered as its member, with a key of the form of AWS', async () => {
    const key = await newKey('operator');
    expect(key.id).toMatch(/^LFKA[A-Z2-7]{16}$/);
    expect(key.secret).toMatch(/^[A-Za-z0-9+/]{40}$/);
    expect((await get(key, 'session.me')).data).toMatchObject({ email: 'operator@example.com', role: 'operator' });
    expect((await get(key, 'jobs.list', LIST)).data).toMatchObject({ total: 0 });
    expect((await get(key, 'session.me', undefined, { region: 'eu-central-1' })).code).toBeUndefined();
  });

  it('may do what the lower one of both roles may, as of now', async () => {
    const low = await newKey('administrator', { role: 'viewer' });
    expect((await post(low, 'limits.update', { total: 7, perTarget: 6 })).said.code).toBe('permission-denied');
    const high = await newKey('administrator');
    expect((await post(high, 'limits.update', { total: 7, perTarget: 6 })).said.code).toBeUndefined();
    const of = eq(members.id, as('administrator').principal.memberId);
    await site.db.update(members).set({ role: 'operator' }).where(of);
    expect((await get(high, 'session.me')).data).toMatchObject({ role: 'operator' });
    expect((await post(high, 'limits.update', { total: 8, perTarget: 6 })).said.code).toBe('permission-denied');
    await site.db.update(members).set({ role: 'administrator' }).where(of);
  });

  it('changes something once, and stands in the audit trail with its key', async () => {
    const key = await newKey('administrator');
    const { said, again } = await post(key, 'limits.update', { total: 9, perTarget: 3 });
    expect(said.code).toBeUndefined();
    expect(await again()).toMatchObject({ code: 'access-key-refused', message: expect.stringContaining('before') });
    const [row] = await site.db.select().from(audit).orderBy(desc(audit.id)).limit(1);
    expect(row).toMatchObject({ action: 'limits.update', actorName: `administrator (access key ${key.id})` });
  });

  it('needs the right secret, the right body and the right service', async () => {
    const key = await newKey('administrator');
    expect((await get({ ...key, secret: 'x'.repeat(40) }, 'session.me')).code).toBe('access-key-refused');
    expect((await get({ id: 'LFKAAAAAAAAAAAAAAAAA', secret: key.secret }, 'session.me')).code).toBe(
      'access-key-refused',
    );
    expect((await get(key, 'session.me', undefined, { service: 's3' })).message).toContain('not for landfall');
    const changed = { body: JSON.stringify({ json: { total: 1, perTarget: 1 } }) };
    expect((await post(key, 'limits.update', { total: 4, perTarget: 3 }, changed)).said.code).toBe(
      'access-key-refused',
    );
    const url = toGet('session.me');
    for (const authorization of ['AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256 Credential=a/b, Signature=c']) {
      expect(read(await (await fetch(url, { headers: { authorization } })).text()).code).toBe('access-key-refused');
    }
    const { host, 'x-amz-date': date, ...without } = await signedHeaders(url, key);
    expect(read(await (await fetch(url, { headers: without })).text()).code).toBe('access-key-refused');
  });

  it('must be signed within five minutes, and says what time it is here', async () => {
    const key = await newKey('viewer');
    const off = (minutes: number) => ({ at: new Date(Date.now() + minutes * 60_000) });
    expect((await get(key, 'session.me', undefined, off(-4.5))).code).toBeUndefined();
    expect((await get(key, 'session.me', undefined, off(4.5))).code).toBeUndefined();
    const late = await get(key, 'session.me', undefined, off(-6));
    expect(late).toMatchObject({
      code: 'clock-off',
      message: expect.stringContaining(new Date().toISOString().slice(0, 14)),
    });
    expect((await get(key, 'session.me', undefined, off(6))).code).toBe('clock-off');
  });

  it('counts no cookie, and asks for no origin', async () => {
    const key = await newKey('viewer');
    const url = toGet('session.me');
    const headers = {
      ...(await signedHeaders(url, { ...key, secret: 'x'.repeat(40) })),
      cookie: 'next-auth.session-token=x',
    };
    expect(read(await (await fetch(url, { headers })).text()).code).toBe('access-key-refused');
  });

  it('is refused once its key has expired, was revoked, or its member is gone', async () => {
    const expired = await newKey('operator');
    await site.db
      .update(accessKeys)
      .set({ expiresAt: new Date(Date.now() - 1000) })
      .where(eq(accessKeys.id, expired.id));
    expect((await get(expired, 'session.me')).code).toBe('access-key-expired');
    expect((await get({ ...expired, secret: 'x'.repeat(40) }, 'session.me')).code).toBe('access-key-refused');
    const revoked = await newKey('operator');
    await revokeAccessKey(as('operator'), { keyId: revoked.id });
    expect((await get(revoked, 'session.me')).code).toBe('access-key-refused');
    const orphan = await newKey('cutover-manager');
    expect((await get(orphan, 'session.me')).code).toBeUndefined();
    const { memberId } = as('cutover-manager').principal;
    await removeMember(as('administrator'), { memberId });
    expect((await get(orphan, 'session.me')).code).toBe('access-key-refused');
    await site.db.update(members).set({ removedAt: null }).where(eq(members.id, memberId));
    expect((await get(orphan, 'session.me')).code, 'also when the member comes back').toBe('access-key-refused');
    const rows = await site.db.select().from(accessKeys).where(eq(accessKeys.memberId, memberId));
    expect(rows).toMatchObject([{ ended: 'member-gone', secret: null }]);
  });

  it('is not looked at after too many that were wrong, from there and with that key', async () => {
    const [key, other] = [await newKey('viewer'), await newKey('viewer')];
    for (let often = 0; often < 30; often += 1) await get({ ...key, secret: 'x'.repeat(40) }, 'session.me');
    expect((await get(key, 'session.me')).code).toBe('too-many-attempts');
    expect((await get(other, 'session.me')).code).toBeUndefined();
  });

  it('is not answered while its member has to set up a second step', async () => {
    const key = await newKey('operator');
    await site.db.update(workspaces).set({ requiresTotp: true });
    expect((await get(key, 'session.me')).code).toBe('second-step-missing');
    expect((await post(key, 'limits.update', { total: 4, perTarget: 3 })).said.code).toBe('second-step-missing');
    await site.db.update(workspaces).set({ requiresTotp: false });
    expect((await get(key, 'session.me')).code).toBeUndefined();
  });

  it('cannot do what is for browsers', async () => {
    const key = await newKey('administrator');
    expect((await get(key, 'accessKeys.own')).code).toBe('access-key-not-here');
    expect((await post(key, 'session.changePassword', { present: 'a', password: 'b' })).said.code).toBe(
      'access-key-not-here',
    );
  });

  it('leaves no way in behind that would outlive it', async () => {
    const key = await newKey('administrator');
    const { memberId } = as('viewer').principal;
    const lift = await post(key, 'members.changeRole', { memberId, role: 'administrator' });
    expect(lift.said.code).toBe('access-key-not-here');
    const map = await post(key, 'sso.setGroups', { groups: [{ group: 'Mine', role: 'administrator' }] });
    expect(map.said.code).toBe('access-key-not-here');
  });

  it('notes when and from where it was used', async () => {
    const key = await newKey('viewer');
    await get(key, 'session.me', undefined, { headers: { 'x-forwarded-for': '192.0.2.9' } });
    await expect
      .poll(async () => (await ownAccessKeys(as('viewer')))[0])
      .toMatchObject({ lastUsedAt: expect.any(Date) });
    const [{ lastUsedAt } = { lastUsedAt: null }] = await ownAccessKeys(as('viewer'));
    await get(key, 'session.me');
    await get(key, 'session.me');
    expect((await ownAccessKeys(as('viewer')))[0]?.lastUsedAt).toEqual(lastUsedAt);
  });
});

describe('curl', () => {
  const curl = async (key: Signer, ...args: string[]) => {
    const user = `${key.id}:${key.secret}`;
    const { stdout } = await run('curl', ['-sS', '--aws-sigv4', 'aws:amz:any:landfall', '--user', user, ...args]);
    return read(stdout);
  };

  it('asks and changes as docs/access-keys.md shows', async () => {
    const key = await newKey('administrator');
    expect((await curl(key, `${origin}/api/trpc/session.me`)).data).toMatchObject({ role: 'administrator' });
    const input = `input=${JSON.stringify({ json: { ...LIST, filter: { operation: 'and', tokens: [{ operator: ':', value: "it's (a) *test*!" }] } } })}`;
    expect(await curl(key, '--get', '--data-urlencode', input, `${origin}/api/trpc/servers.list`)).toMatchObject({
      data: { total: 0 },
    });
    const change = ['--json', '{"json":{"total":6,"perTarget":5}}', `${origin}/api/trpc/limits.update`];
    expect((await curl(key, ...change)).code).toBeUndefined();
    expect((await curl({ ...key, secret: 'x'.repeat(40) }, `${origin}/api/trpc/session.me`)).code).toBe(
      'access-key-refused',
    );
  });
});

describe('a key', () => {
  it('is given no more than its member has', async () => {
    expect(await faultCode(newKey('operator', { role: 'administrator' }))).toBe('input-invalid');
    expect(await faultCode(newKey('operator', { days: 366 }))).toBe('input-invalid');
  });

  it('is made once for one form, also by two clicks at once', async () => {
    const requestId = 'f'.repeat(32);
    const [one, two] = await Promise.all([newKey('viewer', { requestId }), newKey('viewer', { requestId })]);
    expect(two).toMatchObject({ id: one.id, secret: one.secret });
    expect(await ownAccessKeys(as('viewer'))).toHaveLength(1);
  });

  it(`is one of ${MOST_KEYS} at most`, async () => {
    const asked = await Promise.allSettled(Array.from({ length: MOST_KEYS + 2 }, () => newKey('viewer')));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(MOST_KEYS);
    expect(await faultCode(newKey('viewer'))).toBe('access-keys-many');
    const [first] = await ownAccessKeys(as('viewer'));
    await revokeAccessKey(as('viewer'), { keyId: first?.id as string });
    expect(await faultCode(newKey('viewer'))).toBe('none');
  });

  it('is revoked by its member and by administrators, and listed for them', async () => {
    const key = await newKey('operator');
    expect(await faultCode(revokeAccessKey(as('viewer'), { keyId: key.id }))).toBe('not-found');
    expect(await faultCode(listAccessKeys(as('operator'), LIST))).toBe('permission-denied');
    const { items, total } = await listAccessKeys(as('administrator'), LIST);
    expect([total, items[0]]).toMatchObject([1, { id: key.id, member: 'operator', name: 'Nightly', expired: false }]);
    expect(JSON.stringify(items)).not.toMatch(/secret/i);
    await revokeAccessKey(as('administrator'), { keyId: key.id });
    expect((await listAccessKeys(as('administrator'), LIST)).total).toBe(0);
  });

  it('lies sealed in the database, and not at all once it is revoked', async () => {
    const key = await newKey('viewer');
    const kept = async () => JSON.stringify(await site.db.select().from(accessKeys));
    expect(await kept()).not.toContain(key.secret);
    const trail = JSON.stringify(await site.db.select().from(audit));
    expect(trail).not.toContain(key.secret);
    await revokeAccessKey(as('viewer'), { keyId: key.id });
    expect(await kept()).toContain('"secret":null');
  });
});
