// Trust in vCenter and its hosts: one exact certificate each, pinned by fingerprint, whoever signed it.
// For sources/vsphere, and for whoever lets a person confirm a fingerprint (probeFingerprint).
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { Agent, buildConnector } from 'undici';
import { faultError } from '../../model/fault.ts';
import { asFaultError } from './faults.ts';

/** What a TLS peer must show: a certificate with this fingerprint, or one that Node's own authorities signed. */
export type Pin = { kind: 'sha256' | 'sha1'; fingerprint: string } | { kind: 'authorities' };

/** The peer showed another certificate than the pinned one. Thrown before a byte was sent to it. */
export class CertificateMismatch extends Error {
  override readonly name = 'CertificateMismatch';
  readonly code = 'CERTIFICATE_MISMATCH';
  readonly seen: string;

  constructor(host: string, expected: string, seen: string) {
    super(`${host} shows a certificate with fingerprint ${seen}, trusted is ${expected}`);
    this.seen = seen;
  }
}

const LENGTHS = { sha256: 64, sha1: 40 };
const CONNECT_TIMEOUT_MS = 8_000;

/** `AA:BB:…` in capitals, whatever separators and case it was written with. @throws FaultError `input-invalid` */
export function normalizeFingerprint(fingerprint: string, kind: 'sha256' | 'sha1' = 'sha256'): string {
  const digits = fingerprint.replace(/[\s:-]/g, '').toUpperCase();
  if (digits.length !== LENGTHS[kind] || !/^[0-9A-F]+$/.test(digits)) {
    const name = kind === 'sha256' ? 'SHA-256' : 'SHA-1';
    throw faultError('input-invalid', { message: `The certificate's fingerprint is not a ${name} fingerprint.` });
  }
  return (digits.match(/../g) ?? []).join(':');
}

/**
 * The SHA-256 fingerprint of the certificate that `url` shows now, for a person to compare and to trust.
 * @throws FaultError `vcenter-unreachable`
 */
export async function probeFingerprint(url: string, signal: AbortSignal): Promise<string> {
  return (await probeCertificate(url, signal)).sha256;
}

/**
 * The SHA-1 fingerprint that VDDK asks for, of the very certificate that is trusted.
 * @throws FaultError `vcenter-unreachable`, `vcenter-certificate-changed`
 */
export async function probeThumbprint(url: string, trusted: string, signal: AbortSignal): Promise<string> {
  const { sha256, sha1 } = await probeCertificate(url, signal);
  if (sha256 === normalizeFingerprint(trusted)) return sha1;
  throw asFaultError(new CertificateMismatch(vcenterUrl(url).hostname, trusted, sha256), { during: 'read', signal });
}

async function probeCertificate(url: string, signal: AbortSignal): Promise<{ sha256: string; sha1: string }> {
  const { hostname, port } = vcenterUrl(url);
  const host = bareHost(hostname);
  const { promise, resolve, reject } = Promise.withResolvers<{ sha256: string; sha1: string }>();
  const socket = connect({
    host,
    port: Number(port || 443),
    rejectUnauthorized: false,
    ...(isIP(host) ? {} : { servername: host }),
  });
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  // For all of it: a peer that sends a byte now and then is never idle.
  const late = setTimeout(
    () => reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    CONNECT_TIMEOUT_MS,
  );
  socket.once('error', reject);
  socket.once('secureConnect', () => {
    const { fingerprint256, fingerprint } = socket.getPeerCertificate();
    resolve({ sha256: normalizeFingerprint(fingerprint256), sha1: normalizeFingerprint(fingerprint, 'sha1') });
  });
  try {
    signal.throwIfAborted();
    return await promise;
  } catch (error) {
    throw asFaultError(error, { during: 'read', signal });
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** The host of a URL as the network wants it: an IPv6 address without the brackets. */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** The pin of a peer whose fingerprint is given: SHA-1 or SHA-256, by its length. @throws FaultError `input-invalid` */
export function pinOf(fingerprint: string): Pin {
  const kind = fingerprint.replace(/[^0-9a-f]/gi, '').length === LENGTHS.sha256 ? 'sha256' : 'sha1';
  return { kind, fingerprint: normalizeFingerprint(fingerprint, kind) };
}

/** The pin of a peer whose certificate is given as PEM; null when it is none. */
export function pinOfCertificate(pem: string): Pin | null {
  try {
    return { kind: 'sha256', fingerprint: normalizeFingerprint(new X509Certificate(pem).fingerprint256) };
  } catch {
    return null;
  }
}

/** @throws FaultError `input-invalid` for anything but an https URL. */
export function vcenterUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol === 'https:') return parsed;
  throw faultError('input-invalid', { message: 'The address of vCenter must be an https:// URL.' });
}

/** Connections to one peer, each of which checks the pin before anything is sent. The caller closes it. */
export function pinnedAgent(pin: Pin, options: { connections: number }): Agent {
  const connector = buildConnector({
    rejectUnauthorized: pin.kind === 'authorities',
    timeout: CONNECT_TIMEOUT_MS,
    // A resumed session need not show its certificate again, so none is resumed.
    maxCachedSessions: 0,
    allowH2: false,
  });
  return new Agent({
    connections: options.connections,
    pipelining: 1,
    keepAliveTimeout: 4_000,
    connect(target, callback) {
      connector(target, (...[error, socket]) => {
        if (error) return callback(error, null);
        const mismatch = pin.kind === 'authorities' ? null : checkPin(pin, target.hostname, socket as TLSSocket);
        if (!mismatch) return callback(null, socket);
        socket.destroy();
        callback(mismatch, null);
      });
    },
  });
}

function checkPin(pin: { kind: 'sha256' | 'sha1'; fingerprint: string }, host: string, socket: TLSSocket) {
  const certificate = socket.getPeerCertificate?.();
  const seen = (pin.kind === 'sha256' ? certificate?.fingerprint256 : certificate?.fingerprint) ?? '';
  const matches = seen !== '' && seen.toUpperCase() === pin.fingerprint;
  return matches ? null : new CertificateMismatch(host, pin.fingerprint, seen || 'none');
}
