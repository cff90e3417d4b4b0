// Opens the connection to an NBD server, in the clear or through TLS, and agrees with it on what follows.
// Part of replication/disks/nbd.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { faultError } from '../../model/fault.ts';
import { type NbdEndpoint, spellAddress } from './endpoint.ts';
import { handshakeFault, NbdCut, NbdSilence } from './faults.ts';
import { greet, startTls } from './negotiate.ts';
import { Wire } from './wire.ts';

/** Certificates in PEM. The server's is always checked: its chain, and the name that it is made out for. */
export interface NbdTls {
  /** Who may have signed the server's certificate. Default: the authorities that Node knows. */
  ca?: string | Buffer;
  /** Our own certificate and its key, where the server wants one. */
  cert?: string | Buffer;
  key?: string | Buffer;
}

export interface ConnectOptions {
  /** For an endpoint that demands TLS. */
  tls?: NbdTls;
  /** For connecting, TLS and the handshake together. Default 15 s. */
  connectTimeoutMs?: number;
  /** How long nothing may come while something is awaited. Default 60 s. */
  silenceTimeoutMs?: number;
}

/**
 * Opens a connection and runs `agree` on it: all the options that are to be negotiated. Whatever fails ends the
 * connection. A stream that was handed in belongs to the connection, also when it does not come about.
 * @throws FaultError `nbd-unreachable`, `nbd-refused`, `nbd-invalid`, `input-invalid`, or the signal's reason
 */
export async function connectNbd<Agreed>(
  endpoint: NbdEndpoint,
  options: ConnectOptions,
  agree: (wire: Wire) => Promise<Agreed>,
  signal: AbortSignal,
): Promise<{ wire: Wire; agreed: Agreed }> {
  const { connectTimeoutMs = 15_000, silenceTimeoutMs = 60_000 } = options;
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  const late = new NbdSilence(`no agreement within ${connectTimeoutMs / 1000} s`);
  const timer = setTimeout(() => stop.abort(late), connectTimeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  let wire: Wire | undefined;
  const endWire = () => wire?.fail(stop.signal.reason);
  stop.signal.addEventListener('abort', endWire);
  try {
    checkTls(endpoint, options);
    const plain = await openStream(endpoint, stop.signal);
    wire = new Wire(plain, silenceTimeoutMs);
    await greet(wire);
    if (endpoint.tls) {
      await startTls(wire);
      const secure = await openTls(wire.surrender(), endpoint, options.tls ?? {}, stop.signal);
      wire = new Wire(secure, silenceTimeoutMs);
    }
    const agreed = await agree(wire);
    stop.signal.throwIfAborted();
    return { wire, agreed };
  } catch (error) {
    wire?.fail(error);
    if ('stream' in endpoint.address) endpoint.address.stream.destroy();
    if (signal.aborted) throw signal.reason;
    throw handshakeFault(stop.signal.aborted ? stop.signal.reason : error, spellAddress(endpoint.address));
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    stop.signal.removeEventListener('abort', endWire);
  }
}

function checkTls(endpoint: NbdEndpoint, { tls }: ConnectOptions): void {
  if (tls && !endpoint.tls) {
    throw faultError('input-invalid', { message: 'Certificates are given for a connection without TLS: use nbds://.' });
  }
  if (endpoint.tls && !nameOf(endpoint)) {
    const message = 'TLS through a socket needs the name in the certificate: add tls-hostname to the address.';
    throw faultError('input-invalid', { message });
  }
}

function nameOf({ serverName, address }: NbdEndpoint): string | undefined {
  return serverName ?? ('host' in address ? address.host : undefined);
}

async function openStream({ address }: NbdEndpoint, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted();
  if ('stream' in address) return address.stream;
  const socket =
    'host' in address
      ? connectTcp({ host: address.host, port: address.port, noDelay: true, keepAlive: true })
      : connectTcp({ path: address.socketPath });
  await opened(socket, 'connect', signal);
  return socket;
}

async function openTls(stream: Duplex, endpoint: NbdEndpoint, tls: NbdTls, signal: AbortSignal): Promise<Duplex> {
  const name = nameOf(endpoint)!;
  const options: ConnectionOptions = {
    socket: stream,
    host: name,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    // A name of its own for the server to choose by; the protocol has none for addresses.
    ...(isIP(name) ? {} : { servername: name }),
    ...(tls.ca ? { ca: tls.ca } : {}),
    ...(tls.cert ? { cert: tls.cert } : {}),
    ...(tls.key ? { key: tls.key } : {}),
  };
  const socket = connectTls(options);
  await opened(socket, 'secureConnect', signal);
  return socket;
}

/** Waits for the event that says that the socket can be used; destroys the socket when it does not come. */
async function opened(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  const onClose = () => reject(new NbdCut('the connection was closed'));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  socket.once(event, resolve);
  // It keeps this listener, for it may fail at any time until somebody else listens.
  socket.on('error', reject);
  socket.once('close', onClose);
  try {
    await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.off(event, resolve);
    socket.off('close', onClose);
  }
}
