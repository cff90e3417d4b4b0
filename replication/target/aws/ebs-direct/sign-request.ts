// AWS Signature Version 4 for the two block calls of EBS direct, of which there are hundreds a second.
// The key of a day is derived once, and a block's payload hash is the digest that the block carries already, so that
// no byte is hashed twice. All other calls are signed by the SDK.
import { createHmac, hash } from 'node:crypto';

export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface SignableRequest {
  method: 'GET' | 'PUT';
  host: string;
  /** As it goes over the wire. */
  path: string;
  /** Sorted by name and percent-encoded; empty when there is none. */
  query: string;
  /** Further headers to send and to sign: lower-case names that begin with `x-amz-`. */
  headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, in hex. */
  payloadHash: string;
}

export const EMPTY_PAYLOAD_HASH = hash('sha256', '', 'hex');

export class RequestSigner {
  readonly #region: string;
  readonly #service: string;
  #derived: { secret: string; day: string; key: Buffer } | null = null;

  constructor(region: string, service: string) {
    this.#region = region;
    this.#service = service;
  }

  /** All headers to send but `host`, which the HTTP client writes itself. */
  sign(keys: AwsKeys, request: SignableRequest, at: Date): Record<string, string> {
    const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
    const day = time.slice(0, 8);
    const headers: Record<string, string> = {
      ...request.headers,
      'x-amz-content-sha256': request.payloadHash,
      'x-amz-date': time,
      ...(keys.sessionToken && { 'x-amz-security-token': keys.sessionToken }),
    };
    const names = Object.keys(headers).sort();
    const signedNames = `host;${names.join(';')}`;
    const lines = names.map((name) => `${name}:${headers[name]}`).join('\n');
    const canonical = `${request.method}\n${canonicalPath(request.path)}\n${request.query}\nhost:${request.host}\n${lines}\n\n${signedNames}\n${request.payloadHash}`;
    const scope = `${day}/${this.#region}/${this.#service}/aws4_request`;
    const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical, 'hex')}`;
    const signature = createHmac('sha256', this.#keyOf(keys.secretAccessKey, day)).update(toSign).digest('hex');
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${signedNames}, Signature=${signature}`;
    return headers;
  }

  #keyOf(secret: string, day: string): Buffer {
    if (this.#derived?.secret !== secret || this.#derived.day !== day) {
      let key = Buffer.from(`AWS4${secret}`);
      for (const part of [day, this.#region, this.#service, 'aws4_request']) {
        key = createHmac('sha256', key).update(part).digest();
      }
      this.#derived = { secret, day, key };
    }
    return this.#derived.key;
  }
}

/** Percent-encoding as SigV4 wants it: everything but letters, digits and `-._~`. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Every service but S3 encodes the path as sent once more. */
function canonicalPath(path: string): string {
  return /^[\w/.~-]*$/.test(path) ? path : path.split('/').map(percentEncoded).join('/');
}
