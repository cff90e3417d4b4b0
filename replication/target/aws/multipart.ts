// The calls that begin, end and clear away multipart uploads.
import type { CompletedPart, ListMultipartUploadsCommandOutput, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { hasAwsCode, isTransient } from './faults.ts';
import { isPieceOf } from './part-schedule.ts';
import type { StagingPlace } from './part-sender.ts';

/** An object under upload: its parts so far. */
export interface Assembly {
  key: string;
  uploadId: string;
  parts: CompletedPart[];
  bytes: number;
  /** S3 was asked more than once for the upload: there may be another one, whose id never arrived. */
  mayHaveTwin: boolean;
}

export const ENCRYPTION = { ServerSideEncryption: 'AES256' } as const;

/** Creates a multipart upload. One whose answer was lost for good is aborted, as far as S3 can be reached. */
export async function begin(
  clients: AwsClients,
  place: StagingPlace,
  key: string,
  signal: AbortSignal,
): Promise<Assembly> {
  const input = { Bucket: place.bucket, ...place.owner, Key: key, ...ENCRYPTION };
  let asked = 0;
  const answer = await clients
    .s3('s3:PutObject', signal, (s3, http) => {
      asked += 1;
      return s3.createMultipartUpload(
        { ...input, ContentType: 'application/octet-stream', ChecksumAlgorithm: 'CRC32', ChecksumType: 'COMPOSITE' },
        http,
      );
    })
    .catch(async (error) => {
      signal.throwIfAborted();
      if (isTransient(error.cause)) await cancelAllOf(clients, place, key, signal).catch(() => undefined);
      throw error;
    });
  if (!answer.UploadId) throw faultError('staging-failed', { message: 'S3 gave no id for the upload.' });
  const mayHaveTwin = asked > 1 || (answer.$metadata.attempts ?? 1) > 1;
  return { key, uploadId: answer.UploadId, parts: [], bytes: 0, mayHaveTwin };
}

/** Completes an object. When only the answer was lost, the object itself tells that it is whole. */
export async function finish(
  clients: AwsClients,
  place: StagingPlace,
  assembly: Assembly,
  signal: AbortSignal,
): Promise<{ bytes: number; etag: string }> {
  const parts = assembly.parts.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
  const { key, uploadId, bytes } = assembly;
  const input = { Bucket: place.bucket, ...place.owner, Key: key };
  try {
    const answer = await clients.s3(
      's3:PutObject',
      signal,
      (s3, http) =>
        s3.completeMultipartUpload(
          { ...input, UploadId: uploadId, MultipartUpload: { Parts: parts }, MpuObjectSize: bytes },
          http,
        ),
      { seconds: 15 * 60, attemptSeconds: 5 * 60, refused: 'staging-failed' },
    );
    return { bytes, etag: unquoted(answer.ETag) };
  } catch (error) {
    if (!hasAwsCode(error, /^NoSuchUpload$/)) throw error;
    const head = await clients
      .s3('s3:GetObject', signal, (s3, http) => s3.headObject(input, http))
      .catch((headError) => {
        signal.throwIfAborted();
        if (hasAwsCode(headError, /^(NotFound|NoSuchKey)$/)) throw error;
        throw headError;
      });
    const etag = unquoted(head.ETag);
    if (head.ContentLength !== bytes || !etag.endsWith(`-${parts.length}`)) throw error;
    return { bytes, etag };
  }
}

/** Aborts a multipart upload; one that is gone is fine. */
export async function cancel(
  clients: AwsClients,
  place: StagingPlace,
  key: string,
  uploadId: string,
  signal: AbortSignal,
): Promise<void> {
  const input = { Bucket: place.bucket, ...place.owner, Key: key, UploadId: uploadId };
  try {
    await clients.s3('s3:AbortMultipartUpload', signal, (s3, http) => s3.abortMultipartUpload(input, http));
  } catch (error) {
    if (!hasAwsCode(error, /^NoSuchUpload$/)) throw error;
  }
}

/** Aborts every upload of exactly this key. */
export async function cancelAllOf(
  clients: AwsClients,
  place: StagingPlace,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  for (const upload of await uploadsUnder(clients, place, key, signal)) {
    if (upload.key === key) await cancel(clients, place, key, upload.uploadId, signal);
  }
}

/** Deletes an object; one that is gone is fine. Answers whether S3 only put a marker over it: the bucket keeps versions. */
export async function remove(
  clients: AwsClients,
  place: StagingPlace,
  key: string,
  signal: AbortSignal,
): Promise<{ kept: boolean }> {
  const input = { Bucket: place.bucket, ...place.owner, Key: key };
  const answer = await clients.s3('s3:DeleteObject', signal, (s3, http) => s3.deleteObject(input, http));
  return { kept: answer.DeleteMarker ?? false };
}

/** Aborts the uploads and deletes the objects of pieces that a broken upload of `key` left behind. */
export async function sweepPieces(
  clients: AwsClients,
  place: StagingPlace,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  for (const upload of await uploadsUnder(clients, place, `${key}.piece-`, signal)) {
    if (isPieceOf(key, upload.key)) await cancel(clients, place, upload.key, upload.uploadId, signal);
  }
  const input = { Bucket: place.bucket, ...place.owner, Prefix: `${key}.piece-` };
  for (let page: ListObjectsV2CommandOutput | undefined; !page || page.NextContinuationToken; ) {
    const token = page?.NextContinuationToken;
    page = await clients.s3('s3:ListBucket', signal, (s3, http) =>
      s3.listObjectsV2({ ...input, ...(token && { ContinuationToken: token }) }, http),
    );
    for (const { Key = '' } of page.Contents ?? []) {
      if (isPieceOf(key, Key)) await remove(clients, place, Key, signal);
    }
  }
}

/** Every multipart upload that is open under a prefix. */
async function uploadsUnder(
  clients: AwsClients,
  place: StagingPlace,
  prefix: string,
  signal: AbortSignal,
): Promise<{ key: string; uploadId: string }[]> {
  const input = { Bucket: place.bucket, ...place.owner, Prefix: prefix };
  const found: { key: string; uploadId: string }[] = [];
  for (let page: ListMultipartUploadsCommandOutput | undefined; !page || page.IsTruncated; ) {
    const after = page && { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    page = await clients.s3('s3:ListBucketMultipartUploads', signal, (s3, http) =>
      s3.listMultipartUploads({ ...input, ...after }, http),
    );
    for (const { Key, UploadId } of page.Uploads ?? []) {
      if (Key && UploadId) found.push({ key: Key, uploadId: UploadId });
    }
  }
  return found;
}

export function unquoted(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '');
}
