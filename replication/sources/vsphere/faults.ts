// What vCenter, its hosts and the network say, as our faults: one ordered table, the first row that fits wins.
import { describeCause, type Fault, type FaultCode, FaultError, faultError } from '../../model/fault.ts';
import { foreignText } from '../../model/foreign-text.ts';
import { object as objectOf, text as textOf, type XmlNode } from './xml/xml-node.ts';

/** What was being done: the same signature means different things in different places. */
export type During = 'login' | 'read' | 'snapshot' | 'release' | 'export' | 'stream' | 'power';

/** What the rows look at; VimFault, VimHttpError, CertificateMismatch and errors of undici and Node all have these. */
interface Signature {
  /** Type of a vim25 fault. */
  type: string | null;
  /** `code` of an error of Node or undici, anywhere in its chain of causes. */
  code: string | null;
  /** HTTP status of an answer that was no SOAP. */
  status: number | null;
  text: string;
  details: XmlNode | null;
  /** Class of the error. */
  name: string;
}

interface Row {
  to: FaultCode;
  /** Where the signature comes from. */
  origin: string;
  types?: readonly string[];
  codes?: readonly string[];
  names?: readonly string[];
  status?: (status: number) => boolean;
  text?: RegExp;
  during?: readonly During[];
  when?: (signature: Signature) => boolean;
  words?: (signature: Signature) => Partial<Omit<Fault, 'code' | 'cause'>>;
}

const UNRESOLVED = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA'];
const UNCONNECTED = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'UND_ERR_CONNECT_TIMEOUT'];
const BROKEN = [
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'HPE_INVALID_CHUNK_SIZE',
  'HPE_INVALID_EOF_STATE',
];

