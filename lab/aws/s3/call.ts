// One S3 request with what every operation needs, and the refusals that they share.

import { mustMay } from '../authorize.ts';
import type { LabAwsContext } from '../context.ts';
import { type PolicyDocument, policyDocument } from '../iam/policy.ts';
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

/** Throws AccessDenied unless `action` (`s3:PutObject`) is allowed on the object or the bucket, by the bucket's policy too. */
export function mustPermit(call: S3Call, action: string, bucket = call.bucket, key = call.key): void {
  const { request, store } = call;
  // A bucket to be made is the caller's own, whoever has the name already.
  const record = action === 's3:CreateBucket' ? undefined : store.bucket(bucket);
  const listed = action === 's3:ListBucket' && call.key === '';
  mustMay(request, {
    action,
    resource: bucket === '' ? '*' : `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`,
    resourceAccount: record ? ownerOf(call, record) : request.account,
    resourcePolicy: record?.settings.policy ? parsed(record.settings.policy) : null,
    conditions: {
      's3:prefix': listed ? (request.query.get('prefix') ?? undefined) : undefined,
      's3:delimiter': listed ? (request.query.get('delimiter') ?? undefined) : undefined,
      's3:max-keys': listed ? (request.query.get('max-keys') ?? undefined) : undefined,
      's3:x-amz-server-side-encryption': request.headers['x-amz-server-side-encryption'],
      's3:x-amz-server-side-encryption-aws-kms-key-id': request.headers['x-amz-server-side-encryption-aws-kms-key-id'],
      's3:TlsVersion': '1.3',
    },
  });
}

const parsedPolicies = new Map<string, PolicyDocument>();

function parsed(text: string): PolicyDocument {
  let document = parsedPolicies.get(text);
  if (!document) {
    if (parsedPolicies.size > 100) parsedPolicies.clear();
    document = policyDocument.parse(JSON.parse(text));
    parsedPolicies.set(text, document);
  }
  return document;
}

export function ownerOf({ context }: Pick<S3Call, 'context'>, { owner }: BucketRecord): string {
  return owner ?? context.account;
}

/** The bucket, which must exist and belong to the account that the client expects. */
export function bucketOf(call: S3Call, name = call.bucket, ownerHeader = 'x-amz-expected-bucket-owner'): BucketRecord {
  const bucket = call.store.bucket(name);
  if (!bucket) throw new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
  const owner = call.request.headers[ownerHeader];
  if (owner !== undefined && owner !== ownerOf(call, bucket)) throw new AwsError(403, 'AccessDenied', 'Access Denied');
  return bucket;
}

export function objectOf(call: S3Call): StoredObject {
  const object = call.store.object(call.bucket, call.key);
  if (object) return object;
  // Whoever may not list the bucket is not told that something is missing.
  mustPermit(call, 's3:ListBucket', call.bucket, '');
  throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.', { Key: call.key });
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
