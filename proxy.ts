// Runs before every page: a content security policy with a nonce of its own, and the way to the sign-in page.
// Whether a session is still good is decided behind it, against the database; here only the cookie is looked at.
import { type NextRequest, NextResponse } from 'next/server';
import { getToken } from 'next-auth/jwt';
import { sessionCookieName } from './server/auth/cookies.ts';

const SIGN_IN = '/sign-in';
/** For who is not signed in: the link itself says who may come in. */
const BY_LINK = /^\/(first-run|invitation|reset)\//;

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { pathname, search } = request.nextUrl;
  if (
    pathname !== SIGN_IN &&
    !BY_LINK.test(pathname) &&
    !(await getToken({ req: request, cookieName: sessionCookieName() }))
  ) {
    const target = new URL(request.nextUrl.basePath + SIGN_IN, request.url);
    if (pathname !== '/') target.searchParams.set('callbackUrl', pathname + search);
    return NextResponse.redirect(target);
  }
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV === 'development');
  const headers = new Headers(request.headers);
  headers.set('x-nonce', nonce);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

/** Style attributes cannot carry a nonce and Cloudscape sets many, so `style-src-attr` alone is open. */
function contentSecurityPolicy(nonce: string, development: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    development ? "style-src-elem 'self' 'unsafe-inline'" : `style-src-elem 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export const config = {
  // Not /api: the proxy would cut long request bodies, and the API guards itself.
  matcher: [
    {
      source: '/((?!api/|_next/static|_next/image|favicon.ico|icon.svg).*)',
      missing: [
        { type: 'header', key: 'next-router-prefetch' },
        { type: 'header', key: 'purpose', value: 'prefetch' },
      ],
    },
  ],
};