export const FAULT_TABLE: readonly Row[] = [
  {
    to: 'vcenter-certificate-changed',
    origin: 'our own check of the pin (certificate.ts)',
    codes: ['CERTIFICATE_MISMATCH'],
    during: ['stream'],
    words: ({ text }) => ({
      message: `The host that serves the disk shows another certificate than vCenter says: ${text}.`,
    }),
  },
  {
    to: 'vcenter-certificate-changed',
    origin: 'our own check of the pin (certificate.ts)',
    codes: ['CERTIFICATE_MISMATCH'],
    words: ({ text }) => ({ message: `vCenter shows another certificate than the one that was trusted: ${text}.` }),
  },
  {
    to: 'esxi-unreachable',
    origin: 'Node: TLS verification of a host whose lease names no thumbprint',
    codes: ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    words: () => ({
      message: 'The ESXi host shows a certificate that nobody vouches for, and vCenter named no fingerprint for it.',
      remedy: 'Renew the certificate of the host from vCenter, then start the run again.',
      retry: 'later',
    }),
  },
  {
    to: 'vcenter-unreachable',
    origin: 'text of ESXi and vCenter when maxSessionCount is reached (from field reports, not measured)',
    text: /(maximum|max|too many|limit).{0,40}sessions?|sessions?.{0,40}(exceeded|limit reached)/i,
    during: ['login'],
    words: () => ({
      message: 'vCenter has no free session for the connector.',
      remedy: 'End idle sessions in vCenter, or raise its session limit; the connector itself needs one.',
      retry: 'later',
    }),
  },
  {
    to: 'vcenter-login-refused',
    origin: 'vim25 SessionManager.Login: InvalidLogin; PasswordExpired extends it',
    types: ['InvalidLogin', 'PasswordExpired', 'InvalidLocale'],
  },
  {
    to: 'vcenter-login-refused',
    origin: 'vim25 SessionManager.Login: NoPermission when the user is valid but has no rights at all',
    types: ['NoPermission'],
    during: ['login'],
    words: () => ({
      message: 'vCenter knows the user, but the user has no permission at all.',
      remedy: 'Give the account the role for Landfall on the data centers of the servers.',
    }),
  },
  { to: 'vcenter-session-lost', origin: 'vim25: any method without a session', types: ['NotAuthenticated'] },
  {
    to: 'vcenter-privilege-missing',
    origin: 'vim25 NoPermission {object, privilegeId}; MissingPrivileges in later versions',
    types: ['NoPermission', 'RestrictedByAdministrator'],
    words: ({ details }) => {
      const privilege = textOf(details ?? undefined, 'privilegeId') ?? 'a privilege';
      const on = objectOf(details ?? undefined, 'object');
      return {
        message: `The connector's vCenter account lacks ${privilege}${on ? ` on ${on.type} ${on.value}` : ''}.`,
        remedy: `Add ${privilege} to the role of the account, with propagation to the data centers of the servers.`,
      };
    },
  },
  {
    to: 'server-gone',
    origin: 'vim25 ManagedObjectNotFound {obj}',
    types: ['ManagedObjectNotFound'],
    when: ({ details }) => objectOf(details ?? undefined, 'obj')?.type === 'VirtualMachine',
  },
  {
    to: 'export-refused',
    origin: 'vim25 ManagedObjectNotFound of the snapshot or the lease',
    types: ['ManagedObjectNotFound'],
    during: ['export', 'stream'],
    words: () => ({
      message: 'The snapshot or its export is no longer there.',
      remedy: 'Start the run again: it takes a new snapshot. Look whether something else removes snapshots.',
    }),
  },
  {
    to: 'snapshot-no-space',
    origin:
      'vim25 NoDiskSpace, InsufficientStorageSpace; "Unable to open the snapshot file" (Azure Migrate troubleshooting)',
    types: ['NoDiskSpace', 'InsufficientStorageSpace', 'DatastoreNotWritableOnHost'],
    during: ['snapshot', 'release'],
  },
  {
    to: 'snapshot-no-space',
    origin: 'localized messages of CreateSnapshot_Task',
    text: /no (more )?space|not enough space|insufficient (disk|storage|space)|unable to open the snapshot file/i,
    during: ['snapshot', 'release'],
  },
  {
    to: 'esxi-unreachable',
    origin: 'vim25 HostCommunication and what extends it; HostConnectFault',
    types: [
      'HostCommunication',
      'HostNotConnected',
      'HostNotReachable',
      'HostConnectFault',
      'NoHost',
      'CannotAccessNetwork',
    ],
  },
  {
    to: 'export-refused',
    origin: 'vim25 Snapshot.ExportSnapshot: TaskInProgress, InvalidState, FileFault',
    types: ['TaskInProgress'],
    during: ['export', 'stream'],
    words: () => ({ message: 'vSphere refused to export the snapshot: another task is under way on the server.' }),
  },
  {
    to: 'snapshot-failed',
    origin: 'every other fault of CreateSnapshot_Task',
    names: ['VimFault'],
    during: ['snapshot'],
    words: said('vSphere could not take the snapshot'),
  },
  {
    to: 'snapshot-removal-failed',
    origin: 'every other fault of RemoveSnapshot_Task and ConsolidateVMDisks_Task',
    names: ['VimFault', 'TaskDeadline'],
    during: ['release'],
    words: said('vSphere could not remove the snapshot'),
  },
  {
    to: 'export-refused',
    origin: 'every other fault of ExportSnapshot and HttpNfcLease',
    names: ['VimFault'],
    during: ['export', 'stream'],
    words: said('vSphere refused to export the snapshot'),
  },
  {
    to: 'snapshot-failed',
    origin: 'our own deadline for a task (tasks.ts)',
    names: ['TaskDeadline'],
    words: ({ text }) => ({ message: `vSphere did not finish in time: ${text}.` }),
  },
  {
    to: 'esxi-unreachable',
    origin: 'Node dns.lookup',
    codes: UNRESOLVED,
    during: ['stream'],
    words: () => ({
      message: 'The name of the ESXi host that holds the server does not resolve on the connector.',
      remedy: 'Let the DNS that the connector uses resolve the names of all ESXi hosts.',
      retry: 'later',
    }),
  },
  { to: 'esxi-unreachable', origin: 'Node net.connect, undici', codes: UNCONNECTED, during: ['stream'] },
  {
    to: 'esxi-unreachable',
    origin: 'HTTP status of a host, or of a proxy before it, that is starting, stopping or busy',
    names: ['VimHttpError'],
    status: (status) => [502, 503, 504].includes(status),
    during: ['stream'],
    words: ({ status }) => ({ message: `The ESXi host is there but does not serve the disk yet (HTTP ${status}).` }),
  },
  { to: 'export-cut', origin: 'undici, when a stream under way breaks', codes: BROKEN, during: ['stream'] },
  {
    to: 'export-refused',
    origin: 'HTTP status of the NFC url: 401, 403, 404 when the lease is gone; 5xx from the host',
    names: ['VimHttpError'],
    during: ['stream'],
    words: ({ status }) => ({ message: `The host refused to serve the disk (HTTP ${status}).` }),
  },
  {
    to: 'vcenter-unreachable',
    origin: 'Node dns.lookup',
    codes: UNRESOLVED,
    words: () => ({
      message: 'The name of vCenter does not resolve on the connector.',
      remedy: "Correct the address in the connector's settings, or the DNS that the connector uses.",
      retry: 'later',
    }),
  },
  {
    to: 'vcenter-unreachable',
    origin: 'HTTP status of a vCenter that is starting or stopping, or of a proxy in between',
    status: (status) => status >= 500,
    words: ({ status }) => ({
      message: `vCenter is there but does not serve its API yet (HTTP ${status}).`,
      remedy: 'Wait until vCenter has started; look at its services if this lasts.',
    }),
  },
  {
    to: 'vcenter-unreachable',
    origin: 'an answer that is no SOAP: another program listens there',
    names: ['VimHttpError', 'XmlError'],
    words: () => ({
      message: 'Something else than vCenter answers at the address of vCenter.',
      remedy: "Correct the address in the connector's settings.",
      retry: 'later',
    }),
  },
  {
    to: 'vcenter-fault',
    origin: 'SOAP that lacks what the schema of vim25 promises (xml/xml-node.ts)',
    names: ['AnswerError'],
    words: ({ text }) => ({ message: `vCenter answered in a way that its own API does not allow: ${text}.` }),
  },
  {
    to: 'vcenter-unreachable',
    origin: 'undici on a connection that broke',
    codes: BROKEN,
    words: () => ({ retry: 'now' }),
  },
  { to: 'vcenter-unreachable', origin: 'Node net.connect, undici', codes: UNCONNECTED },
  {
    to: 'vcenter-unreachable',
    origin: 'OpenSSL: no TLS, or none in common',
    when: ({ code }) =>
      code?.startsWith('ERR_SSL_') === true || code === 'EPROTO' || code?.startsWith('UND_ERR') === true,
    words: () => ({ message: 'vCenter and the connector cannot agree on a TLS connection.', retry: 'later' }),
  },
  {
    to: 'vcenter-fault',
    origin: 'a fault of vim25 that this table does not know',
    names: ['VimFault'],
    words: ({ type, text }) => ({ message: `vCenter answered with ${type}: ${text}` }),
  },
];

