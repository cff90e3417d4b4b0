// Leaving the console.

/** Ends the session of this browser and goes to the sign-in page. */
export async function signOut(): Promise<void> {
  const { csrfToken } = (await (await fetch('/api/auth/csrf', { cache: 'no-store' })).json()) as { csrfToken: string };
  await fetch('/api/auth/signout', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrfToken, json: 'true' }),
  });
  window.location.assign('/sign-in');
}

/** The session is no longer good: sign in again, and come back to this page. */
export function goToSignIn(): void {
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?ended=1&callbackUrl=${encodeURIComponent(here)}`);
}
