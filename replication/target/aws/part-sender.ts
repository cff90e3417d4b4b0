// Sends one part of a multipart upload, again and again until S3 has taken it or it makes no sense any more.
import { crc32 } from 'node:zlib';
import type { CompletedPart } from '@aws-sdk/client-s3';
import { outlast, patienceMs, withoutPatience } from '../../disks/outlast.ts';
import { pause } from '../../disks/pause.ts';
import { faultError, toFault } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { isClockSkew, isTransient } from './faults.ts';

/** Where and as whom to stage; `owner` is spread into every call. */
export interface StagingPlace {
  bucket: string;
  owner: { ExpectedBucketOwner?: string };
}

/** How parts are tried again: waits are drawn evenly from 0 to `baseMs` doubled per try, at most `capMs` (full jitter). */
export interface PartRetry {
  baseMs: number;
  capMs: number;
  /** No try begins later than this after the first. */
  deadlineMs: number;
  random: () => number;
}

export const PART_RETRY: PartRetry = { baseMs: 200, capMs: 20_000, deadlineMs: 15 * 60_000, random: Math.random };

const QUIET_MS = 5_000;

/** The wait before try `attempt` + 1 (attempts count from 1), in milliseconds. */
export function backoffMs(attempt: number, retry: PartRetry): number {
  return retry.random() * Math.min(retry.capMs, retry.baseMs * 2 ** Math.min(attempt, 30));
}

/**
 * Sends `body` as part `number`. The CRC-32 goes along, so that S3 refuses a damaged part; CRC-32 and not SHA-256
 * because Node computes it twice as fast and it needs no trailer.
 */
export async function sendPart(
  clients: AwsClients,
  place: StagingPlace,
  part: { key: string; uploadId: string; number: number; body: Uint8Array },
  signal: AbortSignal,
  retry: PartRetry = PART_RETRY,
): Promise<CompletedPart> {
  const checksum = crc32Base64(part.body);
  const attempt = () =>
    clients.s3Parts(
      's3:PutObject',
      signal,
      (s3, http) =>
        s3.uploadPart(
          {
            Bucket: place.bucket,
            ...place.owner,
            Key: part.key,
            UploadId: part.uploadId,
            PartNumber: part.number,
            Body: part.body,
            ContentLength: part.body.length,
            ChecksumCRC32: checksum,
          },
          http,
        ),
      { seconds: 16 * 60 },
    );
  // Short trouble is nobody's news; where the work has patience, an outage is waited for, and said, above these tries.
  const quiet = patienceMs() === null ? retry : { ...retry, deadlineMs: Math.min(retry.deadlineMs, QUIET_MS) };
  const answer = await outlast(() => again(() => withoutPatience(attempt), quiet, signal), signal);
  return { PartNumber: part.number, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 ?? checksum };
}

/** Tries until a deadline, not so many times, and a clock that is wrong only twice: so neither `retrying` nor p-retry. */
async function again<T>(attempt: () => Promise<T>, retry: PartRetry, signal: AbortSignal): Promise<T> {
  const start = performance.now();
  let skews = 0;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      const cause = error instanceof Error && error.cause ? error.cause : error;
      const skewed = isClockSkew(cause);
      if (skewed) skews += 1;
      const told = toFault(error);
      const unanswered = told.code === 'aws-unreachable' && told.retry === 'now';
      if (!isTransient(cause) && !unanswered && !(skewed && skews <= 2)) throw error;
      const wait = backoffMs(tries, retry);
      if (performance.now() - start + wait > retry.deadlineMs) {
        const message = `A part of the upload did not go through in ${tries} tries: ${told.message}`;
        throw faultError(told.code, { ...told, message }, error);
      }
      await pause(wait, signal);
    }
  }
}

export function crc32Base64(bytes: Uint8Array): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString('base64');
}
