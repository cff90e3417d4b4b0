// A fault is an error that a person can act on. Everything that can fail says which one it is.
// Pure; anybody may import it.
import { z } from 'zod';
import { FAULT_KINDS, type FaultCode } from './fault-kinds.ts';
import { foreignString, foreignText, MOST } from './foreign-text.ts';

export type { FaultCode } from './fault-kinds.ts';

export const faultSchema = z.object({
  code: z.custom<FaultCode>((value) => typeof value === 'string' && value in FAULT_KINDS, 'unknown fault code'),
  /** What happened, in one sentence a person understands. */
  message: foreignString(MOST.sentence),
  /** What to do about it. */
  remedy: foreignString(MOST.sentence),
  blame: z.enum(['you', 'source', 'connector', 'aws', 'us']),
  retry: z.enum(['now', 'later', 'never']),
  /** The platform's own words, untranslated. */
  cause: foreignString(MOST.raw).optional(),
});

export type Fault = z.infer<typeof faultSchema>;

/** Makes a fault of a kind; message and remedy default to the kind's own words. Foreign text in them is made safe. */
export function fault(code: FaultCode, details: Partial<Omit<Fault, 'code'>> = {}): Fault {
  const kind = FAULT_KINDS[code];
  return {
    code,
    message: foreignText(details.message ?? kind.message, MOST.sentence),
    remedy: foreignText(details.remedy ?? kind.remedy, MOST.sentence),
    blame: details.blame ?? kind.blame,
    retry: details.retry ?? kind.retry,
    ...(details.cause ? { cause: foreignText(details.cause, MOST.raw) } : {}),
  };
}

/** A fault on its way up the stack. */
export class FaultError extends Error {
  readonly fault: Fault;

  constructor(theFault: Fault, options?: { cause?: unknown }) {
    super(theFault.message, options);
    this.name = 'FaultError';
    this.fault = theFault;
  }
}

/** Shorthand for `throw new FaultError(fault(code, details))`. */
export function faultError(code: FaultCode, details: Partial<Omit<Fault, 'code'>> = {}, cause?: unknown): FaultError {
  const raw = details.cause ?? (cause === undefined ? undefined : describeCause(cause));
  return new FaultError(fault(code, raw === undefined ? details : { ...details, cause: raw }), { cause });
}

/** The fault inside an error; anything that is not one of ours becomes `internal`, so that no error is lost. */
export function toFault(error: unknown): Fault {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    if (at instanceof FaultError) return at.fault;
  }
  return fault('internal', { cause: describeCause(error) });
}

/** Name, code and message of an error and of what caused it, on one line. */
export function describeCause(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, depth = 0; at !== undefined && depth < 5; depth += 1) {
    if (!(at instanceof Error)) {
      parts.push(String(at));
      break;
    }
    const code = (at as { code?: unknown }).code;
    parts.push(`${at.name}${code ? ` ${String(code)}` : ''}: ${at.message}`);
    at = at.cause;
  }
  return parts.join(' ← ');
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as { code?: string }).code === 'ABORT_ERR');
}
