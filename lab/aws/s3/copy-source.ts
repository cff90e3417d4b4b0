// The object that a copy names as its source, with the conditions on it.
import { AwsError } from '../service.ts';
import { bucketOf, invalidArgument, mustPermit, preconditionFailed, type S3Call } from './call.ts';
import type { StoredObject } from './model.ts';

/** S3 takes ranges only of sources that are larger. */
const SMALLEST_RANGED_SOURCE = 5 * 1024 * 1024;

export interface CopySource {
  bucket: string;
  object: StoredObject;
}

export function copySource(call: S3Call): CopySource {
  const { headers } = call.request;
  const named = decodeURIComponent(headers['x-amz-copy-source'] ?? '')
    .replace(/^\//, '')
    .replace(/\?versionId=null$/, '');
  const at = named.indexOf('/');
  if (at < 1 || at === named.length - 1)
    throw invalidArgument(
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      'x-amz-copy-source',
      named,
    );
  const bucket = bucketOf(call, named.slice(0, at), 'x-amz-source-expected-bucket-owner').name;
  const key = named.slice(at + 1);
  mustPermit(call, 's3:GetObject', bucket, key);
  const object = call.store.object(bucket, key);
  if (!object) {
    mustPermit(call, 's3:ListBucket', bucket, '');
    throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key });
  }
  const match = headers['x-amz-copy-source-if-match'];
  if (match !== undefined && match.replaceAll('"', '') !== object.etag)
    throw preconditionFailed('x-amz-copy-source-If-Match');
  const noneMatch = headers['x-amz-copy-source-if-none-match'];
  if (noneMatch !== undefined && noneMatch.replaceAll('"', '') === object.etag)
    throw preconditionFailed('x-amz-copy-source-If-None-Match');
  return { bucket, object };
}

/** First and last byte of `x-amz-copy-source-range`, or of the whole object. */
export function copyRange(call: S3Call, { size }: StoredObject): { start: number; end: number } {
  const header = call.request.headers['x-amz-copy-source-range'];
  if (header === undefined) return { start: 0, end: size - 1 };
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header);
  const start = Number(match?.[1]);
  const end = Number(match?.[2]);
  if (!match || start > end)
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      header,
    );
  if (end >= size)
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${size}`,
      'x-amz-copy-source-range',
      header,
    );
  if (size <= SMALLEST_RANGED_SOURCE)
    throw new AwsError(400, 'InvalidRequest', 'The specified copy source is not supported as a byte-range copy source');
  return { start, end };
}
