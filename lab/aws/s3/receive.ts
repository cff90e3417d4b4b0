// Takes a body into a data file or into memory, with its digests, and checks what the client claimed.
import { createHash } from 'node:crypto';
import { readSmallBody } from '../request-body.ts';
import { AwsError, type AwsRequest } from '../service.ts';
import { claimedDigests, startChecksum, verifyDigests } from './checksums.ts';
import type { DataFiles } from './data-files.ts';
import type { Algorithm, BucketRecord, Segment } from './model.ts';

export const LARGEST_PUT = 5 * 1024 ** 3;
const LARGEST_DOCUMENT = 8 * 1024 * 1024;

export interface Received {
  segments: Segment[];
  size: number;
  md5: Buffer;
  /** Base64, for every algorithm that was asked for or claimed. */
  checksums: Partial<Record<Algorithm, string>>;
  /** The one that the client used. */
  claimed?: Algorithm;
}

/** Takes an object's or a part's bytes. `also` are algorithms to compute beside the claimed one. */
export async function receiveData(
  request: AwsRequest,
  data: DataFiles,
  also: (claimed: Algorithm | undefined) => Algorithm[],
): Promise<Received> {
  mustHaveLength(request);
  const claimed = claimedDigests(request);
  const wanted = new Set(also(claimed.algorithm));
  if (claimed.algorithm) wanted.add(claimed.algorithm);
  const digesting = new Digesting([...wanted]);
  const segments = await data.write(digesting.through(request.body as AsyncIterable<Buffer>));
  try {
    const { md5, checksums } = digesting.finish();
    verifyDigests(request, claimed, { md5, checksum: (algorithm) => checksums[algorithm] ?? '' });
    return { segments, size: digesting.size, md5, checksums, claimed: claimed.algorithm };
  } catch (error) {
    data.discard(segments);
    throw error;
  }
}

/** MD5, checksums and length of a stream that passes. */
export class Digesting {
  size = 0;
  readonly #md5 = createHash('md5');
  readonly #running: { algorithm: Algorithm; sum: ReturnType<typeof startChecksum> }[];

  constructor(algorithms: Algorithm[]) {
    this.#running = algorithms.map((algorithm) => ({ algorithm, sum: startChecksum(algorithm) }));
  }

  async *through(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const bytes of source) {
      this.#md5.update(bytes);
      for (const { sum } of this.#running) sum.update(bytes);
      this.size += bytes.length;
      yield bytes;
    }
  }

  finish(): { md5: Buffer; checksums: Partial<Record<Algorithm, string>> } {
    return {
      md5: this.#md5.digest(),
      checksums: Object.fromEntries(
        this.#running.map(({ algorithm, sum }) => [algorithm, sum.digest().toString('base64')]),
      ),
    };
  }
}

/** Under a default retention S3 takes bytes only with a digest; then it also keeps versions, and a delete is a marker. */
export function isLocked(bucket: BucketRecord): boolean {
  return bucket.settings['object-lock']?.includes('<DefaultRetention>') ?? false;
}

/** To be asked before the bytes are taken. `what` is `Put Object` or `Put Part`. */
export function mustHaveDigest(request: AwsRequest, bucket: BucketRecord, what: string): void {
  const { algorithm, contentMd5 } = claimedDigests(request);
  if (!isLocked(bucket) || algorithm || contentMd5) return;
  const needed = `Content-MD5 OR x-amz-checksum- HTTP header is required for ${what} requests with Object Lock parameters`;
  throw new AwsError(400, 'InvalidRequest', needed);
}

/** Reads an XML document with its digests checked. `mustProve`: S3 refuses this operation without a digest. */
export async function receiveDocument(request: AwsRequest, mustProve = false): Promise<Buffer> {
  const claimed = claimedDigests(request);
  if (mustProve && !claimed.algorithm && !claimed.contentMd5)
    throw new AwsError(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5');
  const document = await readSmallBody(request.body as AsyncIterable<Buffer>, LARGEST_DOCUMENT);
  verifyDigests(request, claimed, {
    md5: createHash('md5').update(document).digest(),
    checksum: (algorithm) => {
      const sum = startChecksum(algorithm);
      sum.update(document);
      return sum.digest().toString('base64');
    },
  });
  return document;
}

function mustHaveLength({ headers }: AwsRequest): void {
  const length = headers['x-amz-decoded-content-length'] ?? headers['content-length'];
  if (length === undefined)
    throw new AwsError(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  if (Number(length) > LARGEST_PUT)
    throw new AwsError(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      ProposedSize: length,
      MaxSizeAllowed: String(LARGEST_PUT),
    });
}
