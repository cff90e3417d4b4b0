// The console as people run it, the production build behind `npm run web`, on a port of its own; and a person who is signed in.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { inferRouterInputs } from '@trpc/server';
import superjson from 'superjson';
import { freePort } from '../../scripts/run/ports.ts';
import type { AppRouter } from '../../server/api/root.ts';
import { BENCH_PASSWORD } from './database.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const START_MS = 180_000;
const ADMINISTRATOR = 'admin@landfall.local';

type Inputs = inferRouterInputs<AppRouter>;
/** `servers.list`, as it stands in the address. */
export type Procedure = { [Noun in keyof Inputs & string]: `${Noun}.${keyof Inputs[Noun] & string}` }[keyof Inputs &
  string];

export interface SignedIn {
  url: string;
  /** Name and value of the session's cookie. */
  cookie: { name: string; value: string };
  /** Asks a procedure as the browser does, and waits for the last byte. Throws after `longest` milliseconds, and when it is refused. */
  ask(procedure: Procedure, input: unknown, longest: number): Promise<unknown>;
  /** Calls a procedure that changes something. */
  change(procedure: Procedure, input: unknown): Promise<unknown>;
}

/** Builds the console where its sources changed since it was built. */
export async function buildConsole(): Promise<void> {
  const child = spawn(process.execPath, ['scripts/setup/build.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The console could not be built (exit ${code}).`);
}

/** Serves the console that was built and signs the administrator in. What ends it is added to `ends`. */
export async function startWeb(databaseUrl: string, ends: (() => unknown)[]): Promise<SignedIn> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const web = spawn(process.execPath, ['scripts/run/web.ts', '-p', String(port), '-H', '127.0.0.1'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      NEXTAUTH_URL: url,
      NEXTAUTH_SECRET: randomBytes(32).toString('base64url'),
      LOG_LEVEL: 'error',
    },
  });
  ends.push(async () => {
    if (web.exitCode !== null || web.signalCode !== null) return;
    web.kill('SIGTERM');
    const last = setTimeout(() => web.kill('SIGKILL'), 10_000);
    await once(web, 'exit');
    clearTimeout(last);
  });
  await untilUp(url, web);
  const cookie = await signIn(url);
  const headers = { cookie: `${cookie.name}=${cookie.value}` };
  return {
    url,
    cookie,
    async ask(procedure, input, longest) {
      const query = input === undefined ? '' : `?input=${encodeURIComponent(superjson.stringify(input))}`;
      const signal = AbortSignal.timeout(longest);
      try {
        return await answerOf(procedure, await fetch(`${url}/api/trpc/${procedure}${query}`, { headers, signal }));
      } catch (error) {
        throw (error as Error).name === 'TimeoutError' ? new Error(`no answer within ${longest / 1000} s`) : error;
      }
    },
    async change(procedure, input) {
      const response = await fetch(`${url}/api/trpc/${procedure}`, {
        method: 'POST',
        headers: { ...headers, origin: url, 'content-type': 'application/json' },
        body: superjson.stringify(input),
      });
      return answerOf(procedure, response);
    },
  };
}

async function answerOf(procedure: string, response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${procedure}: HTTP ${response.status} ${text.slice(0, 300)}`);
  return superjson.deserialize((JSON.parse(text) as { result: { data: never } }).result.data);
}

async function untilUp(url: string, web: ChildProcess): Promise<void> {
  for (const end = Date.now() + START_MS; Date.now() < end; ) {
    if (web.exitCode !== null) throw new Error(`The console ended at its start (exit ${web.exitCode}).`);
    const answer = await fetch(`${url}/api/health`).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await delay(100);
  }
  throw new Error(`The console did not answer within ${START_MS / 1000} s.`);
}

/** As the sign-in page does it. */
async function signIn(url: string): Promise<SignedIn['cookie']> {
  const first = await fetch(`${url}/api/auth/csrf`);
  const { csrfToken } = (await first.json()) as { csrfToken: string };
  const response = await fetch(`${url}/api/auth/callback/credentials`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookiesOf(first), origin: url, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrfToken, email: ADMINISTRATOR, password: BENCH_PASSWORD, json: 'true' }),
  });
  await response.body?.cancel();
  const session = response.headers.getSetCookie().find((cookie) => cookie.startsWith('next-auth.session-token='));
  const value = session?.split(';')[0]?.split('=').slice(1).join('=');
  if (!value) throw new Error(`The administrator could not be signed in (HTTP ${response.status}).`);
  return { name: 'next-auth.session-token', value };
}

const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
