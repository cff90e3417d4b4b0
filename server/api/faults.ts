// The one mapper from errors to what a screen gets.
import { randomBytes } from 'node:crypto';
import { TRPCError } from '@trpc/server';
import { ZodError } from 'zod';
import { type Fault, type FaultCode, FaultError, fault } from '../../replication/model/fault.ts';
import { log } from '../log.ts';
import { faultOf } from '../services/database-faults.ts';

type TrpcCode = TRPCError['code'];

const CODES: Partial<Record<FaultCode, TrpcCode>> = {
  'not-signed-in': 'UNAUTHORIZED',
  'access-key-refused': 'UNAUTHORIZED',
  'access-key-expired': 'UNAUTHORIZED',
  'clock-off': 'UNAUTHORIZED',
  'permission-denied': 'FORBIDDEN',
  'access-key-not-here': 'FORBIDDEN',
  'second-step-missing': 'FORBIDDEN',
  'too-many-attempts': 'TOO_MANY_REQUESTS',
  'input-invalid': 'BAD_REQUEST',
  'not-found': 'NOT_FOUND',
  conflict: 'CONFLICT',
  'being-changed': 'CONFLICT',
  'workspace-changed': 'CONFLICT',
  'console-database-away': 'SERVICE_UNAVAILABLE',
};

/** What is nobody's mistake here is still no failure of the console: AWS, a connector or a source said no. */
function codeOf(theFault: Fault): TrpcCode {
  const known = CODES[theFault.code];
  if (known) return known;
  if (theFault.blame === 'us') return 'INTERNAL_SERVER_ERROR';
  return theFault.retry === 'now' ? 'SERVICE_UNAVAILABLE' : 'UNPROCESSABLE_CONTENT';
}

/** tRPC's own refusals, before any code of ours ran. */
const FAULTS: Partial<Record<TrpcCode, FaultCode>> = {
  UNAUTHORIZED: 'not-signed-in',
  FORBIDDEN: 'permission-denied',
  BAD_REQUEST: 'input-invalid',
  PARSE_ERROR: 'input-invalid',
  NOT_FOUND: 'not-found',
  METHOD_NOT_SUPPORTED: 'input-invalid',
  UNSUPPORTED_MEDIA_TYPE: 'input-invalid',
  PAYLOAD_TOO_LARGE: 'input-invalid',
  CONFLICT: 'conflict',
};

/** Messages per field, `settings.keepImages` → `At least 1`. */
export type FieldMessages = Record<string, string>;

/** A fault on its way through tRPC. */
export class MappedFault extends TRPCError {
  readonly fault: Fault;
  readonly fields: FieldMessages | undefined;

  constructor(theFault: Fault, fields?: FieldMessages, cause?: unknown) {
    super({ code: codeOf(theFault), message: theFault.message, cause });
    this.fault = theFault;
    this.fields = fields;
  }
}

/** Turns whatever was thrown into a fault; what we do not know is logged under a reference, and only that goes out. */
export function mapFault(error: unknown, path: string): MappedFault {
  if (error instanceof MappedFault) return error;
  const chain = causes(error);
  const ours = chain.find((at) => at instanceof FaultError);
  // A fault of the kind `internal` may carry anything in its text; it is treated as unknown.
  if (ours && ours.fault.code !== 'internal') return new MappedFault(ours.fault, undefined, error);
  const invalid = chain.find((at) => at instanceof ZodError);
  const trpc = chain.find((at) => at instanceof TRPCError);
  if (invalid && trpc?.code !== 'INTERNAL_SERVER_ERROR') return fromZod(invalid);
  const known = trpc && FAULTS[trpc.code];
  if (known) return new MappedFault(fault(known), undefined, error);
  const ofDatabase = faultOf(error);
  if (ofDatabase.code !== 'internal') {
    log().warn({ error, path }, 'the database did not do what a request needed');
    return new MappedFault(ofDatabase, undefined, error);
  }
  const reference = randomBytes(5).toString('hex');
  log().error({ error, path, reference }, 'a request failed in a way we do not know');
  return new MappedFault(fault('internal', { cause: `Reference ${reference}: the log of web tells more.` }));
}

function fromZod(error: ZodError): MappedFault {
  const fields: FieldMessages = {};
  for (const issue of error.issues) fields[issue.path.map(String).join('.')] ??= issue.message;
  const named = Object.entries(fields).map(([name, message]) => (name ? `${name}: ${message}` : message));
  const message = `The input is not valid: ${named.slice(0, 5).join('; ')}${named.length > 5 ? '; …' : ''}`;
  return new MappedFault(fault('input-invalid', { message: message.slice(0, 2000) }), fields);
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at instanceof Error && chain.length < 8; at = at.cause) chain.push(at);
  return chain;
}
