// next-auth: sign-in with e-mail and password, the session as an encrypted cookie that names its row in the database.
// Loaded by the web only (next-auth is CommonJS and cannot be loaded by the worker).
import nextAuthModule, { type NextAuthOptions } from 'next-auth';
import credentialsModule from 'next-auth/providers/credentials';
import { signIn } from '../access/sign-in.ts';
import { log } from '../log.ts';
import { subPath } from '../public-url.ts';
import { processContext } from '../services/context.ts';
import { beginSession, SESSION_SECONDS, signOutSession } from '../services/people/sessions.ts';
import { addressOf } from './address.ts';
import { authCookies } from './cookies.ts';
import { stayInside } from './inside.ts';
import { claimOf } from './session.ts';

// The bundler unwraps the CommonJS default, native ESM does not.
const NextAuth = (nextAuthModule as unknown as { default?: typeof nextAuthModule }).default ?? nextAuthModule;
const Credentials =
  (credentialsModule as unknown as { default?: typeof credentialsModule }).default ?? credentialsModule;

/** What the session cookie says; everything else is read from the database. */
declare module 'next-auth/jwt' {
  interface JWT {
    sessionId?: string;
    userId?: string;
    sessionVersion?: number;
    workspaceId?: string;
  }
}

declare module 'next-auth' {
  interface User {
    sessionId?: string;
    sessionVersion?: number;
    workspaceId?: string;
  }
}

const authOptions: NextAuthOptions = {
  session: { strategy: 'jwt', maxAge: SESSION_SECONDS },
  cookies: authCookies(),
  pages: { signIn: `${subPath()}/sign-in`, error: `${subPath()}/sign-in` },
  providers: [
    Credentials({
      name: 'Password',
      credentials: { email: { type: 'email' }, password: { type: 'password' } },
      async authorize(credentials, request) {
        const email = String(credentials?.email ?? '');
        const headers = new Headers(request.headers as Record<string, string>);
        const address = addressOf(headers);
        let result: Awaited<ReturnType<typeof signIn>>;
        try {
          result = await signIn({ email, password: String(credentials?.password ?? ''), address });
          if (result.ok) {
            const { userId, sessionVersion, workspaceId, passwordHash } = result;
            const by = {
              userId,
              sessionVersion,
              workspaceId,
              passwordHash,
              address,
              userAgent: headers.get('user-agent'),
            };
            const sessionId = await beginSession(processContext('Sign-in'), by);
            return { id: userId, sessionId, sessionVersion, workspaceId };
          }
        } catch (error) {
          log().error({ error }, 'sign-in failed');
          throw new Error('unavailable');
        }
        log().warn({ address, reason: result.reason }, 'sign-in refused');
        // The message travels to the sign-in page as its error code.
        throw new Error(result.reason === 'too-many' ? `too-many:${result.retryAfterSeconds}` : 'wrong');
      },
    }),
  ],
  callbacks: {
    jwt({ token, user, trigger, session }) {
      if (user) {
        const { id: userId, sessionId, sessionVersion = 0, workspaceId } = user;
        return { sessionId, userId, sessionVersion, workspaceId };
      }
      // Opening another workspace; membership is checked when the session is used.
      const wanted: unknown = trigger === 'update' ? (session as { workspaceId?: unknown })?.workspaceId : undefined;
      return typeof wanted === 'string' ? { ...token, workspaceId: wanted } : token;
    },
    redirect: ({ url }) => stayInside(url),
    // Nothing about the member goes out here: screens ask `session.me`.
    session: ({ session }) => ({ expires: session.expires }),
  },
  events: {
    async signOut({ token }) {
      const claim = claimOf(token);
      if (claim) await signOutSession(claim);
    },
  },
  logger: {
    error: (code, metadata) =>
      log().error({ error: metadata instanceof Error ? metadata : undefined, code }, 'next-auth'),
    warn: (code) => log().debug({ code }, 'next-auth'),
    debug: () => {},
  },
};

/** next-auth's own routes, `/api/auth/*`. */
export const authHandler = NextAuth(authOptions);
