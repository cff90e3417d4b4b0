// Peers: nginx and Caddy before the console, with the configuration that docs/examples tells people to use: TLS, a path, forwarded
// headers, answers that never end. Over real sockets, with a certificate made here.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { sql } from 'drizzle-orm';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Link } from '../connector/link.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { sessions } from '../db/schema/index.ts';
import { createTestDatabase, type TestDatabase } from '../db/testing.ts';
import { signIn } from '../scripts/run/console-client.ts';
import { freePort } from '../scripts/run/ports.ts';
import { createFirstWorkspace } from '../server/services/people/first-administrator.ts';
import { createFirstMembers } from '../server/services/people/first-members.ts';
import { describeWith } from './installed.ts';
import { type ProxyName, startProxy } from './proxies.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const UNDER = '/landfall';
const ADMINISTRATOR = { email: 'admin@landfall.local', password: 'a-password-of-this-test' };
/** What is no proxy: the other side of a proxy that listens on 127.0.0.1, which is named as one. */
const CLIENT = '127.0.0.2';
const START_MS = 120_000;
const BUILD_MS = 1_200_000;

let folder: string;
let files: { cert: string; key: string };
let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'front-door-'));
  files = { cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  writeFileSync(files.cert, made.cert);
  writeFileSync(files.key, made.private, { mode: 0o600 });
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), made.cert]);
  database = await createTestDatabase();
  db = openDatabase(database.url);
  await createFirstMembers(db, { administrator: ADMINISTRATOR.password, viewer: 'another-password-of-this-test' });
  await createFirstWorkspace(db);
  const build = spawn(process.execPath, ['scripts/setup/build.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, LANDFALL_PUBLIC_URL: `https://localhost${UNDER}` },
  });
  expect(await once(build, 'exit')).toEqual([0, null]);
}, BUILD_MS);

