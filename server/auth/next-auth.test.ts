// The cookie from sign-in to sign-out, over next-auth's own routes: what a copy of it is worth afterwards.
import { eq } from 'drizzle-orm';
import { encode } from 'next-auth/jwt';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sessions, users, userTotp } from '../../db/schema/index.ts';
import { hashPassword } from '../access/passwords.ts';
import { beginTotp, confirmTotp } from '../services/people/totp.ts';
import { type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { authHandler } from './next-auth.ts';
import { memberOf } from './session.ts';

const ORIGIN = 'http://console.test';
let site: TestWorkspace;

beforeAll(async () => {
  site = await testWorkspace();
  Object.assign(process.env, { NEXTAUTH_URL: ORIGIN, NEXTAUTH_SECRET: 'a secret of the test' });
  await site.db.update(users).set({ passwordHash: await hashPassword('right password') });
});
afterAll(() => site.close());

/** A browser's cookies. */
class Jar {
  readonly kept = new Map<string, string>();
  get header(): string {
    return [...this.kept].map(([name, value]) => `${name}=${value}`).join('; ');
  }
  /** By the form of the handler for Node's own requests: the other one works inside of Next only. */
  async ask(action: string, body?: Record<string, string>): Promise<unknown> {
    let set: string[] = [];
    let said: unknown;
    const keep = (sent: unknown) => {
      said = sent;
    };
    const response = {
      status: () => response,
      getHeader: () => set,
      setHeader: (name: string, value: string[]) => {
        if (name === 'Set-Cookie') set = value;
      },
      send: keep,
      json: keep,
    };
    const request = {
      method: body ? 'POST' : 'GET',
      query: { nextauth: action.split('/') },
      headers: { 'user-agent': 'Test browser', host: new URL(ORIGIN).host, cookie: this.header },
      cookies: Object.fromEntries([...this.kept].map(([name, value]) => [name, decodeURIComponent(value)])),
      body,
    };
    await authHandler(request, response);
    for (const cookie of set) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value) this.kept.set(name, value);
      else this.kept.delete(name);
    }
    return said;
  }
  async post(action: string, form: Record<string, string> = {}): Promise<unknown> {
    const { csrfToken } = (await this.ask('csrf')) as { csrfToken: string };
    return this.ask(action, { ...form, csrfToken, json: 'true' });
  }
  async signIn(password = 'right password'): Promise<void> {
    await this.post('callback/credentials', { email: 'operator@example.com', password });
  }
}

/** Whoever comes with these cookies, by name. */
async function whoIs(cookie: string): Promise<string | undefined> {
  const pairs = cookie.split('; ').map((pair) => pair.split('='));
  const member = await memberOf(
    pairs.map(([name = '', value = '']) => ({ name, value: decodeURIComponent(value) })),
    new Headers(),
  );
  return member?.principal.name;
}

it('lets a copy of the cookie in until its browser signs out', async () => {
  const jar = new Jar();
  await jar.signIn();
  const copy = jar.header;
  const [session] = await site.db.select().from(sessions);
  expect(session).toMatchObject({ userAgent: 'Test browser', endedAt: null });
  expect(await whoIs(copy)).toBe('operator');
  await jar.post('signout');
  expect(await whoIs(jar.header)).toBeUndefined();
  expect(await whoIs(copy)).toBeUndefined();
});

it('begins a session of its own with every sign-in, and none with a wrong password', async () => {
  const [one, two, wrong] = [new Jar(), new Jar(), new Jar()];
  const before = await site.db.$count(sessions);
  await one.signIn();
  await two.signIn();
  await wrong.signIn('wrong');
  expect(await site.db.$count(sessions)).toBe(before + 2);
  await one.post('signout');
  expect([await whoIs(one.header), await whoIs(two.header), await whoIs(wrong.header)]).toEqual([
    undefined,
    'operator',
    undefined,
  ]);
});

it('gives whoever signs in a cookie of its own, whatever somebody had planted in the browser', async () => {
  const [attacker, victim] = [new Jar(), new Jar()];
  await attacker.post('callback/credentials', { email: 'viewer@example.com', password: 'right password' });
  const planted = attacker.header;
  for (const [name, value] of attacker.kept) victim.kept.set(name, value);
  await victim.signIn();
  expect(victim.kept.get('next-auth.session-token')).not.toBe(attacker.kept.get('next-auth.session-token'));
  // What was planted is over: who signs in over it ends it.
  expect([await whoIs(victim.header), await whoIs(planted)]).toEqual(['operator', undefined]);
  const invented = new Jar();
  invented.kept.set('next-auth.session-token', 'chosen-by-somebody');
  await invented.signIn();
  expect(invented.kept.get('next-auth.session-token')).not.toBe('chosen-by-somebody');
  expect(await whoIs('next-auth.session-token=chosen-by-somebody')).toBeUndefined();
});

it('signs nobody in or out without the token of the form', async () => {
  const jar = new Jar();
  await jar.ask('csrf');
  await jar.ask('callback/credentials', { email: 'operator@example.com', password: 'right password', json: 'true' });
  expect(await whoIs(jar.header)).toBeUndefined();
  await jar.signIn();
  await jar.ask('signout', { csrfToken: 'guessed', json: 'true' });
  expect(await whoIs(jar.header)).toBe('operator');
});

it('ends the session over which somebody signs in, and no other', async () => {
  const [jar, other] = [new Jar(), new Jar()];
  await other.signIn();
  await jar.signIn();
  const copy = jar.header;
  await jar.signIn('wrong');
  expect(await whoIs(copy), 'not by a sign-in that was refused').toBe('operator');
  await jar.signIn();
  expect([await whoIs(jar.header), await whoIs(copy), await whoIs(other.header)]).toEqual([
    'operator',
    undefined,
    'operator',
  ]);
});

it('begins no session before the second step, and one after it', async () => {
  const operator = site.as('operator') as Parameters<typeof beginTotp>[0];
  const { secret } = await beginTotp(operator);
  const code = (steps: number) => new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 });
  await confirmTotp(operator, { code: code(-1) });
  const jar = new Jar();
  const before = await site.db.$count(sessions);
  const { url } = (await jar.post('callback/credentials', {
    email: 'operator@example.com',
    password: 'right password',
  })) as { url: string };
  const [, challenge = ''] = /^code:(.+)$/.exec(new URL(url).searchParams.get('error') ?? '') ?? [];
  expect(challenge).not.toBe('');
  expect(await whoIs(jar.header)).toBeUndefined();
  await jar.post('callback/credentials', { challenge, code: '000000' });
  expect([await whoIs(jar.header), await site.db.$count(sessions)]).toEqual([undefined, before]);
  await jar.post('callback/credentials', { challenge, code: code(0) });
  expect([await whoIs(jar.header), await site.db.$count(sessions)]).toEqual(['operator', before + 1]);
  await site.db.delete(userTotp);
});

it('signs out whoever comes with a cookie from before sessions had rows', async () => {
  const [user] = await site.db.select().from(users).where(eq(users.email, 'operator@example.com'));
  const old = await encode({
    token: { userId: user?.id as string, sessionVersion: 1, workspaceId: site.workspaceId },
    secret: process.env.NEXTAUTH_SECRET as string,
  });
  expect(await whoIs(`next-auth.session-token=${old}`)).toBeUndefined();
});
