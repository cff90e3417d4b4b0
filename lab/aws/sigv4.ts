// AWS Signature Version 4 as a server checks it: in the Authorization header, in a presigned query, and along a chunked body.
// Written from "Signing AWS API requests" and the S3 API reference.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const EMPTY_SHA256 = createHash('sha256').digest('hex');

/** What a request claims about itself, before anything is believed. */
export interface Claim {
  accessKeyId: string;
  /** `20261122T140000Z` */
  timestamp: string;
  date: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
  sessionToken?: string;
  /** Seconds; only for a presigned request. */
  expires?: number;
}

/** Key, date and scope that the chunks of a signed chunked body are chained with. */
export interface ChunkSigner {
  key: Buffer;
  timestamp: string;
  scope: string;
  seed: string;
}

/** The parts of an HTTP request that are signed. */
export interface SignedParts {
  method: string;
  rawPath: string;
  rawQuery: string;
  headers: Record<string, string>;
}

/** The claim of a request; undefined when it carries none, 'malformed' when it cannot be read. */
export function readClaim(parts: SignedParts): Claim | undefined | 'malformed' {
  const header = parts.headers.authorization;
  if (header !== undefined) return readHeader(header, parts.headers);
  const query = new URLSearchParams(parts.rawQuery);
  if (query.get('X-Amz-Algorithm') !== null) return readPresigned(query);
  return undefined;
}

function readHeader(header: string, headers: Record<string, string>): Claim | 'malformed' {
  const match = /^AWS4-HMAC-SHA256\s+(.*)$/.exec(header);
  if (!match) return 'malformed';
  const fields = new Map(
    match[1]!.split(',').map((field): [string, string] => {
      const at = field.indexOf('=');
      return [field.slice(0, at).trim(), field.slice(at + 1).trim()];
    }),
  );
  const timestamp = headers['x-amz-date'] ?? basicDate(headers.date);
  return claim(fields.get('Credential'), timestamp, fields.get('SignedHeaders'), fields.get('Signature'), {
    sessionToken: headers['x-amz-security-token'],
  });
}

function readPresigned(query: URLSearchParams): Claim | 'malformed' {
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return 'malformed';
  const expires = Number(query.get('X-Amz-Expires'));
  if (!Number.isInteger(expires) || expires < 1 || expires > 604_800) return 'malformed';
  return claim(
    query.get('X-Amz-Credential') ?? undefined,
    query.get('X-Amz-Date') ?? undefined,
    query.get('X-Amz-SignedHeaders') ?? undefined,
    query.get('X-Amz-Signature') ?? undefined,
    { sessionToken: query.get('X-Amz-Security-Token') ?? undefined, expires },
  );
}

function claim(
  credential: string | undefined,
  timestamp: string | undefined,
  signedHeaders: string | undefined,
  signature: string | undefined,
  more: Pick<Claim, 'sessionToken' | 'expires'>,
): Claim | 'malformed' {
  const [accessKeyId, date, region, service, end, ...rest] = credential?.split('/') ?? [];
  if (!accessKeyId || !date || !region || !service || end !== 'aws4_request' || rest.length > 0) return 'malformed';
  if (!timestamp || !/^\d{8}T\d{6}Z$/.test(timestamp) || !timestamp.startsWith(date)) return 'malformed';
  if (!signedHeaders || !signature || !/^[0-9a-f]{64}$/.test(signature)) return 'malformed';
  const names = signedHeaders.split(';');
  if (!names.includes('host')) return 'malformed';
  return { accessKeyId, timestamp, date, region, service, signedHeaders: names, signature, ...more };
}

function basicDate(date: string | undefined): string | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** Milliseconds since 1970 of a `20261122T140000Z`. */
export function timeOf(timestamp: string): number {
  return Date.parse(timestamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

const KEPT_KEYS = 100;
const keys = new Map<string, Buffer>();

/** The signing key of a claim under this secret; it is the same for a whole day. */
export function signingKey(secretAccessKey: string, claim: Claim): Buffer {
  const name = `${secretAccessKey} ${scopeOf(claim)}`;
  const known = keys.get(name);
  if (known) return known;
  const key = derivedKey(secretAccessKey, claim);
  if (keys.size >= KEPT_KEYS) keys.clear();
  keys.set(name, key);
  return key;
}

function derivedKey(secretAccessKey: string, { date, region, service }: Claim): Buffer {
  return [date, region, service, 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

/** Whether the claim's signature is the one that `key` gives; `payloadHash` is the last line of the canonical request. */
export function signatureFits(key: Buffer, claim: Claim, parts: SignedParts, payloadHash: string): boolean {
  const canonical = [
    parts.method,
    canonicalPath(parts.rawPath, claim.service),
    canonicalQuery(parts.rawQuery),
    ...claim.signedHeaders.map((name) => `${name}:${(parts.headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    claim.signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', claim.timestamp, scopeOf(claim), sha256(canonical)].join('\n');
  return sameHex(hmac(key, toSign).toString('hex'), claim.signature);
}

export function scopeOf({ date, region, service }: Claim): string {
  return `${date}/${region}/${service}/aws4_request`;
}

/** Headers that a request must sign: `host` and every `x-amz-*`, as S3 demands. Gives the first that is not. */
export function unsignedHeader(claim: Claim, headers: Record<string, string>): string | undefined {
  return Object.keys(headers).find((name) => name.startsWith('x-amz-') && !claim.signedHeaders.includes(name));
}

/** The signature of the next chunk, chained to the one before. */
export function chunkSignature(signer: ChunkSigner, previous: string, dataHash: string): string {
  const lines = ['AWS4-HMAC-SHA256-PAYLOAD', signer.timestamp, signer.scope, previous, EMPTY_SHA256, dataHash];
  return hmac(signer.key, lines.join('\n')).toString('hex');
}

/** The signature of the trailers, chained to the last chunk's. */
export function trailerSignature(signer: ChunkSigner, previous: string, trailers: string): string {
  const lines = ['AWS4-HMAC-SHA256-TRAILER', signer.timestamp, signer.scope, previous, sha256(trailers)];
  return hmac(signer.key, lines.join('\n')).toString('hex');
}

export function sameHex(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

function canonicalPath(rawPath: string, service: string): string {
  const once = rawPath.split('/').map((segment) => encode(decode(segment)));
  return (service === 's3' ? once : once.map(encode)).join('/');
}

function canonicalQuery(rawQuery: string): string {
  if (rawQuery === '') return '';
  return rawQuery
    .split('&')
    .map((pair): [string, string] => {
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [encode(decode(name.replaceAll('+', ' '))), encode(decode(value.replaceAll('+', ' ')))];
    })
    .filter(([name]) => name !== 'X-Amz-Signature')
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Percent-encoding of RFC 3986: everything but letters, digits and `-._~`. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
