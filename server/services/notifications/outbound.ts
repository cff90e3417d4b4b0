// A POST to an address that a person has given. It goes only where it may: never to link-local and metadata addresses, to inner ones
// only where the environment allows it. The name is resolved once, and the address that was looked at is the one that is used.
import { promises as dns, type LookupAddress } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { notifyPrivate } from '../../env.ts';
import type { Outcome } from './deliveries.ts';

/** From the first packet to the last. */
const DEADLINE_MS = 10_000;
/** Of an answer no more is read. */
const MOST_ANSWER = 4096;

/** Inner addresses, which the environment may allow. */
const INNER = new Set(['private', 'loopback', 'uniqueLocal', 'carrierGradeNat']);
/** Metadata services at addresses that are not link-local: AWS over IPv6, Alibaba, Oracle. */
const METADATA = ['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '192.0.0.192'];

/** Why nothing is sent to an address; null where it may be. */
export function whyNotTo(address: string, allowed = notifyPrivate()): string | null {
  if (!ipaddr.isValid(address)) return `${address} is no address`;
  // An IPv4 address in IPv6's clothes is what it is.
  const ip = ipaddr.process(address);
  const refused = `${ip.toString()} is an address to which notifications are never sent`;
  if (METADATA.some((one) => ipaddr.parse(one).toString() === ip.toString())) return refused;
  const range = ip.range();
  if (range === 'unicast') return null;
  if (!INNER.has(range)) return refused;
  const may =
    allowed === true ||
    (Array.isArray(allowed) &&
      allowed.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network as never, bits)));
  return may ? null : `${ip.toString()} is an inner address, and LANDFALL_NOTIFY_PRIVATE does not allow it`;
}

export interface Post {
  url: string;
  headers: Record<string, string>;
  body: string;
  deadlineMs?: number;
}

/** One attempt. Redirects are not followed. Never throws: what went wrong is the outcome. */
export async function post({ url, headers, body, deadlineMs = DEADLINE_MS }: Post): Promise<Outcome> {
  const signal = AbortSignal.timeout(deadlineMs);
  const none = { ok: false, code: null, answer: '' };
  let target: URL;
  try {
    target = new URL(url);
  } catch {
    return { ...none, error: 'The address is no URL.', final: true };
  }
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    return { ...none, error: 'The address must begin with https:// or http://.', final: true };
  }
  try {
    const addresses = await resolve(target.hostname, signal);
    const why = addresses.map(({ address }) => whyNotTo(address)).find((one) => one !== null);
    if (why) return { ...none, error: `${why}.`, final: true };
    return await send(target, addresses, headers, body, signal);
  } catch (error) {
    const late = signal.aborted ? `No answer within ${Math.round(deadlineMs / 1000)} s.` : null;
    return { ...none, error: late ?? messageOf(error) };
  }
}

async function resolve(hostname: string, signal: AbortSignal): Promise<LookupAddress[]> {
  const name = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(name)) return [{ address: name, family: name.includes(':') ? 6 : 4 }];
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
  return Promise.race([dns.lookup(name, { all: true, verbatim: true }), late]);
}

function send(
  target: URL,
  addresses: LookupAddress[],
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
): Promise<Outcome> {
  // Those that were looked at, and no others.
  const lookup: LookupFunction = (_name, options, done) => {
    if (options.all) done(null, addresses);
    else done(null, addresses[0]?.address ?? '', addresses[0]?.family);
  };
  const { promise, resolve: settle, reject } = Promise.withResolvers<Outcome>();
  const ask = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = ask(
    target,
    {
      method: 'POST',
      // A connection of its own: none that was opened before to what the name was then.
      agent: false,
      lookup,
      signal,
      headers: {
        ...headers,
        'user-agent': 'Landfall-Notifications/1',
        'content-length': Buffer.byteLength(body).toString(),
      },
    },
    (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const end = () => {
        const code = response.statusCode ?? 0;
        const ok = code >= 200 && code < 300;
        const answer = Buffer.concat(chunks).toString().slice(0, MOST_ANSWER).trim();
        const retryAfter = Number(response.headers['retry-after']);
        settle({
          ok,
          code,
          answer,
          error: ok ? null : whatOf(code),
          // Gone: the receiver asks never to be called again (Standard Webhooks).
          final: code === 410,
          retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
        });
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size < MOST_ANSWER) return;
        end();
        response.destroy();
      });
      response.on('end', end);
      response.on('error', reject);
    },
  );
  request.on('error', reject);
  request.end(body);
  return promise;
}

function whatOf(code: number): string {
  if (code >= 300 && code < 400) return `It answered ${code}, a redirect; redirects are not followed.`;
  return `It answered ${code}.`;
}

function messageOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code && !message?.includes(code) ? `${message ?? ''} (${code})` : (message ?? String(error));
}
