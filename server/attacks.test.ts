// What somebody would try against the console over HTTP; docs/security.md says what each proves. Further attacks are tested beside what
// they attack, and are named there.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import superjson from 'superjson';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempts } from '../db/schema/invitations.ts';
import { users } from '../db/schema/people.ts';
import { hashPassword } from './access/passwords.ts';
import { signIn } from './access/sign-in.ts';
import { handleActivityExport } from './api/export-activity.ts';
import { handleTrpc } from './api/handle.ts';
import { appRouter } from './api/root.ts';
import { call, cookies, ORIGIN, openSite, rows, site, tried } from './api/testing-callers.ts';
import { ENTRIES, type ProcedurePath } from './api/testing-procedures.ts';
import { handleGateway } from './gateway/gateway.ts';
import { createEnrolmentCode } from './services/connectors/enrol.ts';

beforeAll(openSite, 60_000);
afterAll(() => site.close());

const procedures = appRouter._def.procedures as object as Record<ProcedurePath, { _def: { type: string } }>;
const isMutation = (name: ProcedurePath) => procedures[name]._def.type === 'mutation';
const administrator = () => ({ cookie: cookies.get('administrator') ?? '', host: new URL(ORIGIN).host });
const json = { 'content-type': 'application/json' };

async function post(name: string, body: string, headers: Record<string, string>) {
  const answer = await handleTrpc(new Request(`${ORIGIN}/api/trpc/${name}`, { method: 'POST', headers, body }));
  const text = await answer.text();
  return { status: answer.status, text, outcome: /"fault":\{"code":"([a-z-]+)"/.exec(text)?.[1] ?? 'done' };
}

describe('a page of somebody else', () => {
  const changes = ENTRIES.filter(({ path: name }) => isMutation(name));

  it.each([
    ['that says where it is', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['on a neighbouring name', { origin: 'http://evil.console.test', 'sec-fetch-site': 'same-site' }],
    ['in a sandboxed frame', { origin: 'null' }],
    ['whose browser says nothing', {}],
  ])(
    '%s changes nothing by the cookie of who looks at it',
    async (_what, from) => {
      expect(changes.length).toBeGreaterThan(40);
      for (const { path: name, entry } of changes) {
        const body = JSON.stringify(superjson.serialize(entry.input?.(rows)));
        const answer = await tried(() => post(name, body, { ...administrator(), ...json, ...from }));
        expect([answer.outcome, answer.touched], name).toEqual(['permission-denied', false]);
      }
    },
    60_000,
  );

  it('changes nothing by a form, by a link, or by another method', async () => {
    const own = { ...administrator(), origin: ORIGIN };
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const answer = await tried(() => post('session.endOthers', '{}', { ...own, 'content-type': type }));
      expect([answer.status < 500, answer.touched], type).toEqual([true, false]);
    }
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const url = `${ORIGIN}/api/trpc/session.endOthers`;
      const answer = await tried(async () => {
        const { status } = await handleTrpc(new Request(url, { method, headers: own }));
        return { status };
      });
      expect([answer.status === 405 || answer.status === 415, answer.touched], method).toEqual([true, false]);
    }
  });
});

/** Every text of an input, by the way to it. */
function textsOf(value: unknown, way: (string | number)[] = []): (string | number)[][] {
  if (typeof value === 'string') return [way];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) => textsOf(inner, [...way, name]));
}

function replaced(value: unknown, [first, ...rest]: (string | number)[], by: string): unknown {
  if (first === undefined) return by;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  copy[first] = replaced(copy[first], rest, by);
  return copy;
}

