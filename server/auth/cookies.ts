// Names and paths of next-auth's cookies, by the address under which the console is reached.
import type { NextAuthOptions } from 'next-auth';
import { publicUrl, subPath } from '../public-url.ts';

type Cookies = NonNullable<NextAuthOptions['cookies']>;

/** As next-auth gives them: what a sign-in at another place needs to be finished by. */
const QUARTER_HOUR = 900;
const LIFETIMES: Record<keyof Cookies, { name: string; maxAge?: number }> = {
  sessionToken: { name: 'next-auth.session-token' },
  callbackUrl: { name: 'next-auth.callback-url' },
  csrfToken: { name: 'next-auth.csrf-token' },
  pkceCodeVerifier: { name: 'next-auth.pkce.code_verifier', maxAge: QUARTER_HOUR },
  state: { name: 'next-auth.state', maxAge: QUARTER_HOUR },
  nonce: { name: 'next-auth.nonce' },
};

/**
 * Over HTTPS no page of a neighbouring name can plant a cookie of ours: a browser takes `__Host-` from this very host only.
 * Under a path that prefix is not to be had; there `__Secure-` and the path keep other programs of the host from reading them.
 */
function prefix(): string {
  if (!publicUrl().startsWith('https:')) return '';
  return subPath() ? '__Secure-' : '__Host-';
}

/** All that next-auth sets. */
export function authCookies(): Cookies {
  const secure = publicUrl().startsWith('https:');
  const path = subPath() || '/';
  const cookies = Object.entries(LIFETIMES).map(([key, { name, maxAge }]) => [
    key,
    {
      name: prefix() + name,
      options: { httpOnly: true, sameSite: 'lax' as const, path, secure, ...(maxAge && { maxAge }) },
    },
  ]);
  return Object.fromEntries(cookies) as Cookies;
}

/** The cookie that says who somebody is. */
export const sessionCookieName = (): string => prefix() + LIFETIMES.sessionToken.name;