afterAll(async () => {
  await db?.$client.end();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

describeWith(['nginx'], 'behind nginx', () => suite('nginx'));
describeWith(['caddy'], 'behind Caddy', () => suite('caddy'));

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

function suite(name: ProxyName): void {
  let url: string;
  let port: number;
  let webPort: number;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const [https, plainPort, web] = [await freePort(), await freePort(), await freePort()];
    [port, webPort] = [https, web];
    url = `https://localhost:${port}${UNDER}`;
    ends.push(startWeb(web, url, database.url));
    const place = path.join(folder, name);
    mkdirSync(place);
    const proxy = startProxy(name, { folder: place, port, plainPort, webPort, ...files });
    ends.push(proxy.end);
    await vi.waitFor(
      async () => {
        expect(proxy.ended()).toBeNull();
        expect((await ask('/api/health')).status).toBe(200);
      },
      { timeout: START_MS, interval: 200 },
    );
  }, START_MS);

  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  /** Asks the proxy for a path of the console, as somebody who is none of those named. */
  function ask(of: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, servername: 'localhost', localAddress: CLIENT, agent: false } as const;
      const path = UNDER + of;
      request({ ...options, path, method, headers: { host: `localhost:${port}`, ...headers } }, (answer) => {
        let text = '';
        answer.on('data', (piece) => {
          text += piece;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      })
        .on('error', reject)
        .end(body);
    });
  }

  /** Signs in by hand, as a browser does; answers with the cookies that were set and those to send. */
  async function enter(headers: Record<string, string> = {}): Promise<{ set: string[]; cookie: string }> {
    const first = await ask('/api/auth/csrf');
    const { csrfToken } = JSON.parse(first.text) as { csrfToken: string };
    const form = new URLSearchParams({ ...ADMINISTRATOR, csrfToken, json: 'true' }).toString();
    const sent = {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: pairs(first.headers['set-cookie']),
      origin: new URL(url).origin,
      ...headers,
    };
    const answer = await ask('/api/auth/callback/credentials', sent, 'POST', form);
    const set = [answer.headers['set-cookie'] ?? []].flat();
    return { set, cookie: pairs(set) };
  }

  it('signs somebody in, with a cookie for this path over HTTPS, and out again', async () => {
    const api = await signIn(url, ADMINISTRATOR, AbortSignal.timeout(60_000));
    expect(await api.session.me.query()).toMatchObject({ email: ADMINISTRATOR.email });
    const { set, cookie } = await enter();
    const session = set.find((line) => line.startsWith('__Secure-next-auth.session-token='));
    expect(session).toMatch(/; Path=\/landfall;.*HttpOnly; Secure; SameSite=Lax/);
    expect((await ask('/api/trpc/session.me', { cookie })).status).toBe(200);
    const { csrfToken, cookie: both } = await token(cookie);
    const form = new URLSearchParams({ csrfToken, json: 'true', callbackUrl: 'https://evil.example/' }).toString();
    const sent = { 'content-type': 'application/x-www-form-urlencoded', cookie: both, origin: new URL(url).origin };
    const out = await ask('/api/auth/signout', sent, 'POST', form);
    expect(JSON.parse(out.text)).toEqual({ url });
    expect((await ask('/api/trpc/session.me', { cookie })).status).toBe(401);
  });

  async function token(cookie: string): Promise<{ csrfToken: string; cookie: string }> {
    const answer = await ask('/api/auth/csrf', { cookie });
    return { ...JSON.parse(answer.text), cookie: `${cookie}; ${pairs(answer.headers['set-cookie'])}` };
  }

  it('sends who is not signed in to the sign-in page under its path, and nobody elsewhere', async () => {
    const sent = await ask('/jobs?page=2');
    expect(new URL(String(sent.headers.location), url).href).toBe(`${url}/sign-in?callbackUrl=%2Fjobs%3Fpage%3D2`);
    for (const wanted of [
      '//evil.example/',
      '/sign-in?callbackUrl=//evil.example',
      '/api/auth/signin?callbackUrl=https://evil.example',
    ]) {
      const { headers } = await ask(wanted);
      if (headers.location) expect(new URL(String(headers.location), url).origin).toBe(new URL(url).origin);
    }
  });

  it('serves each page with scripts of its own nonce, and every file that it names', async () => {
    const { cookie } = await enter();
    const named = new Set<string>();
    for (const page of pages()) {
      const { status, headers, text } = await ask(page, { cookie });
      expect({ page, status }).toEqual({
        page,
        status: expect.toSatisfy((is) => is === 200 || is === 404 || is === 307),
      });
      expect(headers['strict-transport-security']).toBe('max-age=31536000');
      if (status === 307) continue;
      const nonce = /script-src 'self' 'nonce-([^']+)' 'strict-dynamic';/.exec(
        String(headers['content-security-policy']),
      )?.[1];
      for (const [tag] of text.matchAll(/<script\b[^>]*>/g))
        expect({ page, tag }).toEqual({ page, tag: expect.stringContaining(`nonce="${nonce}"`) });
      for (const [, address = ''] of text.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
        expect({ page, address }).toEqual({ page, address: expect.stringMatching(/^\/landfall\//) });
        if (/\/_next\/|\.svg/.test(address)) named.add(address.replaceAll('&amp;', '&'));
      }
    }
    expect(named.size).toBeGreaterThan(20);
    for (const address of named)
      expect({ address, status: (await ask(address.slice(UNDER.length))).status }).toEqual({ address, status: 200 });
  });

  it('brings a connector in, and tells an open page of it within a second', async () => {
    const api = await signIn(url, ADMINISTRATOR, AbortSignal.timeout(60_000));
    const { cookie } = await enter();
    const stream = await follow(cookie);
    const enrol = async (of: string) => {
      const { code, consoleUrl } = await api.connectors.createCode.mutate();
      expect(consoleUrl).toBe(url);
      const vmManager = {
        type: 'vsphere' as const,
        url: 'https://vcenter.example',
        name: 'vcenter',
        id: of,
        version: '8',
      };
      const about = { code, name: of, version: '1', host: 'h', addresses: ['192.0.2.1'], vmManager };
      const { connectorId } = await new Link(consoleUrl, undefined).call('enrol', about, AbortSignal.timeout(30_000));
      const asked = performance.now();
      await vi.waitFor(() => expect(stream.text()).toContain(connectorId), { timeout: 10_000, interval: 10 });
      return performance.now() - asked;
    };
    try {
      // The first may be among what the page is told of the time before it was opened.
      await enrol(`${name} 1`);
      expect(await enrol(`${name} 2`)).toBeLessThan(1_000);
    } finally {
      stream.end();
    }
    const refused = await ask(
      '/api/connector/v1/hello',
      { 'content-type': 'application/json', authorization: 'Bearer a.b' },
      'POST',
      '{}',
    );
    expect(JSON.parse(refused.text)).not.toMatchObject({ fault: { message: expect.stringContaining('HTTPS') } });
  });

  /** An open page's stream, once its first bytes came. */
  function follow(cookie: string): Promise<{ text: () => string; end: () => void }> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, servername: 'localhost', localAddress: CLIENT, agent: false } as const;
      const input = encodeURIComponent(JSON.stringify({ json: { after: 0 } }));
      const headers = { host: `localhost:${port}`, cookie, accept: 'text/event-stream' };
      let text = '';
      const asked = request(
        { ...options, path: `${UNDER}/api/trpc/events.follow?input=${input}`, headers },
        (answer) => {
          answer.on('data', (piece) => {
            text += piece;
            resolve({ text: () => text, end: () => asked.destroy() });
          });
          answer.on('error', () => {});
        },
      );
      asked.on('error', reject).end();
    });
  }

  it('knows where a request came from, whatever it says itself', async () => {
    await enter({ 'x-forwarded-for': '198.51.100.1', forwarded: 'for=198.51.100.1', 'x-real-ip': '198.51.100.1' });
    const [last] = await db
      .select({ address: sessions.address })
      .from(sessions)
      .orderBy(sql`${sessions.createdAt} desc`)
      .limit(1);
    expect(last?.address).toBe(CLIENT);
  });

  it('refuses changes from a foreign page', async () => {
    const { cookie } = await enter();
    const json = { cookie, 'content-type': 'application/json' };
    const change = (headers: Record<string, string>) =>
      ask('/api/trpc/connectors.createCode', { ...json, ...headers }, 'POST', '{"json":null}');
    const ours = new URL(url).origin;
    expect((await change({ origin: ours })).status).toBe(200);
    for (const origin of ['https://evil.example', 'null', `http://localhost:${port}`, 'https://localhost'])
      expect(
        (await change({ origin, 'x-forwarded-host': new URL(URL.canParse(origin) ? origin : ours).host })).status,
      ).toBe(403);
    expect((await change({ origin: ours, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await ask('/api/auth/signout', { cookie, origin: 'https://evil.example' }, 'POST')).status).toBe(403);
  });

  it('answers under its own name only', async () => {
    for (const host of ['evil.example', `localhost.evil.example:${port}`]) {
      const { status, text, headers } = await ask('/sign-in', { host, 'x-forwarded-host': host });
      // Caddy answers for a site that it does not have, with nothing.
      expect({ host, status, length: text.length < 200 }).toEqual({
        host,
        status: name === 'caddy' ? 200 : 421,
        length: true,
      });
      expect(headers).not.toHaveProperty('set-cookie');
    }
  });

  /** A path for each page of app, as `/jobs/abc`. */
  function pages(): string[] {
    return readdirSync(path.join(ROOT, 'app'), { recursive: true, encoding: 'utf8' })
      .filter((file) => path.basename(file) === 'page.tsx')
      .map((file) =>
        path
          .dirname(file)
          .split(path.sep)
          .filter((part) => part !== '.' && !part.startsWith('(')),
      )
      .map((parts) => `/${parts.map((part) => (part.startsWith('[') ? 'abc' : part)).join('/')}`);
  }
}

const pairs = (set: string | string[] | undefined): string =>
  [set ?? []]
    .flat()
    .map((line) => line.split(';')[0])
    .join('; ');

function startWeb(port: number, url: string, databaseUrl: string): () => Promise<void> {
  const web: ChildProcess = spawn(process.execPath, ['scripts/run/web.ts', '-p', String(port), '-H', '127.0.0.1'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      LANDFALL_PUBLIC_URL: url,
      LANDFALL_TRUSTED_PROXIES: '127.0.0.1',
      NEXTAUTH_SECRET: 'a secret of the test, long enough for it',
      LANDFALL_SECRET_KEY: `test:${'A'.repeat(43)}=`,
      LOG_LEVEL: 'error',
    },
  });
  const over = once(web, 'exit');
  return async () => {
    web.kill('SIGTERM');
    await over;
  };
}
