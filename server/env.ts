// What web and worker take from the environment: checked once, at the start, with everything that is missing named at once.
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { OUTAGE_SECONDS } from '../replication/model/outage.ts';
import { whyNoSso } from './access/sso-settings.ts';
import { TrustedProxies } from './front/trusted-proxies.ts';
import { whyNoPublicUrl } from './public-url.ts';

/** Less would take away what a cutover of this month was asked for. */
const LEAST_AUDIT_DAYS = 30;

/** A text that something else can say the fault of. */
function told(why: (text: string) => string | null) {
  return z.string().superRefine((text, context) => {
    const message = why(text);
    if (message) context.addIssue({ code: 'custom', message });
  });
}

function whyNoProxies(text: string): string | null {
  try {
    new TrustedProxies(text);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

const shared = z.object({
  DATABASE_URL: z
    .string({ error: 'is missing: postgres://user:password@host:5432/name' })
    .regex(/^postgres(ql)?:\/\/\S+$/, 'must look like postgres://user:password@host:5432/name'),
  /** `1` when the endpoints are the lab's: the shell shows a badge. */
  LANDFALL_LAB: z
    .enum(['0', '1'], { error: 'must be 0 or 1' })
    .default('0')
    .transform((value) => value === '1'),
  /** What links are made of (`publicUrl` reads it). */
  LANDFALL_PUBLIC_URL: told(whyNoPublicUrl).optional(),
  /** How long runs wait for a vCenter or an AWS that is away (`outageSeconds` reads it). */
  LANDFALL_OUTAGE_SECONDS: z.coerce.number().min(1).max(86_400).optional(),
  /** How long the log and the steps of ended runs are kept (`historyDays` reads it). */
  LANDFALL_HISTORY_DAYS: z.coerce.number().int().min(1).max(3650).optional(),
  /** How long the audit trail is kept; for good when it is not set (`auditDays` reads it). */
  LANDFALL_AUDIT_DAYS: z.coerce.number().int().min(LEAST_AUDIT_DAYS).max(36_500).optional(),
  /** Where mail goes out: smtp://user:password@host:587, or smtps://…:465. Without it no mail is sent (server/mail). */
  LANDFALL_SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/\S+$/, 'must look like smtp://user:password@host:587, special characters as %XX')
    .optional(),
  /** Whom mail is from: landfall@example.com, or Landfall <landfall@example.com>. */
  LANDFALL_MAIL_FROM: z
    .string()
    .regex(/^[^@\r\n]+@[^@\s]+$/, 'must be an e-mail address, such as Landfall <landfall@example.com>')
    .optional(),
  /** Which inner addresses notifications may be sent to: 1 for all, or networks separated by commas (`notifyPrivate` reads it). */
  LANDFALL_NOTIFY_PRIVATE: z
    .string()
    .refine((value) => notifyPrivate({ LANDFALL_NOTIFY_PRIVATE: value }) !== null, {
      error: 'must be 0, 1, or networks such as 10.1.0.0/16,192.168.7.4',
    })
    .optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

const web = shared
  .extend({
    NEXTAUTH_URL: z.url({
      protocol: /^https?$/,
      error: 'must be the address under which people open the console, such as https://landfall.example.com',
    }),
    NEXTAUTH_SECRET: z
      .string({ error: 'is missing: at least 32 random characters, the same on every web' })
      .min(32, 'must have at least 32 random characters'),
    PORT: z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65_535).default(3000),
    /** Whose word counts on where a request came from; nobody's when it is not set. */
    LANDFALL_TRUSTED_PROXIES: told(whyNoProxies).optional(),
    /** `1` where the console answers under any name, as where nobody has said what its own is. */
    LANDFALL_ANY_HOST: z
      .enum(['0', '1'], { error: 'must be 0 or 1' })
      .default('0')
      .transform((value) => value === '1'),
    /** Files in PEM form with which the web speaks TLS by itself. */
    LANDFALL_TLS_CERT: z.string().optional(),
    LANDFALL_TLS_KEY: z.string().optional(),
    /** Where plain HTTP is answered with the way to the public address. */
    LANDFALL_HTTP_REDIRECT_PORT: z.coerce
      .number({ error: 'must be a port number' })
      .int()
      .min(1)
      .max(65_535)
      .optional(),
  })
  .refine((env) => !env.LANDFALL_TLS_CERT === !env.LANDFALL_TLS_KEY, {
    path: ['LANDFALL_TLS_KEY'],
    message: 'and LANDFALL_TLS_CERT must be set together',
  })
  .refine(
    (env) =>
      !env.LANDFALL_HTTP_REDIRECT_PORT || new URL(env.LANDFALL_PUBLIC_URL ?? env.NEXTAUTH_URL).protocol === 'https:',
    {
      path: ['LANDFALL_HTTP_REDIRECT_PORT'],
      message: 'leads to HTTPS: LANDFALL_PUBLIC_URL must begin with https://',
    },
  );

const worker = shared.extend({
  /** Seconds for which a worker may be silent before another goes on with its step. */
  LANDFALL_LEASE_SECONDS: z.coerce.number().min(2).max(600).default(20),
  /** Cloud-side steps at once: most of them only wait for AWS. */
  LANDFALL_WORKER_TASKS: z.coerce.number().int().min(1).max(200).default(20),
  /** Milliseconds between looks at AWS's import tasks. */
  LANDFALL_AWS_POLL_MS: z.coerce.number().min(50).optional(),
  /** What the pauses between the engine's ticks are multiplied by. Only tests set it: theirs is a small installation in a hurry. */
  LANDFALL_TICK_SCALE: z.coerce.number().min(0.05).max(1).default(1),
});

const GROUPS = { web, worker };
export type EnvironmentGroup = keyof typeof GROUPS;
export type Environment<Group extends EnvironmentGroup> = z.infer<(typeof GROUPS)[Group]>;

/** Thrown with one line per variable; the message is meant for the person who starts the program. */
export class EnvironmentError extends Error {
  constructor(group: EnvironmentGroup, lines: string[]) {
    super(`The environment of ${group} is not complete:\n${lines.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'EnvironmentError';
  }
}

/** The checked environment of a program. Values never appear in the error. */
export function readEnvironment<Group extends EnvironmentGroup>(
  group: Group,
  source: Record<string, string | undefined> = process.env,
): Environment<Group> {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = GROUPS[group].safeParse(given);
  const wrong = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  if (group === 'web') wrong.push(...whyNoSso(given));
  if (!parsed.success || wrong.length > 0) throw new EnvironmentError(group, wrong);
  return parsed.data as Environment<Group>;
}

const slot = globalThis as { landfallEnvironment?: { group: EnvironmentGroup; values: unknown } };

/** The environment of this process, read once. */
export function environment<Group extends EnvironmentGroup>(group: Group): Environment<Group> {
  if (slot.landfallEnvironment?.group !== group) slot.landfallEnvironment = { group, values: readEnvironment(group) };
  return slot.landfallEnvironment.values as Environment<Group>;
}

/** Seconds for which runs wait for a vCenter or an AWS that is away. */
export function outageSeconds(source: Record<string, string | undefined> = process.env): number {
  const seconds = Number(source.LANDFALL_OUTAGE_SECONDS);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : OUTAGE_SECONDS;
}

/** Days for which the log, the steps and the released artifacts of ended runs are kept. */
export function historyDays(source: Record<string, string | undefined> = process.env): number {
  const days = Number(source.LANDFALL_HISTORY_DAYS);
  return Number.isInteger(days) && days > 0 ? days : 90;
}

/** Days for which the audit trail is kept; null: for good. */
export function auditDays(source: Record<string, string | undefined> = process.env): number | null {
  const days = Number(source.LANDFALL_AUDIT_DAYS);
  return Number.isInteger(days) && days >= LEAST_AUDIT_DAYS ? days : null;
}

/** Which inner addresses notifications may go to: all, none, or those in these networks. Null for what cannot be read. */
export function notifyPrivate(
  source: Record<string, string | undefined> = process.env,
): boolean | [network: ipaddr.IPv4 | ipaddr.IPv6, bits: number][] | null {
  const value = source.LANDFALL_NOTIFY_PRIVATE?.trim() ?? '';
  if (value === '' || value === '0') return false;
  if (value === '1') return true;
  try {
    return value.split(',').map((entry) => {
      const network = entry.trim();
      if (network.includes('/')) return ipaddr.parseCIDR(network);
      const address = ipaddr.parse(network);
      return [address, address.kind() === 'ipv4' ? 32 : 128];
    });
  } catch {
    return null;
  }
}

const awsVariables = z.object({
  LANDFALL_AWS_REGION: z.string().optional(),
  LANDFALL_AWS_BUCKET: z.string().optional(),
  LANDFALL_AWS_ACCESS_KEY_ID: z.string().optional(),
  LANDFALL_AWS_SECRET_ACCESS_KEY: z.string().optional(),
  /** `all`: members of every workspace may let a target sign in by the default chain. */
  LANDFALL_AWS_DEFAULT_CHAIN: z.enum(['all']).optional().catch(undefined),
  LANDFALL_AWS_IMPORT_ROLE: z.string().optional(),
  LANDFALL_AWS_ENDPOINT_S3: z.url().optional(),
  LANDFALL_AWS_ENDPOINT_EC2: z.url().optional(),
  LANDFALL_AWS_ENDPOINT_EBS: z.url().optional(),
  LANDFALL_AWS_ENDPOINT_STS: z.url().optional(),
  /** Of SNS and EventBridge, which only notifications use: whatever target they go by. */
  LANDFALL_AWS_ENDPOINT_SNS: z.url().optional(),
  LANDFALL_AWS_ENDPOINT_EVENTS: z.url().optional(),
});

/** What the environment says of AWS: the first target and the key of all; what is not set is left out. */
export function awsEnvironment(source: Record<string, string | undefined> = process.env): z.infer<typeof awsVariables> {
  return awsVariables.parse(Object.fromEntries(Object.entries(source).filter(([, value]) => value)));
}