/** Turns anything thrown into our fault. An aborted signal wins over what its abortion caused. */
export function asFaultError(error: unknown, context: { during: During; signal?: AbortSignal }): FaultError {
  if (context.signal?.aborted) return stopped(context.signal);
  if (error instanceof FaultError) return error;
  const signature = readSignature(error);
  const row = FAULT_TABLE.find((one) => fits(one, signature, context.during));
  return faultError(row?.to ?? 'internal', row?.words?.(signature) ?? {}, error);
}

/** The fault of work that was told to stop: the signal's own one, or `cancelled`. */
export function stopped(signal: AbortSignal): FaultError {
  const reason: unknown = signal.reason;
  return reason instanceof FaultError ? reason : faultError('cancelled', {}, reason);
}

function said(what: string) {
  return ({ type, text }: Signature) => ({ message: foreignText(`${what}: ${text || type}`, 600) });
}

function fits(row: Row, signature: Signature, during: During): boolean {
  if (row.during && !row.during.includes(during)) return false;
  if (row.types && !(signature.type && row.types.includes(signature.type))) return false;
  if (row.codes && !(signature.code && row.codes.includes(signature.code))) return false;
  if (row.names && !row.names.includes(signature.name)) return false;
  if (row.status && !(signature.status !== null && row.status(signature.status))) return false;
  if (row.text && !row.text.test(signature.text)) return false;
  return row.when?.(signature) ?? true;
}

function readSignature(error: unknown): Signature {
  const top = (error ?? {}) as { name?: string; type?: string; status?: number; message?: string; details?: XmlNode };
  const isVim = top.name === 'VimFault';
  return {
    name: top.name ?? '',
    type: isVim ? (top.type ?? null) : null,
    details: isVim ? (top.details ?? null) : null,
    status: top.name === 'VimHttpError' ? (top.status ?? null) : null,
    text: top.message ?? describeCause(error),
    code: errorCode(error),
  };
}

function errorCode(error: unknown): string | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 6; at = at.cause, depth += 1) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === 'string') return code;
    if (at instanceof AggregateError && at.errors.length > 0) return errorCode(at.errors[0]);
  }
  return null;
}
