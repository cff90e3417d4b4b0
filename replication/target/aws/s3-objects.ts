// Objects of the bucket beside uploads: digest sets as a store, staged objects as a stream, whole prefixes removed.
// Made by s3-staging.ts; used through the port in target.ts.
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { DigestStore } from '../../disks/digests/store.ts';
import { faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { hasAwsCode } from './faults.ts';
import { ENCRYPTION, remove } from './multipart.ts';
import { crc32Base64, type StagingPlace } from './part-sender.ts';

/** Bytes asked for at once: a cut connection costs no more than this again. */
const RANGE_BYTES = 8 * 1024 * 1024;
const MISSING = /^(NotFound|NoSuchKey)$/;

export function createDigestStore(clients: AwsClients, place: StagingPlace): DigestStore {
  const bucket = { Bucket: place.bucket, ...place.owner };
  return {
    async get(key, signal) {
      try {
        return await clients.s3('s3:GetObject', signal, async (s3, http) => {
          const answer = await s3.getObject({ ...bucket, Key: key }, http);
          return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
        });
      } catch (error) {
        if (hasAwsCode(error, MISSING)) return null;
        throw error;
      }
    },
    async put(key, bytes, signal) {
      // A bucket under Object Lock takes no object without a checksum; any other is the safer for it.
      const ChecksumCRC32 = crc32Base64(bytes);
      await clients.s3('s3:PutObject', signal, (s3, http) =>
        s3.putObject({ ...bucket, Key: key, Body: bytes, ChecksumCRC32, ...ENCRYPTION }, http),
      );
    },
  };
}

/** The bytes of an object, range by range, the next one under way while the last is used. Fails when it is missing. */
export async function* readObject(
  clients: AwsClients,
  place: StagingPlace,
  key: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const object = { Bucket: place.bucket, ...place.owner, Key: key };
  const head = await clients.s3('s3:GetObject', signal, (s3, http) => s3.headObject(object, http));
  const total = head.ContentLength ?? 0;
  const range = (from: number) => {
    const to = Math.min(total, from + RANGE_BYTES) - 1;
    const part = clients.s3('s3:GetObject', signal, async (s3, http) => {
      // Another object under the same key would give bytes that do not belong together.
      const input = { ...object, Range: `bytes=${from}-${to}`, ...(head.ETag && { IfMatch: head.ETag }) };
      const answer = await s3.getObject(input, http);
      const bytes = await answer.Body?.transformToByteArray();
      if (bytes?.length === to - from + 1) return bytes;
      throw faultError('staging-failed', { message: `S3 gave ${bytes?.length ?? 0} bytes of ${to - from + 1}.` });
    });
    // Whoever leaves the loop early does not wait for it.
    part.catch(() => {});
    return part;
  };
  let next = total > 0 ? range(0) : null;
  for (let from = 0; next; ) {
    const bytes: Uint8Array = await next;
    from += bytes.length;
    next = from < total ? range(from) : null;
    yield bytes;
  }
}

/** Deletes every object whose key begins with the prefix. */
export async function removeUnder(
  clients: AwsClients,
  place: StagingPlace,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  const input = { Bucket: place.bucket, ...place.owner, Prefix: prefix };
  for (let page: ListObjectsV2CommandOutput | undefined; !page || page.NextContinuationToken; ) {
    const token = page?.NextContinuationToken;
    page = await clients.s3('s3:ListBucket', signal, (s3, http) =>
      s3.listObjectsV2({ ...input, ...(token && { ContinuationToken: token }) }, http),
    );
    for (const { Key } of page.Contents ?? []) if (Key) await remove(clients, place, Key, signal);
  }
}
