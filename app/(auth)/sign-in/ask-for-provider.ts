// Asks our server where the provider wants the browser. The policy of the page lets no form lead elsewhere, so a script goes there.
import { inConsole } from '../../sub-path.ts';

export interface ProviderAnswer {
  /** The provider's page. */
  url?: string;
  /** Why there is none. */
  reason?: string;
}

/** Never throws. @param target the page of ours to come back to */
export async function askForProvider(target: string, send: typeof fetch = fetch): Promise<ProviderAnswer> {
  try {
    const token = await send(inConsole('/api/auth/csrf'), { cache: 'no-store' });
    if (!token.ok) return { reason: 'unavailable' };
    const { csrfToken } = (await token.json()) as { csrfToken: string };
    const answer = await send(inConsole('/api/auth/signin/oidc'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrfToken, callbackUrl: target, json: 'true' }),
    });
    if (answer.status === 403) return { reason: 'address' };
    const { url } = (await answer.json()) as { url?: string };
    if (!url) return { reason: 'answer' };
    const { pathname, searchParams } = new URL(url, 'http://console.invalid');
    const reason = searchParams.get('sso');
    if (reason) return { reason };
    return pathname.endsWith('/sign-in') ? { reason: 'answer' } : { url };
  } catch {
    return { reason: 'unavailable' };
  }
}
