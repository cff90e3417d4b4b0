// Leaving the console.
import { fromBrowser, inConsole } from '../sub-path.ts';

let leaving = false;

/** This browser is signing out by itself: that its session ends is no surprise, and nothing is asked of it any more. */
export const isLeaving = (): boolean => leaving;

/**
 * Ends the session of this browser and goes to the sign-in page.
 * @param first what ends sessions before it, such as those of all other browsers
 * @param providerSignOut asks where the provider of single sign-on wants the browser afterwards
 */
export async function signOut(
  first: (() => Promise<unknown>) | undefined,
  providerSignOut: () => Promise<string | null>,
): Promise<void> {
  leaving = true;
  let next: string | null = null;
  try {
    // Asked while there is a session. Nobody is kept from signing out here.
    next = await providerSignOut().catch(() => null);
    await first?.();
    const token = await fetch(inConsole('/api/auth/csrf'), { cache: 'no-store' });
    const { csrfToken } = (await token.json()) as { csrfToken: string };
    await fetch(inConsole('/api/auth/signout'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrfToken, json: 'true' }),
    });
  } catch (error) {
    leaving = false;
    throw error;
  }
  window.location.assign(next ?? inConsole('/sign-in'));
}

/** The session is no longer good: sign in again, and come back to this page. */
export function goToSignIn(): void {
  if (leaving) return;
  const here = fromBrowser(window.location.pathname) + window.location.search;
  window.location.assign(inConsole(`/sign-in?ended=1&callbackUrl=${encodeURIComponent(here)}`));
}
