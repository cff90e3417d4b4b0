// Why a sign-in at the provider came to nothing. next-auth tells its log and sends everybody to one address: what it said is kept for
// the request here, as a word that the sign-in page has a sentence for.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SsoRefusal } from '../services/sso/enter.ts';

export type SsoReason =
  | SsoRefusal
  /** The person pressed cancel there, or the provider did not let that person into this application. */
  | 'cancelled'
  /** It does not answer, or with an error. */
  | 'down'
  | 'slow'
  /** What it signed with is none of the keys that it publishes. */
  | 'keys'
  | 'issuer'
  | 'audience'
  | 'nonce'
  /** Begun in another browser, or too long ago. */
  | 'state'
  /** It does not know our client id or secret. */
  | 'client'
  /** Anything else that it said and should not have. */
  | 'answer'
  /** The page is not of the address that the console takes for its own. */
  | 'address'
  /** Our own database. */
  | 'unavailable';

export interface SsoAttempt {
  reason: SsoReason | null;
}

/** What goes on in the request that is being answered. */
export const ssoAttempts = new AsyncLocalStorage<SsoAttempt>();

/** What our own checks of a provider's answer throw. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly reason: SsoReason;
  constructor(reason: SsoReason) {
    super(`provider: ${reason}`);
    this.reason = reason;
  }
}

/** openid-client 5 and next-auth 4 say these (lib/client.js, lib/helpers/request.js; core/lib/oauth/checks.js). */
const SAID: readonly [RegExp, SsoReason][] = [
  [/^provider: (\w+)$/, 'answer'],
  [/^(access_denied|login_required|consent_required|interaction_required)\b/, 'cancelled'],
  [/^(invalid_client|unauthorized_client)\b/, 'client'],
  [/timed out|took too long/, 'slow'],
  [/^(server_error|temporarily_unavailable)\b/, 'down'],
  [/no valid key found|failed to validate JWT signature|no matching key/, 'keys'],
  [/unexpected iss value|iss mismatch|issuer mismatch/, 'issuer'],
  [/aud mismatch|aud is missing|azp mismatch/, 'audience'],
  [/nonce mismatch|nonce missing|missing required JWT property nonce/, 'nonce'],
  [/^(State|Nonce|PKCE)\b.*(missing|parsed)|state mismatch|state missing|checks\.state|invalid_grant/, 'state'],
  [/expected 200 OK|socket hang up|network socket disconnected|failed to parse JSON/, 'down'],
];
const CONNECTION =
  /^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|EPIPE|ETIMEDOUT|CERT_|DEPTH_|SELF_SIGNED|UNABLE_|ERR_TLS|ERR_SSL|HPE_)/;

/** @param error as next-auth gives it to its log */
export function reasonOf(error: unknown): SsoReason {
  if (error instanceof ProviderError) return error.reason;
  const { message = '', code } = (error ?? {}) as { message?: string; code?: unknown };
  for (const [pattern, reason] of SAID) {
    const found = pattern.exec(message);
    // Wrapped by next-auth, which keeps the message only.
    if (found) return message.startsWith('provider: ') ? ((found[1] as SsoReason | undefined) ?? reason) : reason;
  }
  return typeof code === 'string' && CONNECTION.test(code) ? 'down' : 'answer';
}

const FAILED = /^\/(api\/auth\/(error|signin)|sign-in)$/;

/** Where to send the browser: for a failed attempt to the sentence about it. */
export function afterAttempt(location: string, { reason }: SsoAttempt, signInPage: string): string {
  if (!reason || !URL.canParse(location, signInPage)) return location;
  const { pathname } = new URL(location, signInPage);
  const under = new URL(signInPage).pathname.replace(/\/sign-in$/, '');
  return FAILED.test(pathname.slice(under.length)) ? `${signInPage}?sso=${reason}` : location;
}
