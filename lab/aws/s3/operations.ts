// Every operation of the lab's S3: how a request is recognized as one, what right it needs, and what does it.
import * as buckets from './buckets.ts';
import type { S3Call, S3Operation } from './call.ts';
import { completeMultipartUpload } from './complete-upload.ts';
import * as list from './list.ts';
import type { SettingName } from './model.ts';
import * as multipart from './multipart.ts';
import * as objects from './objects.ts';
import * as reading from './read-object.ts';

export interface Operation {
  name: string;
  /** The IAM action; undefined where the operation asks for each object itself. */
  action: string | undefined;
  run: S3Operation;
}

interface Route extends Operation {
  method: string;
  on: 'service' | 'bucket' | 'object';
  /** Names in the query that must all be there. */
  query: string[];
  /** Of several routes, the one with this header. */
  header?: string;
}

function route(
  method: string,
  on: Route['on'],
  query: string[],
  name: string,
  action: string | undefined,
  run: S3Operation,
  header?: string,
): Route {
  return { method, on, query, name, action: action && `s3:${action}`, run, header };
}

const SETTINGS: [name: SettingName, operation: string, action: string][] = [
  ['lifecycle', 'BucketLifecycleConfiguration', 'LifecycleConfiguration'],
  ['encryption', 'BucketEncryption', 'EncryptionConfiguration'],
  ['publicAccessBlock', 'PublicAccessBlock', 'BucketPublicAccessBlock'],
  ['tagging', 'BucketTagging', 'BucketTagging'],
  ['policy', 'BucketPolicy', 'BucketPolicy'],
  ['ownershipControls', 'BucketOwnershipControls', 'BucketOwnershipControls'],
  ['versioning', 'BucketVersioning', 'BucketVersioning'],
  ['object-lock', 'ObjectLockConfiguration', 'BucketObjectLockConfiguration'],
];

const COPY = 'x-amz-copy-source';

/** The first that fits is meant: the more special ones stand first. */
const ROUTES: Route[] = [
  route('GET', 'service', [], 'ListBuckets', 'ListAllMyBuckets', buckets.listBuckets),
  ...SETTINGS.flatMap(([name, operation, action]) => {
    const deleted = operation === 'BucketLifecycleConfiguration' ? 'BucketLifecycle' : operation;
    const routes = [
      route('GET', 'bucket', [name], `Get${operation}`, `Get${action}`, buckets.getSetting(name)),
      route('PUT', 'bucket', [name], `Put${operation}`, `Put${action}`, buckets.putSetting(name)),
      route('DELETE', 'bucket', [name], `Delete${deleted}`, `Put${action}`, buckets.deleteSetting(name)),
    ];
    // Object Lock cannot be taken away from a bucket.
    return name === 'object-lock' ? routes.slice(0, 2) : routes;
  }),
  route('GET', 'bucket', ['location'], 'GetBucketLocation', 'GetBucketLocation', buckets.getBucketLocation),
  route('GET', 'bucket', ['uploads'], 'ListMultipartUploads', 'ListBucketMultipartUploads', list.listMultipartUploads),
  route('POST', 'bucket', ['delete'], 'DeleteObjects', undefined, objects.deleteObjects),
  route('GET', 'bucket', ['list-type'], 'ListObjectsV2', 'ListBucket', list.listObjectsV2),
  route('GET', 'bucket', [], 'ListObjects', 'ListBucket', list.listObjects),
  route('HEAD', 'bucket', [], 'HeadBucket', 'ListBucket', buckets.headBucket),
  route('PUT', 'bucket', [], 'CreateBucket', 'CreateBucket', buckets.createBucket),
  route('DELETE', 'bucket', [], 'DeleteBucket', 'DeleteBucket', buckets.deleteBucket),
  route('GET', 'object', ['tagging'], 'GetObjectTagging', 'GetObjectTagging', objects.getObjectTagging),
  route('PUT', 'object', ['tagging'], 'PutObjectTagging', 'PutObjectTagging', objects.putObjectTagging),
  route('DELETE', 'object', ['tagging'], 'DeleteObjectTagging', 'DeleteObjectTagging', objects.deleteObjectTagging),
  route('POST', 'object', ['uploads'], 'CreateMultipartUpload', 'PutObject', multipart.createMultipartUpload),
  route('PUT', 'object', ['partNumber', 'uploadId'], 'UploadPartCopy', 'PutObject', multipart.uploadPartCopy, COPY),
  route('PUT', 'object', ['partNumber', 'uploadId'], 'UploadPart', 'PutObject', multipart.uploadPart),
  route('POST', 'object', ['uploadId'], 'CompleteMultipartUpload', 'PutObject', completeMultipartUpload),
  route('GET', 'object', ['uploadId'], 'ListParts', 'ListMultipartUploadParts', multipart.listParts),
  route(
    'DELETE',
    'object',
    ['uploadId'],
    'AbortMultipartUpload',
    'AbortMultipartUpload',
    multipart.abortMultipartUpload,
  ),
  route('GET', 'object', ['attributes'], 'GetObjectAttributes', 'GetObject', reading.getObjectAttributes),
  route('GET', 'object', [], 'GetObject', 'GetObject', reading.getObject),
  route('HEAD', 'object', [], 'HeadObject', 'GetObject', reading.headObject),
  route('PUT', 'object', [], 'CopyObject', 'PutObject', objects.copyObject, COPY),
  route('PUT', 'object', [], 'PutObject', 'PutObject', objects.putObject),
  route('DELETE', 'object', [], 'DeleteObject', 'DeleteObject', objects.deleteObject),
];

/** Subresources that S3 has and the lab does not: never to be taken for the bucket or object itself. */
const FOREIGN =
  /^(accelerate|acl|analytics|cors|intelligent-tiering|inventory|legal-hold|logging|metrics|notification|policyStatus|replication|requestPayment|restore|retention|select|torrent|versions|versionId|website|append|session)$/;

/** Undefined for what the lab does not know. */
export function operationOf({ request, bucket, key }: S3Call): Operation | undefined {
  const on = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const known = (name: string): boolean => !FOREIGN.test(name) || request.query.get(name) === 'null';
  if (![...request.query.keys()].every(known)) return undefined;
  return ROUTES.find(
    (one) =>
      one.method === request.method &&
      one.on === on &&
      one.query.every((name) => request.query.has(name)) &&
      (one.header === undefined || request.headers[one.header] !== undefined),
  );
}
