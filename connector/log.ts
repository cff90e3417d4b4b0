// The connector's log: one JSON line per entry on standard output. Secrets are never handed to it.
import { pino } from 'pino';

export type Log = (level: 'info' | 'warn' | 'error', text: string, details?: Record<string, unknown>) => void;

export function createLog(): Log {
  const log = pino({ name: 'connector', base: null, timestamp: pino.stdTimeFunctions.isoTime });
  return (level, text, details) => log[level](details ?? {}, text);
}
