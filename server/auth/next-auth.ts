// next-auth: sign-in with e-mail and password and at the provider of single sign-on, the session as an encrypted cookie that names its row in the database.
// Loaded by the web only (next-auth is CommonJS and cannot be loaded by the worker).
import nextAuthModule, { type NextAuthOptions } from 'next-auth';
import credentialsModule from 'next-auth/providers/credentials';
import { finishSignIn, signIn } from '../access/sign-in.ts';
import { type SsoSettings, ssoSettings } from '../access/sso-settings.ts';
import { log } from '../log.ts';
import { publicUrl, subPath } from '../public-url.ts';
import { processContext } from '../services/context.ts';
import { beginSession, SESSION_SECONDS, signOutSession } from '../services/people/sessions.ts';
import { enterBySso } from '../services/sso/enter.ts';
import { addressOf } from './address.ts';
import { authCookies } from './cookies.ts';
import { stayInside } from './inside.ts';
import { OIDC, type OidcProfile, oidcProvider, personOf } from './oidc-provider.ts';
import { claimOf, claimOfHeaders } from './session.ts';
import { afterAttempt, reasonOf, type SsoAttempt, ssoAttempts } from './sso-attempt.ts';

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

const authOptions = (sso: SsoSettings | null, requestHeaders: Headers): NextAuthOptions => ({
  session: { strategy: 'jwt', maxAge: SESSION_SECONDS },
  cookies: authCookies(),
  pages: { signIn: `${subPath()}/sign-in`, error: `${subPath()}/sign-in` },
  providers: [
    Credentials({
      name: 'Password',
      credentials: { email: { type: 'email' }, password: { type: 'password' }, challenge: {}, code: {} },
      async authorize(credentials, request) {
        const sent = (name: 'email' | 'password' | 'challenge' | 'code') => String(credentials?.[name] ?? '');
        const challenge = sent('challenge');
        const headers = new Headers(request.headers as Record<string, string>);
        const address = addressOf(headers);
        let result: Awaited<ReturnType<typeof signIn>> | Awaited<ReturnType<typeof finishSignIn>>;
        try {
          result = challenge
            ? await finishSignIn({ challenge, code: sent('code') })
            : await signIn({ email: sent('email'), password: sent('password'), address });
          if (result.ok) {
            const { ok: _, ...of } = result;
            const { userId, sessionVersion, workspaceId } = of;
            const by = { ...of, address, userAgent: headers.get('user-agent') };
            const sessionId = await beginSession(processContext('Sign-in'), by);
            await endFormer(headers);
            return { id: userId, sessionId, sessionVersion, workspaceId };
          }
        } catch (error) {
          log().error({ error }, 'sign-in failed');
          throw new Error('unavailable');
        }
        // The message travels to the sign-in page as its error code.
        if (result.reason === 'code') throw new Error(`code:${result.challenge}`);
        log().warn({ address, reason: result.reason }, 'sign-in refused');
        throw new Error(result.reason === 'too-many' ? `too-many:${result.retryAfterSeconds}` : result.reason);
      },
    }),
    ...(sso ? [oidcProvider(sso)] : []),
  ],
  callbacks: {
    async signIn({ user, account, profile }) {
      if (account?.provider !== OIDC) return true;
      if (!sso) return false;
      return enter(sso, user, profile as unknown as OidcProfile, account.id_token ?? null, requestHeaders);
    },
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
    error: (code, metadata) => {
      const attempt = ssoAttempts.getStore();
      if (attempt && /OAUTH/.test(code)) noteFailure(attempt, metadata);
      else log().error({ error: metadata instanceof Error ? metadata : undefined, code }, 'next-auth');
    },
    warn: (code) => log().debug({ code }, 'next-auth'),
    debug: () => {},
  },
});

