// Signs a request as a program would: by AWS's own package, which knows nothing of how we check it.
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

class Sha256 {
  readonly #hash;
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret ? createHmac('sha256', secret as Uint8Array) : createHash('sha256');
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
}

export interface Signer {
  id: string;
  secret: string;
}

interface Wanted {
  method?: string;
  body?: string;
  headers?: Record<string, string>;
  at?: Date;
  service?: string;
  region?: string;
}

/** The headers of the request, with its signature. */
export async function signedHeaders(
  url: string,
  { id, secret }: Signer,
  { method = 'GET', body, headers = {}, at = new Date(), service = 'landfall', region = 'any' }: Wanted = {},
): Promise<Record<string, string>> {
  const { protocol, hostname, host, pathname, searchParams } = new URL(url);
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId: id, secretAccessKey: secret },
    sha256: Sha256 as never,
  });
  const request = { method, protocol, hostname, path: pathname, query: Object.fromEntries(searchParams), body };
  const signed = await signer.sign({ ...request, headers: { ...headers, host } } as never, { signingDate: at });
  return (signed as unknown as { headers: Record<string, string> }).headers;
}
