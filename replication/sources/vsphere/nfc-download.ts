// Downloads one disk of an export from the host that serves it, as a stream of bytes.
import { isIPv6 } from 'node:net';
import { type Agent, request } from 'undici';
import { FaultError, faultError } from '../../model/fault.ts';
import { type Pin, pinnedAgent, pinOf, pinOfCertificate } from './certificate.ts';
import { asFaultError } from './faults.ts';
import type { DeviceUrl } from './lease.ts';
import { VimHttpError } from './soap.ts';

export interface DownloadOptions {
  /** Address of vCenter, for urls that name no host. */
  center: URL;
  /** Pin of vCenter's own certificate. */
  centerFingerprint: string;
  /** Session cookie, or null. */
  cookie: string | null;
  /** Longest silence of the host within the stream. */
  idleMs: number;
}

export interface Download {
  bytes: AsyncIterable<Uint8Array>;
  /** Cuts the stream, if it still runs, and closes its connection. */
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 60_000;
const REFUSAL_TIMEOUT_MS = 10_000;

/** The url with the host that is meant by `*`. */
export function resolveUrl(url: string, center: URL): URL {
  const named = url.replace(/^(https?:\/\/)\*(:\d+)?/i, (_, scheme: string, port?: string) => {
    return `${scheme}${center.hostname}${port ?? (center.port ? `:${center.port}` : '')}`;
  });
  // Some hosts were added by an IPv6 address, and their name in a url is that address, with or without brackets.
  const bracketed = named.replace(/^(https?:\/\/)([^/[\]]+)(?=\/)/i, (whole, scheme: string, host: string) =>
    isIPv6(host) ? `${scheme}[${host}]` : whole,
  );
  const parsed = URL.canParse(bracketed) ? new URL(bracketed) : null;
  if (parsed?.protocol === 'https:') return parsed;
  throw faultError('export-refused', { message: `vSphere offers the disk at an address that cannot be used: ${url}` });
}

/** The lease's certificate or thumbprint; without them vCenter's own pin if it is vCenter's address, else Node's authorities. */
export function pinFor(file: DeviceUrl, url: URL, center: URL, centerFingerprint: string): Pin {
  const given = file.certificate ? pinOfCertificate(file.certificate) : null;
  if (given) return given;
  if (file.thumbprint) return pinOf(file.thumbprint);
  if (url.host === center.host) return { kind: 'sha256', fingerprint: centerFingerprint };
  return { kind: 'authorities' };
}

/** @throws FaultError `esxi-unreachable`, `export-refused`, `export-cut`, `vcenter-certificate-changed` */
export async function download(file: DeviceUrl, options: DownloadOptions, signal: AbortSignal): Promise<Download> {
  const url = resolveUrl(file.url, options.center);
  const agent = pinnedAgent(pinFor(file, url, options.center, options.centerFingerprint), { connections: 1 });
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const close = async () => {
    stop.abort(faultError('cancelled', { message: 'The stream of the disk was closed.' }));
    signal.removeEventListener('abort', onAbort);
    await agent.destroy();
  };
  try {
    signal.throwIfAborted();
    const body = await open(url, agent, options, stop.signal);
    return { bytes: mapped(body, url, signal), close };
  } catch (error) {
    await close();
    const asTold = asFaultError(error, { during: 'stream', signal });
    // Nothing came yet: the host is away, the stream was not cut.
    if (asTold.fault.code !== 'export-cut' || signal.aborted) throw asTold;
    throw faultError('esxi-unreachable', { message: `${url.hostname} broke the connection off.` }, error);
  }
}

async function open(url: URL, agent: Agent, options: DownloadOptions, signal: AbortSignal) {
  const response = await request(url, {
    dispatcher: agent,
    signal,
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: options.idleMs,
    headers: { accept: 'application/x-vnd.vmware-streamVmdk', ...(options.cookie ? { cookie: options.cookie } : {}) },
  });
  if (response.statusCode === 200) return response.body;
  // What it says is a hint; it may take a moment, and no longer.
  const late = setTimeout(() => response.body.destroy(), REFUSAL_TIMEOUT_MS);
  const text = await response.body.text().catch(() => '');
  clearTimeout(late);
  throw new VimHttpError(response.statusCode, text);
}

async function* mapped(body: AsyncIterable<Buffer>, url: URL, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const fault = asFaultError(error, { during: 'stream' });
    // Whatever broke a stream under way, the disk can be asked for again.
    const isOurs = error instanceof FaultError || fault.fault.code === 'export-cut';
    throw isOurs ? fault : faultError('export-cut', { message: `The stream from ${url.hostname} broke.` }, error);
  }
}
