// The body of a request as a service reads it: decoded, hashed, slowed down by rule, and not begun before somebody reads.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeAwsChunked } from './aws-chunked.ts';
import type { StreamFaults } from './request-state.ts';
import { AwsError, type AwsRequest } from './service.ts';
import type { ChunkSigner } from './sigv4.ts';

export interface BodyOptions {
  headers: Record<string, string>;
  /** The value of `x-amz-content-sha256`, as it was signed. */
  payloadHash: string;
  signer: ChunkSigner;
  stream: StreamFaults;
  signal: AbortSignal;
  /** Called when the first byte is asked for (to say 100 Continue). */
  onStart(): void;
  onBytes(count: number): void;
}

/** `request` gets its trailers when the body has ended. Errors of the returned stream are AwsErrors where the client is to blame. */
export function decodedBody(source: Readable, options: BodyOptions, request: () => AwsRequest): Readable {
  // Chunk by chunk: a stream of bytes would join what it holds into a new buffer at every read.
  return Readable.from(decode(source, options, request), { objectMode: true, highWaterMark: 4 });
}

async function* decode(
  source: Readable,
  options: BodyOptions,
  request: () => AwsRequest,
): AsyncGenerator<Buffer, void, undefined> {
  options.onStart();
  // The socket must outlive a body that is refused half-way: the answer still has to go out over it.
  const raw = paced(
    source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>,
    options.stream,
    options.signal,
    options.onBytes,
  );
  if (options.payloadHash.startsWith('STREAMING-')) {
    yield* decodeAwsChunked(raw, {
      decodedLength: decodedLength(options.headers),
      signer: options.payloadHash.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD') ? options.signer : undefined,
      announced: announcedTrailers(options),
      onTrailers: (trailers) => {
        request().trailers = trailers;
      },
    });
    return;
  }
  if (options.payloadHash === 'UNSIGNED-PAYLOAD') {
    yield* raw;
    return;
  }
  const hash = createHash('sha256');
  for await (const bytes of raw) {
    hash.update(bytes);
    yield bytes;
  }
  if (hash.digest('hex') !== options.payloadHash) {
    const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    throw new AwsError(400, 'XAmzContentSHA256Mismatch', message);
  }
}

function announcedTrailers({ headers, payloadHash }: BodyOptions): string[] {
  if (!payloadHash.endsWith('-TRAILER')) return [];
  return (headers['x-amz-trailer'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

function decodedLength(headers: Record<string, string>): number {
  const value = headers['x-amz-decoded-content-length'];
  if (value === undefined || !/^\d{1,15}$/.test(value))
    throw new AwsError(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  return Number(value);
}

/** `source` at no more than `stream.bytesPerSecond`; the limit may be set while it runs. */
export async function* paced(
  source: AsyncIterable<Buffer>,
  stream: StreamFaults,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  let due = 0;
  for await (const bytes of source) {
    onBytes(bytes.length);
    if (stream.bytesPerSecond !== undefined) {
      const now = performance.now();
      due = Math.max(due, now) + (bytes.length / stream.bytesPerSecond) * 1000;
      if (due - now > 1) await sleep(due - now, undefined, { signal });
    }
    yield bytes;
  }
}

/** Reads a body that must be small. Throws AwsError 413 when it is longer than `limit` bytes. */
export async function readSmallBody(body: AsyncIterable<Buffer | string>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk as Buffer);
    size += bytes.length;
    if (size > limit)
      throw new AwsError(413, 'RequestEntityTooLarge', 'The request is larger than this operation takes.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