/** Lets in whoever comes from the provider, or notes why not. What the session is goes to next-auth on `user`. */
async function enter(
  sso: SsoSettings,
  user: { sessionId?: string; sessionVersion?: number; workspaceId?: string; id: string },
  profile: OidcProfile,
  idToken: string | null,
  headers: Headers,
): Promise<boolean> {
  const attempt = ssoAttempts.getStore() ?? { reason: null };
  const address = addressOf(headers);
  try {
    const entered = await enterBySso(processContext('Sign-in'), {
      person: personOf(profile, sso),
      joinByEmail: sso.joinByEmail,
      sessionSeconds: sso.sessionSeconds,
      signOut: profile.endSession && idToken ? { endpoint: profile.endSession, idToken } : null,
      address,
      userAgent: headers.get('user-agent'),
    });
    if (entered.ok) {
      await endFormer(headers);
      const { userId: id, sessionId, sessionVersion, workspaceId } = entered;
      Object.assign(user, { id, sessionId, sessionVersion, workspaceId });
      return true;
    }
    attempt.reason = entered.reason;
    log().warn({ address, reason: entered.reason }, 'sign-in refused');
  } catch (error) {
    attempt.reason = 'unavailable';
    log().error({ error }, 'sign-in failed');
  }
  return false;
}

/** The cookie of the browser is about to be another one: a copy of the old one is worth nothing from now on. */
async function endFormer(headers: Headers): Promise<void> {
  const old = await claimOfHeaders(headers);
  if (old) await signOutSession(old);
}

/** Messages of openid-client name codes, states and whole tokens: of them only what we make of it is logged. */
function noteFailure(attempt: SsoAttempt, metadata: unknown): void {
  const error = metadata instanceof Error ? metadata : (metadata as { error?: unknown } | undefined)?.error;
  attempt.reason ??= reasonOf(error);
  const { code } = (error ?? {}) as { code?: unknown };
  log().warn({ reason: attempt.reason, code: typeof code === 'string' ? code : undefined }, 'single sign-on failed');
}

/** The answer of Node's own kind, as far as next-auth uses it. */
interface NodeAnswer {
  status(code: number): NodeAnswer;
  getHeader(name: string): unknown;
  setHeader(name: string, value: unknown): unknown;
  json(body: unknown): unknown;
  send(body: unknown): unknown;
  end?(): unknown;
}

interface RouteContext {
  params: Promise<unknown>;
}
type Asked = { headers: Headers | Record<string, string> };

/** next-auth's own routes, `/api/auth/*`. Next calls it with its context; with Node's answer it works outside of Next, too. */
export function authHandler(request: Asked, context: RouteContext): Promise<Response>;
export function authHandler(request: Asked, answer: NodeAnswer): Promise<undefined>;
export async function authHandler(request: Asked, answer: RouteContext | NodeAnswer): Promise<Response | undefined> {
  const attempt: SsoAttempt = { reason: null };
  const options = authOptions(ssoSettings(), new Headers(request.headers));
  const to = (location: string) => afterAttempt(location, attempt, publicUrl('/sign-in'));
  return ssoAttempts.run(attempt, async () => {
    if (!('params' in answer)) return NextAuth(request as never, redirecting(answer, to) as never, options);
    const response: Response = await NextAuth(request as never, answer as never, options);
    return attempt.reason ? redirected(response, to) : response;
  });
}

/** The same answer to elsewhere. To a form that was sent by a script next-auth says the address as JSON. */
async function redirected(response: Response, to: (location: string) => string): Promise<Response> {
  const headers = new Headers(response.headers);
  const location = headers.get('location');
  if (location) headers.set('location', to(location));
  const isJson = !location && headers.get('content-type') === 'application/json';
  const { url } = (isJson ? await response.clone().json() : {}) as { url?: string };
  const body = url ? JSON.stringify({ url: to(url) }) : response.body;
  return new Response(body, { status: response.status, headers });
}

function redirecting(answer: NodeAnswer, to: (location: string) => string): NodeAnswer {
  const own: NodeAnswer = {
    status: (code) => {
      answer.status(code);
      return own;
    },
    getHeader: (name) => answer.getHeader(name),
    setHeader: (name, value) => answer.setHeader(name, name === 'Location' ? to(String(value)) : value),
    json: (body) => answer.json((body as { url?: string }).url ? { url: to((body as { url: string }).url) } : body),
    send: (body) => answer.send(body),
    end: () => answer.end?.(),
  };
  return own;
}
