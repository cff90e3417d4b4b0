// Takes the aws-chunked framing off a request body, checks chunk signatures, and hands over the trailers.
import { createHash, type Hash } from 'node:crypto';
import { AwsError } from './service.ts';
import { type ChunkSigner, chunkSignature, sameHex, trailerSignature } from './sigv4.ts';

const LONGEST_LINE = 8192;
const MOST_TRAILERS = 16;

export interface ChunkedOptions {
  /** What `x-amz-decoded-content-length` promised. */
  decodedLength: number;
  /** Given when every chunk is signed. */
  signer?: ChunkSigner;
  /** Lower-case names from `x-amz-trailer`; they must all come. */
  announced: string[];
  onTrailers(trailers: Record<string, string>): void;
}

/** The decoded bytes of `source`. Throws AwsError when the framing, a signature, the length or the trailers are wrong. */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  options: ChunkedOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const input = new ByteQueue(source);
  const { signer } = options;
  let previous = signer?.seed ?? '';
  let total = 0;
  for (;;) {
    const { size, signature } = readChunkHead(await input.line());
    if (signer && !signature) throw new AwsError(403, 'SignatureDoesNotMatch', 'A chunk has no signature.');
    total += size;
    if (total > options.decodedLength) throw wrongLength();
    const hash: Hash | undefined = signer && createHash('sha256');
    for (let left = size; left > 0; ) {
      const bytes = await input.upTo(left);
      left -= bytes.length;
      hash?.update(bytes);
      yield bytes;
    }
    if (signer && hash && signature) {
      const expected = chunkSignature(signer, previous, hash.digest('hex'));
      if (!sameHex(expected, signature)) throw wrongSignature();
      previous = expected;
    }
    if (size === 0) break;
    if ((await input.line()) !== '') throw incomplete();
  }
  if (total !== options.decodedLength) throw wrongLength();
  options.onTrailers(await readTrailers(input, options, previous));
  await input.mustEnd();
}

function readChunkHead(line: string): { size: number; signature: string | undefined } {
  const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
  if (!match) throw incomplete();
  return { size: Number.parseInt(match[1]!, 16), signature: match[2] };
}

async function readTrailers(
  input: ByteQueue,
  { signer, announced }: ChunkedOptions,
  previous: string,
): Promise<Record<string, string>> {
  const trailers: Record<string, string> = {};
  for (let line = await input.line(); line !== ''; line = await input.line()) {
    const at = line.indexOf(':');
    if (at < 1 || Object.keys(trailers).length >= MOST_TRAILERS) throw malformedTrailer();
    trailers[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim();
  }
  const { 'x-amz-trailer-signature': signature, ...values } = trailers;
  const names = Object.keys(values);
  if (names.length !== announced.length || announced.some((name) => values[name] === undefined))
    throw malformedTrailer();
  if (signer && names.length > 0) {
    const signed = names.sort().map((name) => `${name}:${values[name]}\n`);
    if (!signature || !sameHex(trailerSignature(signer, previous, signed.join('')), signature)) throw wrongSignature();
  }
  return values;
}

/** Bytes of an async source, taken by line or by count. */
class ByteQueue {
  #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#held.toString('latin1', 0, end);
        this.#held = this.#held.subarray(end + 2);
        return line;
      }
      if (this.#held.length > LONGEST_LINE || !(await this.#more())) throw incomplete();
    }
  }

  /** At least one and at most `count` bytes. */
  async upTo(count: number): Promise<Buffer> {
    if (this.#held.length === 0 && !(await this.#more())) throw incomplete();
    const bytes = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(bytes.length);
    return bytes;
  }

  async mustEnd(): Promise<void> {
    if (this.#held.length > 0 || (await this.#more())) throw incomplete();
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    if (next.value.length === 0) return this.#more();
    this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value]);
    return true;
  }
}

function incomplete(): AwsError {
  return new AwsError(
    400,
    'IncompleteBody',
    'The request body terminated unexpectedly or is not framed as its headers say.',
  );
}

function wrongLength(): AwsError {
  return new AwsError(
    400,
    'IncompleteBody',
    'The body is not as long as the x-amz-decoded-content-length header says.',
  );
}

function wrongSignature(): AwsError {
  return new AwsError(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
}

function malformedTrailer(): AwsError {
  return new AwsError(
    400,
    'MalformedTrailerError',
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  );
}
