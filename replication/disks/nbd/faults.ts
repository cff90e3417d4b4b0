// What can go wrong with an NBD server, and the faults that are made of it.
// Part of replication/disks/nbd.
import { type FaultCode, FaultError, faultError } from '../../model/fault.ts';
import { REFUSAL } from './protocol.ts';

/** The connection ended, or broke. */
export class NbdCut extends Error {
  override readonly name = 'NbdCut';
}

/** Nothing came for so long that nothing is expected any more. */
export class NbdSilence extends Error {
  override readonly name = 'NbdSilence';
}

/** Something came, but what was asked for was not whole in time. */
export class NbdLate extends Error {
  override readonly name = 'NbdLate';
}

/** The server did what the protocol does not allow; the message goes on from `The NBD server `. */
export class NbdBreach extends Error {
  override readonly name = 'NbdBreach';
}

/** The server answered an option with an error. */
export class NbdRefusal extends Error {
  override readonly name = 'NbdRefusal';
  /** Of OPTION_REPLY's errors. */
  readonly type: number;

  constructor(option: string, type: number, text: string) {
    super(`${option}: ${REFUSALS.get(type)?.name ?? `error ${type.toString(16)}`}${text && `: ${text}`}`);
    this.type = type;
  }
}

type Details = Parameters<typeof faultError>[1];
type Refused = { name: string; what: string };

const REFUSALS = new Map<number, Refused>([
  [REFUSAL.unsupported, { name: 'ERR_UNSUP', what: 'does not know what was asked for' }],
  [REFUSAL.policy, { name: 'ERR_POLICY', what: 'does not allow this client to use the export' }],
  [REFUSAL.invalid, { name: 'ERR_INVALID', what: 'does not accept what was asked for' }],
  [REFUSAL.platform, { name: 'ERR_PLATFORM', what: 'was built without what was asked for' }],
  [REFUSAL.tlsRequired, { name: 'ERR_TLS_REQD', what: 'demands TLS' }],
  [REFUSAL.unknown, { name: 'ERR_UNKNOWN', what: 'has no export of this name' }],
  [REFUSAL.shutdown, { name: 'ERR_SHUTDOWN', what: 'is shutting down' }],
  [REFUSAL.blockSizeRequired, { name: 'ERR_BLOCK_SIZE_REQD', what: 'demands that its block sizes are heeded' }],
  [REFUSAL.tooBig, { name: 'ERR_TOO_BIG', what: 'finds what was asked for too big' }],
]);

/** The errors that the protocol knows, and those after which the same request may go through. */
const ERRORS = new Map([
  [1, 'EPERM'],
  [5, 'EIO'],
  [12, 'ENOMEM'],
  [22, 'EINVAL'],
  [28, 'ENOSPC'],
  [75, 'EOVERFLOW'],
  [95, 'ENOTSUP'],
  [108, 'ESHUTDOWN'],
]);
const PASSING = ['EIO', 'ENOMEM'];

// Codes of Node's errors (tls and OpenSSL) when the two sides do not trust each other, or have no way in common.
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_|PATH_)/;

/** The fault of a connection that did not come about. `where` is the address in words. */
export function handshakeFault(error: unknown, where: string): FaultError {
  if (error instanceof FaultError) return error;
  const make = (code: FaultCode, message: string, details: Details = {}) =>
    faultError(code, { message, ...details }, error);
  if (error instanceof NbdBreach) return make('nbd-invalid', `The NBD server at ${where} ${error.message}.`);
  if (error instanceof NbdRefusal) {
    const what = REFUSALS.get(error.type)?.what ?? 'refused what was asked for';
    const again = error.type === REFUSAL.shutdown ? ({ retry: 'now', blame: 'source' } as const) : {};
    return make('nbd-refused', `The NBD server at ${where} ${what}.`, again);
  }
  if (isTls(error)) return make('nbd-refused', `TLS with the NBD server at ${where} did not come about.`);
  if (error instanceof NbdCut) {
    const details = { retry: 'now', blame: 'source' } as const;
    return make('nbd-refused', `The NBD server at ${where} closed the connection before it was agreed on.`, details);
  }
  if (error instanceof NbdSilence) return make('nbd-unreachable', `The NBD server at ${where} did not answer in time.`);
  return make('nbd-unreachable', `The connector cannot reach the NBD server at ${where}.`);
}

/** The fault of a connection that was used and can be used no longer. */
export function connectionFault(error: unknown, where: string): FaultError {
  if (error instanceof FaultError) return error;
  if (error instanceof NbdBreach) {
    return faultError('nbd-invalid', { message: `The NBD server at ${where} ${error.message}.` }, error);
  }
  const what =
    error instanceof NbdSilence
      ? 'fell silent'
      : error instanceof NbdLate
        ? 'took too long over an answer'
        : 'closed the connection';
  return faultError('export-cut', { message: `The NBD server at ${where} ${what} before the disk was read.` }, error);
}

/** The fault of one request that the server answered with an error. `what` names the request: `to read …`. */
export function requestFault(errno: number, text: string, what: string): FaultError {
  const name = ERRORS.get(errno) ?? `error ${errno}`;
  const cause = text ? `${name}: ${text}` : name;
  if (name === 'ESHUTDOWN') {
    return faultError('export-cut', {
      message: `The NBD server is shutting down (ESHUTDOWN) and refused ${what}.`,
      cause,
    });
  }
  const message = `The NBD server failed ${what} with ${name}.`;
  return faultError('disk-read-failed', { message, cause, retry: PASSING.includes(name) ? 'now' : 'later' });
}

function isTls(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (TLS_CODE.test(String((at as { code?: unknown }).code))) return true;
  }
  return false;
}
