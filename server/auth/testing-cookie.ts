// The cookie of somebody who signed in, for tests of what a browser asks beside tRPC.
import { encode } from 'next-auth/jwt';
import { newId } from '../../db/ids.ts';
import { sessions } from '../../db/schema/index.ts';
import type { SessionClaim } from '../access/principals.ts';
import type { ServiceContext } from '../services/context.ts';

const SECRET = 'a secret of the test';

/** Sets NEXTAUTH_SECRET of the process. */
export async function cookieOf({ db, principal }: ServiceContext): Promise<string> {
  if (principal.kind !== 'member') throw new Error('Only a member has a cookie.');
  process.env.NEXTAUTH_SECRET = SECRET;
  const { userId, workspaceId } = principal;
  const sessionId = newId.session();
  await db.insert(sessions).values({ id: sessionId, userId, expiresAt: new Date(Date.now() + 60_000) });
  return testCookie({ sessionId, userId, sessionVersion: 1, workspaceId });
}

/** The cookie of a session that is there, as next-auth would set it; NEXTAUTH_SECRET must be set. */
export async function testCookie({ workspaceId, ...claim }: SessionClaim): Promise<string> {
  const secret = process.env.NEXTAUTH_SECRET as string;
  return `next-auth.session-token=${await encode({ token: { ...claim, ...(workspaceId && { workspaceId }) }, secret })}`;
}
