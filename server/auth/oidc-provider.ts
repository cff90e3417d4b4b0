// The OpenID provider as next-auth is told of it, and what we read from its tokens.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import type { OAuthConfig } from 'next-auth/providers/oauth';
import { type SsoSettings, withoutSlash } from '../access/sso-settings.ts';
import type { ProviderPerson } from '../services/sso/enter.ts';
import { ProviderError, ssoAttempts } from './sso-attempt.ts';

export const OIDC = 'oidc';

/** For each call to the provider, from its connection to the end of the answer. */
const CALL_MS = 5000;

export interface Claims {
  iss: string;
  sub: string;
  [name: string]: unknown;
}

/** What next-auth hands on as the profile: claims, and where the provider ends sessions. */
export interface OidcProfile {
  claims: Claims;
  endSession: string | null;
}

interface Call {
  client: {
    issuer: { metadata: Record<string, unknown> };
    userinfo(tokens: unknown): Promise<Record<string, unknown>>;
  };
  tokens: { claims(): Claims };
}

export function oidcProvider(settings: SsoSettings): OAuthConfig<OidcProfile> {
  return {
    id: OIDC,
    name: settings.name,
    type: 'oauth',
    wellKnown: `${settings.issuer}/.well-known/openid-configuration`,
    idToken: true,
    checks: ['pkce', 'state', 'nonce'],
    clientId: settings.clientId,
    clientSecret: settings.clientSecret,
    authorization: { params: { scope: settings.scopes } },
    httpOptions: { timeout: CALL_MS, agent: agentOf(settings.issuer) },
    userinfo: {
      // next-auth's types know nothing of openid-client's.
      request: async (call) => (await askedOf(call as unknown as Call, settings)) as never,
    },
    profile: ({ claims }) => ({ id: claims.sub }),
  };
}

/** The claims of the checked token, with those of the userinfo endpoint where the groups are only there. */
async function askedOf({ client, tokens }: Call, settings: SsoSettings): Promise<OidcProfile> {
  const inToken = tokens.claims();
  // openid-client has compared it with what the configuration document says of itself.
  if (withoutSlash(inToken.iss) !== settings.issuer) throw new ProviderError('issuer');
  const { userinfo_endpoint: more, end_session_endpoint: end } = client.issuer.metadata;
  const whole = groupsOf(inToken, settings.groupsClaim) !== null && typeof inToken.email === 'string';
  const claims = whole || typeof more !== 'string' ? inToken : { ...(await client.userinfo(tokens)), ...inToken };
  return { claims, endSession: typeof end === 'string' ? end : null };
}

/** The groups of a claim, which may lie deeper (`realm_access.roles`); null where there is none. */
function groupsOf(claims: Record<string, unknown>, claim: string): string[] | null {
  const value =
    claims[claim] ?? claim.split('.').reduce<unknown>((at, name) => (at as Claims | undefined)?.[name], claims);
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null;
}

export function personOf({ claims }: OidcProfile, { groupsClaim }: SsoSettings): ProviderPerson {
  const text = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value.trim() : null);
  return {
    issuer: claims.iss,
    subject: claims.sub,
    name: text(claims.name) ?? text(claims.preferred_username),
    email: text(claims.email),
    // Some send it as text.
    emailVerified: ({ true: true, false: false } as const)[String(claims.email_verified)] ?? null,
    groups: groupsOf(claims, groupsClaim),
  };
}

/** A connection for each call, which ends with the deadline however slowly the provider drips. */
function agentOf(issuer: string): HttpAgent {
  const agent = issuer.startsWith('https:')
    ? new HttpsAgent({ keepAlive: false })
    : new HttpAgent({ keepAlive: false });
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (...given) => {
    const socket = connect(...given) as Duplex;
    const attempt = ssoAttempts.getStore();
    const late = setTimeout(() => {
      if (attempt) attempt.reason ??= 'slow';
      socket.destroy(new Error('the provider took too long'));
    }, CALL_MS);
    late.unref();
    socket.once('close', () => clearTimeout(late));
    return socket;
  };
  return agent;
}
