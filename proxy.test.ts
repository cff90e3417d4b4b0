// Every page that there is, by its file: what its answer forbids, and where it sends who is not signed in.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { NextRequest } from 'next/server';
import { encode } from 'next-auth/jwt';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { config, proxy } from './proxy.ts';
import { sessionCookieName } from './server/auth/cookies.ts';

const SECRET = 'a secret of the test';
const OPEN = ['/sign-in', '/first-run/abc', '/invitation/abc', '/reset/abc'];

/** The paths of all pages, as `/jobs/abc/edit`. */
const PAGES = readdirSync(path.join(import.meta.dirname, 'app'), { recursive: true, encoding: 'utf8' })
  .filter((name) => path.basename(name) === 'page.tsx')
  .map((name) => {
    const parts = path.dirname(name).split(path.sep);
    return `/${parts
      .filter((part) => part !== '.' && !part.startsWith('('))
      .map((part) => (part.startsWith('[') ? 'abc' : part))
      .join('/')}`;
  });

beforeEach(() => {
  vi.stubEnv('NEXTAUTH_SECRET', SECRET);
  vi.stubEnv('LANDFALL_PUBLIC_URL', 'https://it.example');
});
afterEach(() => vi.unstubAllEnvs());

const address = 'https://it.example';

async function signedIn(target: string): Promise<NextRequest> {
  const token = await encode({ token: { userId: 'u', sessionId: 's' }, secret: SECRET });
  return new NextRequest(address + target, { headers: { cookie: `${sessionCookieName()}=${token}` } });
}

/** What a policy allows, by its directive. */
function allowed(response: Response): Map<string, string> {
  const policy = response.headers.get('content-security-policy') ?? '';
  return new Map(policy.split('; ').map((line) => [line.split(' ')[0] ?? '', line.split(' ').slice(1).join(' ')]));
}

it('finds the pages', () => {
  expect(PAGES.length).toBeGreaterThan(25);
  expect(PAGES).toEqual(expect.arrayContaining(['/', '/overview', '/sign-in', '/runs/abc/launch', '/reset/abc']));
});

describe.each(PAGES)('the page %s', (page) => {
  it('runs scripts of this very answer only, and stands in no frame', async () => {
    const [source] = config.matcher;
    expect(page).toMatch(new RegExp(`^${source?.source}$`));
    const [one, two] = [await proxy(await signedIn(page)), await proxy(await signedIn(page))];
    const policy = allowed(one);
    expect(policy.get('script-src')).toMatch(/^'self' 'nonce-[A-Za-z0-9+/=]{24}' 'strict-dynamic'$/);
    expect(policy.get('script-src')).not.toBe(allowed(two).get('script-src'));
    expect(policy.get('style-src-elem')).toMatch(/^'self' 'nonce-[A-Za-z0-9+/=]{24}'$/);
    expect(Object.fromEntries(policy)).toMatchObject({
      'default-src': "'self'",
      'connect-src': "'self'",
      'object-src': "'none'",
      'base-uri': "'self'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
    });
  });

  it('is for who is signed in, or has a link that says who', async () => {
    const response = await proxy(new NextRequest(`${address}${page}?tab=log`));
    if (OPEN.includes(page)) return expect(response.headers.get('location')).toBeNull();
    const location = new URL(response.headers.get('location') ?? '');
    expect([location.origin, location.pathname]).toEqual([address, '/sign-in']);
    if (page !== '/') expect(location.searchParams.get('callbackUrl')).toBe(`${page}?tab=log`);
  });
});

it('takes the cookie of its own name only, signed with its own secret', async () => {
  const token = await encode({ token: { userId: 'u', sessionId: 's' }, secret: SECRET });
  const foreign = await encode({ token: { userId: 'u', sessionId: 's' }, secret: 'another' });
  for (const cookie of [
    `next-auth.session-token=${token}`,
    `__Secure-next-auth.session-token=${token}`,
    `${sessionCookieName()}=${foreign}`,
  ]) {
    const response = await proxy(new NextRequest(`${address}/jobs`, { headers: { cookie } }));
    expect(response.headers.get('location')).toContain('/sign-in');
  }
});

it('keeps the path under which the console lies', async () => {
  vi.stubEnv('LANDFALL_PUBLIC_URL', 'https://it.example/landfall');
  const request = new NextRequest('https://it.example/landfall/jobs', { nextConfig: { basePath: '/landfall' } });
  const response = await proxy(request);
  expect(response.headers.get('location')).toBe('https://it.example/landfall/sign-in?callbackUrl=%2Fjobs');
});
