// Single sign-on as the environment of the web sets it: one OpenID provider for the whole installation. docs/sso.md explains each.
import { z } from 'zod';

type Variables = Record<string, string | undefined>;

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\./.test(host);

const issuer = z.string().refine(
  (text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, hostname, search, hash } = new URL(text);
    return !search && !hash && (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname)));
  },
  { error: 'must be the https:// address of the provider, as its configuration document says it' },
);

const variables = z
  .object({
    LANDFALL_OIDC_ISSUER: issuer.optional(),
    LANDFALL_OIDC_CLIENT_ID: z.string().optional(),
    LANDFALL_OIDC_CLIENT_SECRET: z.string().optional(),
    LANDFALL_OIDC_NAME: z.string().trim().max(40, 'may have 40 characters').default('single sign-on'),
    LANDFALL_OIDC_SCOPES: z
      .string()
      .refine((text) => text.split(/\s+/).includes('openid'), { error: 'must contain openid' })
      .default('openid profile email'),
    LANDFALL_OIDC_GROUPS_CLAIM: z.string().default('groups'),
    LANDFALL_OIDC_ONLY: z
      .enum(['0', '1'], { error: 'must be 0 or 1' })
      .default('0')
      .transform((value) => value === '1'),
    /** `verified`: an identity joins the local account of its e-mail address, where the provider says that it has checked it. */
    LANDFALL_OIDC_JOIN_BY_EMAIL: z.enum(['never', 'verified'], { error: 'must be never or verified' }).default('never'),
    LANDFALL_OIDC_SESSION_HOURS: z.coerce
      .number({ error: 'must be a number of hours' })
      .min(0.05, 'must be at least 0.05')
      .max(168, 'may be 168')
      .default(8),
  })
  .superRefine((given, { addIssue }) => {
    const needed = ['LANDFALL_OIDC_ISSUER', 'LANDFALL_OIDC_CLIENT_ID', 'LANDFALL_OIDC_CLIENT_SECRET'] as const;
    const missing = needed.filter((name) => !given[name]);
    if (missing.length === 0 || (missing.length === needed.length && !given.LANDFALL_OIDC_ONLY)) return;
    for (const name of missing) {
      addIssue({
        code: 'custom',
        path: [name],
        message: 'is missing: single sign-on needs issuer, client id and secret',
      });
    }
  });

export interface SsoSettings {
  /** Without a slash at its end. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** As the button says it: "Sign in with …". */
  name: string;
  scopes: string;
  groupsClaim: string;
  /** No passwords, but for the break-glass account. */
  only: boolean;
  joinByEmail: boolean;
  /** After so long the provider is asked again. */
  sessionSeconds: number;
}

const read = (source: Variables) =>
  variables.safeParse(
    Object.fromEntries(Object.entries(source).filter(([name, value]) => name.startsWith('LANDFALL_OIDC_') && value)),
  );

/** What is wrong with the variables, a line for each; for the start. */
export function whyNoSso(source: Variables = process.env): string[] {
  const { error } = read(source);
  return error ? error.issues.map(({ path, message }) => `${path.join('.')} ${message}`) : [];
}

/** Null where no provider is set. @throws Error when what is set would not do */
export function ssoSettings(source: Variables = process.env): SsoSettings | null {
  const { data } = read(source);
  if (!data) throw new Error(whyNoSso(source).join('; '));
  const { LANDFALL_OIDC_ISSUER, LANDFALL_OIDC_CLIENT_ID, LANDFALL_OIDC_CLIENT_SECRET } = data;
  if (!LANDFALL_OIDC_ISSUER || !LANDFALL_OIDC_CLIENT_ID || !LANDFALL_OIDC_CLIENT_SECRET) return null;
  return {
    issuer: withoutSlash(LANDFALL_OIDC_ISSUER),
    clientId: LANDFALL_OIDC_CLIENT_ID,
    clientSecret: LANDFALL_OIDC_CLIENT_SECRET,
    name: data.LANDFALL_OIDC_NAME,
    scopes: data.LANDFALL_OIDC_SCOPES,
    groupsClaim: data.LANDFALL_OIDC_GROUPS_CLAIM,
    only: data.LANDFALL_OIDC_ONLY,
    joinByEmail: data.LANDFALL_OIDC_JOIN_BY_EMAIL === 'verified',
    sessionSeconds: data.LANDFALL_OIDC_SESSION_HOURS * 3600,
  };
}

/** Providers differ in whether their name ends in one. */
export const withoutSlash = (text: string): string => text.replace(/\/$/, '');

/** Whether passwords let nobody in but the break-glass account. */
export function ssoOnly(source: Variables = process.env): boolean {
  return ssoSettings(source)?.only ?? false;
}
