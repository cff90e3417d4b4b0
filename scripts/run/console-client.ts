// The console's API over the wire, as a signed-in member: what a page can do, a program can do.
import { createTRPCClient, httpLink } from '@trpc/client';
import superjson from 'superjson';
import type { AppRouter } from '../../server/api/root.ts';

export type ConsoleApi = ReturnType<typeof createTRPCClient<AppRouter>>;

/** Signs in as the sign-in page does. @throws Error when the console refuses */
export async function signIn(
  url: string,
  member: { email: string; password: string },
  signal: AbortSignal,
): Promise<ConsoleApi> {
  const deadline = () => AbortSignal.any([signal, AbortSignal.timeout(120_000)]);
  const first = await fetch(`${url}/api/auth/csrf`, { signal: deadline() });
  const { csrfToken } = (await first.json()) as { csrfToken: string };
  const answer = await fetch(`${url}/api/auth/callback/credentials`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: cookiesOf(first) },
    body: new URLSearchParams({ ...member, csrfToken, json: 'true' }),
    redirect: 'manual',
    signal: deadline(),
  });
  const session = cookiesOf(answer);
  if (!session.includes('session-token')) throw new Error(`${url} does not let ${member.email} in (${answer.status}).`);
  return createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${url}/api/trpc`,
        transformer: superjson,
        headers: { cookie: session, origin: new URL(url).origin },
        fetch: (target, options) =>
          fetch(target, {
            ...options,
            signal: AbortSignal.any([deadline(), ...(options?.signal ? [options.signal] : [])]),
          } as RequestInit),
      }),
    ],
  });
}

function cookiesOf(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}
