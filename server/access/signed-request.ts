// A request signed with AWS Signature Version 4 in its Authorization header, as this side checks it. Pure. Written from "Signing AWS
// API requests" (AWS General Reference); the payload is always part of the signature.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** What a request says of itself, before anything is believed. */
export interface SignatureClaim {
  keyId: string;
  /** `20261201T180000Z` */
  timestamp: string;
  date: string;
  region: string;
  service: string;
  signedHeaders: readonly string[];
  /** 64 hexadecimal digits. */
  signature: string;
}

/** Whether a request comes with a signature, good or not. */
export const isSigned = (headers: Headers): boolean => headers.get('authorization')?.startsWith(ALGORITHM) ?? false;

/** Null where it cannot be read, or leaves out what must be signed: `host`, and every `x-amz-` header that is there. */
export function readClaim(headers: Headers): SignatureClaim | null {
  const [, list] = /^AWS4-HMAC-SHA256\s+(.{1,4000})$/.exec(headers.get('authorization') ?? '') ?? [];
  const fields = new Map(
    list?.split(',').map((field) => {
      const [name = '', ...value] = field.trim().split('=');
      return [name, value.join('=')] as const;
    }),
  );
  const [keyId, date, region, service, end, ...more] = fields.get('Credential')?.split('/') ?? [];
  const timestamp = headers.get('x-amz-date') ?? '';
  const signature = fields.get('Signature') ?? '';
  const signedHeaders = (fields.get('SignedHeaders') ?? '').split(';');
  if (!keyId || !date || !region || !service || end !== 'aws4_request' || more.length > 0) return null;
  if (Number.isNaN(timeOf(timestamp)) || !timestamp.startsWith(date)) return null;
  if (!/^[0-9a-f]{64}$/.test(signature)) return null;
  const mustBe = ['host', ...[...headers.keys()].filter((name) => name.startsWith('x-amz-'))];
  if (!mustBe.every((name) => signedHeaders.includes(name))) return null;
  return { keyId, timestamp, date, region, service, signedHeaders, signature };
}

/** Milliseconds since 1970 of `20261201T180000Z`; NaN for anything else. */
export function timeOf(timestamp: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (!parts) return Number.NaN;
  const [, year, month, day, hour, minute, second] = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

export interface SignedRequest {
  method: string;
  /** As it was sent, still encoded. */
  path: string;
  /** One of `queryForms`. */
  query: string;
  headers: Headers;
  body: Uint8Array;
}

/** Whether the claim's signature is what the secret makes of the request. Takes as long for a wrong one as for a right one. */
export function isSignatureRight(claim: SignatureClaim, secret: string, request: SignedRequest): boolean {
  const payload = sha256(request.body);
  const said = request.headers.get('x-amz-content-sha256');
  const canonical = [
    request.method,
    // Every service but S3 encodes what was sent once more.
    request.path.split('/').map(encoded).join('/') || '/',
    request.query,
    ...claim.signedHeaders.map((name) => `${name}:${(request.headers.get(name) ?? '').trim().replace(/\s+/g, ' ')}`),
    '',
    claim.signedHeaders.join(';'),
    payload,
  ].join('\n');
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
  const key = [claim.date, claim.region, claim.service, 'aws4_request'].reduce<string | Buffer>(
    (key, part) => hmac(key, part),
    `AWS4${secret}`,
  );
  const expected = hmac(key, [ALGORITHM, claim.timestamp, scope, sha256(canonical)].join('\n'));
  const same = timingSafeEqual(expected, Buffer.from(claim.signature, 'hex'));
  return same && (said === null || said === payload);
}

/**
 * As what a query may have been signed: as AWS says, with a plus for a space or for itself; and as older versions of curl send it, which
 * sign just that (a plus for a space, small hexadecimal digits), whether or not it was written anew on its way, as Next does. `query` is
 * without the question mark.
 */
export function queryForms(query: string): string[] {
  const asAwsSays = canonicalQuery(query.replaceAll('+', '%20'));
  const withPlus = asAwsSays.replaceAll('%20', '+');
  const ofCurl = withPlus.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return [...new Set([asAwsSays, canonicalQuery(query), withPlus, ofCurl, query])];
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [encoded(decoded(name)), encoded(decoded(value.join('=')))] as const;
  });
  return pairs
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** By code points, which are all ASCII here. */
const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Everything but letters, digits and `-._~` (RFC 3986). */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
