// The log of web and worker: one JSON line per entry on standard output, secrets taken out.
import { pino } from 'pino';

const SECRET_NAMES = [
  'password',
  'passwordHash',
  'secret',
  'secretAccessKey',
  'sessionToken',
  'accessToken',
  'token',
  'enrolmentCode',
  'authorization',
  'cookie',
  'set-cookie',
  'DATABASE_URL',
  'NEXTAUTH_SECRET',
  'LANDFALL_SECRET_KEY',
  'secretKey',
  'privateKey',
];

/** Paths that pino blanks, up to three levels deep. */
const REDACTED_PATHS = SECRET_NAMES.flatMap((name) => {
  const key = /^[\w$]+$/.test(name) ? name : `["${name}"]`;
  const dot = key.startsWith('[') ? '' : '.';
  return [key, `*${dot}${key}`, `*.*${dot}${key}`];
});

export type Log = ReturnType<typeof createLog>;

/** A log; `destination` only for tests. */
export function createLog(destination?: { write(line: string): void }) {
  const options = {
    level: process.env.LOG_LEVEL ?? 'info',
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED_PATHS, censor: '[removed]' },
    serializers: { error: describeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const kind = (error as { code?: unknown }).code;
  return {
    name: error.name,
    message: withoutParameters(error.message),
    ...(typeof kind === 'string' ? { kind } : {}),
    stack: error.stack && withoutParameters(error.stack),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** Drizzle says with which values a query failed: password hashes may be among them. */
const withoutParameters = (text: string) =>
  text.replace(/(Failed query: [\s\S]*?)\nparams: [\s\S]*?(?=\n {4}at |$)/g, '$1');

const slot = globalThis as { landfallLog?: Log };

/** The shared log of this process. */
export function log(): Log {
  slot.landfallLog ??= createLog();
  return slot.landfallLog;
}
