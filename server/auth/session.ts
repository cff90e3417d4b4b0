// From a request to the member who made it. Imported by app and server/api only.
import { cookies, headers } from 'next/headers';
import { getToken, type JWT } from 'next-auth/jwt';
import { findSessionMember, type SessionClaim, type SessionMember } from '../access/principals.ts';
import { log } from '../log.ts';
import { noteSeen } from '../services/people/sessions.ts';
import { addressOf } from './address.ts';
import { sessionCookieName } from './cookies.ts';

type CookieList = readonly { name: string; value: string }[];

/** The member of a session cookie, checked against the database; null when nobody is signed in (any more). */
export async function memberOf(cookieList: CookieList, requestHeaders: Headers): Promise<SessionMember | null> {
  const claim = claimOf(await tokenOf(cookieList));
  const member = claim && (await findSessionMember(claim, addressOf(requestHeaders)));
  // Only for the list of sessions: nobody waits for it, and nobody is sent away over it.
  if (member) noteSeen(member).catch((error) => log().warn({ error }, 'session not noted'));
  return member;
}

function tokenOf(cookieList: CookieList): Promise<JWT | null> {
  const request = {
    cookies: Object.fromEntries(cookieList.map(({ name, value }) => [name, value])),
    // An Authorization header must not stand in for the cookie.
    headers: {},
  };
  const req = request as unknown as Parameters<typeof getToken>[0]['req'];
  return getToken({ req, cookieName: sessionCookieName() });
}

/** What the cookie among a request's headers claims. */
export async function claimOfHeaders(headers: Headers): Promise<SessionClaim | null> {
  return claimOf(await tokenOf(cookiesOf(headers)));
}

/** What a cookie claims; null where it is none of ours, or from before sessions had rows. */
export function claimOf(token: JWT | null): SessionClaim | null {
  const { sessionId, userId, sessionVersion, workspaceId } = token ?? {};
  if (!sessionId || !userId || typeof sessionVersion !== 'number') return null;
  return { sessionId, userId, sessionVersion, workspaceId: workspaceId ?? null };
}

/** The member of the request that is being answered. */
export async function currentMember(): Promise<SessionMember | null> {
  return memberOf((await cookies()).getAll(), await headers());
}

/** The cookies that a request carries. */
export function cookiesOf(headers: Headers): { name: string; value: string }[] {
  return (headers.get('cookie') ?? '').split(/;\s*/).flatMap((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) return [];
    return [{ name: pair.slice(0, at), value: decode(pair.slice(at + 1)) }];
  });
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
