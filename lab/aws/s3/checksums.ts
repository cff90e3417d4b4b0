// S3's checksums: which one a request brings, in a header or a trailer, and whether it is right.
import { createHash } from 'node:crypto';
import { AwsError, type AwsRequest } from '../service.ts';
import { combineCrcs, startCrc } from './crc.ts';
import { ALGORITHMS, type Algorithm, type ChecksumType } from './model.ts';

const LENGTHS: Record<Algorithm, number> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 };

export interface Running {
  update(bytes: Buffer): void;
  digest(): Buffer;
}

export function startChecksum(algorithm: Algorithm): Running {
  if (algorithm === 'SHA1' || algorithm === 'SHA256') {
    const hash = createHash(algorithm.toLowerCase());
    return { update: (bytes) => hash.update(bytes), digest: () => hash.digest() };
  }
  return startCrc(algorithm);
}

/** `x-amz-checksum-crc32` and its like. */
export function headerOf(algorithm: Algorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** `ChecksumCRC32` and its like, as the XML calls it. */
export function elementOf(algorithm: Algorithm): string {
  return `Checksum${algorithm}`;
}

/** What a request with a body claims about it. */
export interface ClaimedDigests {
  algorithm?: Algorithm;
  /** Base64; undefined when it comes in a trailer. */
  value?: string;
  contentMd5?: Buffer;
}

/** Reads the digests that a request's headers claim or announce; throws for what cannot be one. */
export function claimedDigests({ headers }: AwsRequest): ClaimedDigests {
  const inHeaders = ALGORITHMS.filter((algorithm) => headers[headerOf(algorithm)] !== undefined);
  const announced = (headers['x-amz-trailer'] ?? '').toLowerCase().split(',');
  const inTrailer = ALGORITHMS.filter((algorithm) => announced.some((name) => name.trim() === headerOf(algorithm)));
  if (inHeaders.length + inTrailer.length > 1)
    throw invalid('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  const algorithm = inHeaders[0] ?? inTrailer[0];
  const named = headers['x-amz-sdk-checksum-algorithm']?.toUpperCase();
  if (named !== undefined && !ALGORITHMS.some((one) => one === named))
    throw invalid('Checksum algorithm provided is unsupported. Please try again with any of the valid types.');
  if (named !== undefined && algorithm === undefined)
    throw invalid(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  if (named !== undefined && named !== algorithm)
    throw invalid('Value for x-amz-sdk-checksum-algorithm header is invalid.');
  const value = inHeaders[0] && headers[headerOf(inHeaders[0])];
  if (value !== undefined && algorithm) mustBeChecksum(algorithm, value);
  return { algorithm, value, contentMd5: contentMd5(headers['content-md5']) };
}

function contentMd5(header: string | undefined): Buffer | undefined {
  if (header === undefined) return undefined;
  const md5 = Buffer.from(header, 'base64');
  if (md5.length !== 16) throw new AwsError(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.');
  return md5;
}

function mustBeChecksum(algorithm: Algorithm, value: string): void {
  if (Buffer.from(value, 'base64').length !== LENGTHS[algorithm] || !/^[A-Za-z0-9+/]+=*$/.test(value))
    throw invalid(`Value for ${headerOf(algorithm)} header is invalid.`);
}

/** Compares what was computed with what was claimed; to be called when the body has ended. */
export function verifyDigests(
  request: AwsRequest,
  claimed: ClaimedDigests,
  computed: { md5: Buffer; checksum(algorithm: Algorithm): string },
): void {
  if (claimed.contentMd5 && !claimed.contentMd5.equals(computed.md5))
    throw new AwsError(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.', {
      ExpectedDigest: claimed.contentMd5.toString('hex'),
      CalculatedDigest: computed.md5.toString('hex'),
    });
  if (!claimed.algorithm) return;
  const value = claimed.value ?? request.trailers?.[headerOf(claimed.algorithm)] ?? '';
  mustBeChecksum(claimed.algorithm, value);
  if (value !== computed.checksum(claimed.algorithm))
    throw new AwsError(
      400,
      'BadDigest',
      `The ${claimed.algorithm} you specified did not match the calculated checksum.`,
    );
}

/** The checksum of an object from those of its parts, as S3 states it: `…-3` for a composite of three. */
export function checksumOfParts(
  algorithm: Algorithm,
  type: ChecksumType,
  parts: { checksum: string; size: number }[],
): string {
  const digests = parts.map(({ checksum, size }) => ({ crc: Buffer.from(checksum, 'base64'), size }));
  if (type === 'FULL_OBJECT') {
    if (algorithm === 'SHA1' || algorithm === 'SHA256') throw invalid(`${algorithm} has no full-object checksum.`);
    return combineCrcs(algorithm, digests).toString('base64');
  }
  const running = startChecksum(algorithm);
  for (const { crc } of digests) running.update(crc);
  return `${running.digest().toString('base64')}-${parts.length}`;
}

function invalid(message: string): AwsError {
  return new AwsError(400, 'InvalidRequest', message);
}