describe('a text that is made to do something', () => {
  const HOSTILE = [
    `'; drop table audit; --"><img src=x onerror=alert(1)>\${7*7}`,
    'nul \u0000, half a pair \ud800, turned \u202e, %_\\',
    'x'.repeat(300_000),
  ];

  it.each(HOSTILE.map((text) => [JSON.stringify(text.slice(0, 40)), text]))(
    '%s does nothing in any field of any procedure, and no answer is an inner fault',
    async (_shown, text) => {
      const inner: string[] = [];
      let fields = 0;
      for (const { path: name, entry } of ENTRIES) {
        if (name === 'events.follow') continue;
        const input = entry.input?.(rows);
        for (const way of textsOf(input)) {
          fields += 1;
          let outcome = '';
          // What the database itself refuses ends the transaction that all this is taken back in.
          await tried(async () => {
            const answer = await call('administrator', name, replaced(input, way, text));
            outcome = answer.outcome;
            return answer;
          }).catch(() => undefined);
          if (outcome === 'internal' || outcome === '') inner.push(`${name} ${way.join('.')}: ${outcome}`);
        }
      }
      expect(fields).toBeGreaterThan(100);
      expect(inner).toEqual([]);
      expect(await site.db.execute(sql`select to_regclass('audit') is not null as there`)).toMatchObject({
        rows: [{ there: true }],
      });
    },
    120_000,
  );

  it('comes back as it was written, as text, and is no formula in the spreadsheet', async () => {
    const name = '=HYPERLINK("http://evil.example","x")<script>alert(1)</script>';
    expect((await call('administrator', 'session.changeName', { name })).outcome).toBe('done');
    const me = await call('administrator', 'session.me', undefined);
    expect(superjson.deserialize<{ name: string }>(JSON.parse(me.text).result.data).name).toBe(name);
    const answer = await handleActivityExport(
      new Request(`${ORIGIN}/api/activity/export?format=csv`, { headers: administrator() }),
    );
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
    const csv = await answer.text();
    expect(csv).toContain('"\'=HYPERLINK(""http://evil.example""');
    expect(csv).not.toMatch(/(^|[\n,]"?)[=+@]/);
  });

  it('is never made HTML by a page: two scripts of our own are all that is', () => {
    const root = path.resolve(import.meta.dirname, '../app');
    const html = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .flatMap((name) => {
        const text = readFileSync(path.join(root, name), 'utf8');
        return [...text.matchAll(/(?:dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write)\b.*/g)].map(
          ([found]) => `${name}: ${found}`,
        );
      });
    expect(html).toEqual([
      'layout.tsx: dangerouslySetInnerHTML={{ __html: SYSTEM_THEME_SCRIPT }}',
      'layout.tsx: dangerouslySetInnerHTML={{ __html: EARLY_CLICK_SCRIPT }}',
    ]);
  });
});

describe('a body that is none', () => {
  const from = { ...json, origin: ORIGIN, host: 'console.test' };
  const DEEP = '['.repeat(100_000);

  it.each([
    ['no JSON', '{'],
    ['endlessly deep', DEEP],
    ['deep, and closed', `{"json":${DEEP}${']'.repeat(DEEP.length)}}`],
    ['another kind of document', '<xml/>'],
    ['a list', '[1, 2]'],
    ['names of Object', '{"json": {"__proto__": {"admin": true}, "constructor": {"prototype": {}}}}'],
    [
      'types that are none',
      '{"json": {"a": "x"}, "meta": {"values": {"a": ["custom", "Evil"], "__proto__.x": ["Date"]}}}',
    ],
  ])('is refused by the API, for who is signed in and who is not: %s', async (_what, body) => {
    for (const headers of [from, { ...from, ...administrator() }])
      for (const name of ['links.setPassword', 'jobs.pause', 'jobs.nothing']) {
        const answer = await post(name, body, headers);
        expect(answer.status, `${name}: ${answer.text}`).toBeGreaterThanOrEqual(400);
        expect(answer.status, `${name}: ${answer.text}`).toBeLessThan(500);
      }
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('is refused before it is read where it is too large, said so or not', async () => {
    const large = `{"json":{"token":"${'x'.repeat(3 * 1024 * 1024)}"}}`;
    expect(await post('links.setPassword', large, from)).toMatchObject({ status: 413, outcome: 'input-invalid' });
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const request = new Request(`${ORIGIN}/api/trpc/links.setPassword`, {
      ...{ method: 'POST', headers: from, body: endless, duplex: 'half' },
    });
    expect((await handleTrpc(request)).status).toBe(413);
    expect(sent).toBeLessThan(6);
  });

  it('of many questions at once is refused', async () => {
    const names = Array.from({ length: 500 }, () => 'session.me').join(',');
    const answer = await handleTrpc(new Request(`${ORIGIN}/api/trpc/${names}?batch=1&input={}`, { headers: from }));
    expect(answer.status).toBe(400);
  });

  it.each([
    '0',
    '"x"',
    '{"filter":{}}',
    '{"filter":{"operation":"and","tokens":[{"propertyKey":"__proto__","operator":"=","value":"x"}]}}',
    DEEP,
  ])('asks the download of the trail for nothing: %.40s', async (query) => {
    const url = new URL(`${ORIGIN}/api/activity/export?format=csv`);
    url.searchParams.set('query', query);
    const answer = await handleActivityExport(new Request(url, { headers: administrator() }));
    expect(answer.status).toBe(400);
  });
});

describe('a connector’s call', () => {
  const about = { name: 'South', version: '1', host: 'south', addresses: [] };
  const vmManager = { type: 'vsphere', url: 'https://vc', name: 'vc', id: 'vc', version: '8' };
  async function ask(verb: string, body: unknown, token: string) {
    const request = new Request(`http://127.0.0.1/api/connector/v1/${verb}`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(body) },
    });
    const answer = await handleGateway(request, verb);
    return (await answer.json()) as { token?: string; session?: number; fault?: { code: string } };
  }
  let token = '';
  let id = '';
  beforeAll(async () => {
    const { code } = await createEnrolmentCode(site.as('administrator'));
    token = (await ask('enrol', { ...about, vmManager, code }, '')).token as string;
    id = token.slice(0, token.indexOf('.'));
    // A code is worth one connector.
    expect((await ask('enrol', { ...about, vmManager, code }, '')).fault?.code).toBe('connector-refused');
  });

  it('is refused with a secret that is not its own', async () => {
    const secret = token.slice(id.length + 1);
    for (const forged of [
      `${id}.`,
      `${id}.${secret}x`,
      `${id}.${secret.toUpperCase()}`,
      `${site.connectorId}.${secret}`,
      secret,
      `' or ''='.${secret}`,
    ])
      expect((await ask('hello', about, forged)).fault?.code, forged).toBe('connector-refused');
  });

  it('that was recorded is worth nothing once its process has a successor, or its task has moved on', async () => {
    const { session } = await ask('hello', { ...about, vmManager }, token);
    await site.db.execute(sql`insert into tasks (id, workspace_id, kind, place, connector_id, holder, fence, lease_until)
      values ('task-replay', ${site.workspaceId}, 'import-catalog', 'connector', ${id}, ${`${id}/${session}`}, 3, now() + interval '1 hour')`);
    const page = { taskId: 'task-replay', fence: 3, servers: [], last: true };
    const settle = { taskId: 'task-replay', fence: 3, outcome: { ok: true, result: {} } };
    expect((await ask('catalog', { ...page, fence: 2 }, token)).fault?.code).toBe('lease-lost');
    expect((await ask('settle', settle, token)).fault).toBeUndefined();
    for (const [verb, again] of [
      ['settle', settle],
      ['catalog', page],
    ] as const)
      expect((await ask(verb, again, token)).fault?.code, verb).toBe('lease-lost');
    await ask('hello', { ...about, vmManager }, token);
    const claim = { session, free: 1, waitSeconds: 0 };
    expect((await ask('claim', claim, token)).fault?.code).toBe('connector-superseded');
  });
});

it('a sign-in takes as long for an account that is not there', async () => {
  await site.db.update(users).set({ passwordHash: await hashPassword('right password') });
  const took: Record<string, number[]> = { known: [], unknown: [] };
  for (let round = 0; round < 9; round += 1)
    for (const [who, email] of [
      ['known', 'operator@example.com'],
      ['unknown', `nobody-${round}@example.com`],
    ] as const) {
      await site.db.delete(attempts);
      // Of the processor: others on the machine take from the clock's.
      const from = process.cpuUsage();
      await signIn({ email, password: 'a wrong one', address: `10.9.${round}.1` }, site.db);
      const { user, system } = process.cpuUsage(from);
      took[who]?.push(user + system);
    }
  const middle = (who: string) => [...(took[who] ?? [])].sort((a, b) => a - b)[4] as number;
  // Whoever looks for the difference sees the hash in both: without it an unknown one is done in a few milliseconds.
  expect(middle('unknown') / middle('known')).toBeGreaterThan(0.5);
  expect(middle('unknown') / middle('known')).toBeLessThan(2);
}, 60_000);
