import { afterEach, describe, expect, it, vi } from 'vitest';
import { authCookies, sessionCookieName } from './cookies.ts';
import { stayInside } from './inside.ts';

afterEach(() => vi.unstubAllEnvs());
const at = (address: string) => vi.stubEnv('LANDFALL_PUBLIC_URL', address);

describe('the way after signing in', () => {
  it.each([
    ['/jobs?page=2#run', 'https://it.example/landfall/jobs?page=2#run'],
    ['/landfall/jobs', 'https://it.example/landfall/jobs'],
    ['https://it.example/landfall/jobs', 'https://it.example/landfall/jobs'],
    ['https://it.example/landfall', 'https://it.example/landfall'],
  ])('%s leads into the console', (wanted, leads) => {
    at('https://it.example/landfall');
    expect(stayInside(wanted)).toBe(leads);
  });

  it.each([
    'https://evil.example/landfall/',
    'http://it.example/landfall/',
    'https://it.example/other',
    'https://it.example/landfall-evil',
    'https://it.example/landfall/../other',
    'https://it.example@evil.example/landfall',
    '//evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '/..//evil.example',
    'javascript:alert(1)',
    '',
  ])('%j leads home', (wanted) => {
    at('https://it.example/landfall');
    expect(['https://it.example/landfall', 'https://it.example/landfall/']).toContain(stayInside(wanted));
  });
});

describe('cookies', () => {
  it.each([
    ['http://localhost:3000', 'next-auth.session-token', '/', false],
    ['https://it.example', '__Host-next-auth.session-token', '/', true],
    ['https://it.example/landfall', '__Secure-next-auth.session-token', '/landfall', true],
  ])('of %s are %s for %s', (address, name, path, secure) => {
    at(address);
    expect(sessionCookieName()).toBe(name);
    expect(authCookies().sessionToken).toEqual({ name, options: { httpOnly: true, sameSite: 'lax', path, secure } });
    for (const cookie of Object.values(authCookies()))
      expect(cookie.options).toMatchObject({ path, secure, httpOnly: true });
  });
});
