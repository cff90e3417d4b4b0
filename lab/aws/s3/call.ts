// One S3 request with what every operation needs, and the refusals that they share.
import { permits } from '../account.ts';
import type { LabAwsContext } from '../context.ts';
import { stateOf } from '../request-state.ts';
import { AwsError, type AwsRequest, type AwsResponse } from '../service.ts';
import type { BucketRecord, StoredObject, Upload } from './model.ts';
import type { S3Store } from './store.ts';

export interface S3Call {
  request: AwsRequest;
  context: LabAwsContext;
  store: S3Store;
  /** Empty for ListBuckets. */
  bucket: string;
  /** Empty when the bucket itself is meant. */
  key: string;
  /** Whether the bucket stood in the host name. */
  virtualHost: boolean;
}

export type S3Operation = (call: S3Call) => Promise<AwsResponse> | AwsResponse;

/** Throws AccessDenied unless the key's policy allows `action` (`s3:PutObject`) on the object or the bucket. */
export function mustPermit(call: S3Call, action: string, bucket = call.bucket, key = call.key): void {
  const principal = stateOf(call.request)?.principal;
  const resource = `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`;
  if (!principal || permits(principal, action, resource)) return;
  const message = `User: ${principal.arn} is not authorized to perform: ${action} on resource: "${resource}" because no identity-based policy allows the ${action} action`;
  throw new AwsError(403, 'AccessDenied', message);
}

/** The bucket, which must exist and belong to the account that the client expects. */
export function bucketOf(call: S3Call, name = call.bucket, ownerHeader = 'x-amz-expected-bucket-owner'): BucketRecord {
  const bucket = call.store.bucket(name);
  if (!bucket) throw new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
  const owner = call.request.headers[ownerHeader];
  if (owner !== undefined && owner !== call.context.account) throw new AwsError(403, 'AccessDenied', 'Access Denied');
  return bucket;
}

export function objectOf(call: S3Call): StoredObject {
  const object = call.store.object(call.bucket, call.key);
  if (!object) throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.', { Key: call.key });
  return object;
}

/** The upload that the query names; it must be of this very object. */
export function uploadOf(call: S3Call): Upload {
  const id = call.request.query.get('uploadId') ?? '';
  const upload = call.store.upload(id);
  if (!upload || upload.bucket !== call.bucket || upload.key !== call.key) throw noSuchUpload(id);
  return upload;
}

export function noSuchUpload(id: string): AwsError {
  const message =
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
  return new AwsError(404, 'NoSuchUpload', message, { UploadId: id });
}

export function invalidArgument(message: string, name: string, value: string): AwsError {
  return new AwsError(400, 'InvalidArgument', message, { ArgumentName: name, ArgumentValue: value });
}

/** A whole number of the query from 0 to `most`; a larger one counts as `most`. */
export function numberOf(call: S3Call, name: string, most: number): number {
  const value = call.request.query.get(name);
  if (value === null || value === '') return most;
  if (!/^\d{1,10}$/.test(value))
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, value);
  return Math.min(most, Number(value));
}

export function preconditionFailed(condition: string): AwsError {
  const message = 'At least one of the pre-conditions you specified did not hold';
  return new AwsError(412, 'PreconditionFailed', message, { Condition: condition });
}
