// From a request to the member who made it. Imported by app and server/api only.
import { cookies, headers } from 'next/headers';
import { getToken } from 'next-auth/jwt';
import { findSessionMember, type SessionMember } from '../access/principals.ts';
import { addressOf } from './address.ts';

type CookieList = readonly { name: string; value: string }[];

/** The member of a session cookie, checked against the database; null when nobody is signed in (any more). */
export async function memberOf(cookieList: CookieList, requestHeaders: Headers): Promise<SessionMember | null> {
  const request = {
    cookies: Object.fromEntries(cookieList.map(({ name, value }) => [name, value])),
    // An Authorization header must not stand in for the cookie.
    headers: {},
  };
  const token = await getToken({ req: request as unknown as Parameters<typeof getToken>[0]['req'] });
  if (!token?.userId || typeof token.sessionVersion !== 'number') return null;
  const claim = {
    userId: token.userId,
    sessionVersion: token.sessionVersion,
    workspaceId: token.workspaceId ?? null,
  };
  return findSessionMember(claim, addressOf(requestHeaders));
}

/** The member of the request that is being answered. */
export async function currentMember(): Promise<SessionMember | null> {
  return memberOf((await cookies()).getAll(), await headers());
}
