// What a client says about an object when it makes it: headers to keep, encryption, tags; and how they are told again.
import { AwsError, type AwsRequest } from '../service.ts';
import { bucketOf, type S3Call } from './call.ts';
import { headerOf } from './checksums.ts';
import type { BucketRecord, Encryption, ObjectTraits, StoredObject } from './model.ts';
import { asTree, readXml, text } from './xml.ts';

const KEPT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const LARGEST_METADATA = 2048;

export function traitsOf(call: S3Call): ObjectTraits {
  const { request } = call;
  return {
    headers: keptHeaders(request),
    storageClass: request.headers['x-amz-storage-class'] ?? 'STANDARD',
    encryption: encryptionOf(request, bucketOf(call)),
    tags: parseTags(request.headers['x-amz-tagging'] ?? ''),
  };
}

function keptHeaders({ headers }: AwsRequest): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  let metadata = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (KEPT_HEADERS.includes(name)) kept[name] = value;
    if (!name.startsWith('x-amz-meta-')) continue;
    metadata += name.length - 'x-amz-meta-'.length + Buffer.byteLength(value);
    kept[name] = value;
  }
  if (metadata > LARGEST_METADATA)
    throw new AwsError(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(metadata),
      MaxSizeAllowed: String(LARGEST_METADATA),
    });
  // The framing is not part of the object.
  const encodings = (kept['content-encoding'] ?? '').split(',').map((one) => one.trim());
  const rest = encodings.filter((one) => one !== '' && one !== 'aws-chunked').join(',');
  if (rest === '') delete kept['content-encoding'];
  else kept['content-encoding'] = rest;
  return kept;
}

function encryptionOf({ headers }: AwsRequest, bucket: BucketRecord): Encryption {
  if (headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined)
    throw new AwsError(501, 'NotImplemented', 'The lab does not encrypt with keys that the customer brings.');
  const asked = headers['x-amz-server-side-encryption'];
  const kmsKeyId = headers['x-amz-server-side-encryption-aws-kms-key-id'];
  const bucketKey = headers['x-amz-server-side-encryption-bucket-key-enabled'] === 'true' || undefined;
  if (asked === undefined) {
    if (kmsKeyId !== undefined) throw wrongEncryption();
    return defaultEncryption(bucket);
  }
  if (asked === 'AES256' && kmsKeyId === undefined) return { algorithm: asked };
  if (asked === 'aws:kms' || asked === 'aws:kms:dsse') return { algorithm: asked, kmsKeyId, bucketKey };
  throw wrongEncryption();
}

function wrongEncryption(): AwsError {
  return new AwsError(
    400,
    'InvalidArgument',
    'Server Side Encryption with the given algorithm and key is not possible.',
  );
}

function defaultEncryption(bucket: BucketRecord): Encryption {
  const document = bucket.settings.encryption;
  if (document === undefined) return { algorithm: 'AES256' };
  const rule = asTree(readXml(Buffer.from(document), 'ServerSideEncryptionConfiguration').Rule);
  const byDefault = asTree(rule.ApplyServerSideEncryptionByDefault);
  return {
    algorithm: (text(byDefault.SSEAlgorithm) ?? 'AES256') as Encryption['algorithm'],
    kmsKeyId: text(byDefault.KMSMasterKeyID),
    bucketKey: text(rule.BucketKeyEnabled) === 'true' || undefined,
  };
}

/** The tags of an `x-amz-tagging` header, `a=1&b=2`. */
function parseTags(header: string): Record<string, string> {
  const tags = Object.fromEntries(new URLSearchParams(header));
  mustBeTags(tags, 10);
  return tags;
}

export function mustBeTags(tags: Record<string, string>, most: number): void {
  const entries = Object.entries(tags);
  if (entries.length > most) throw new AwsError(400, 'BadRequest', `Object tags cannot be greater than ${most}`);
  for (const [name, value] of entries)
    if (name === '' || name.length > 128 || value.length > 256)
      throw new AwsError(400, 'InvalidTag', 'The TagKey or TagValue you have provided is invalid');
}

/** The headers that tell how an object is encrypted. */
export function encryptionHeaders({ algorithm, kmsKeyId, bucketKey }: Encryption): Record<string, string> {
  return {
    'x-amz-server-side-encryption': algorithm,
    ...(kmsKeyId && { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId }),
    ...(bucketKey && { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' }),
  };
}

export function checksumHeaders({ checksum }: Pick<StoredObject, 'checksum'>): Record<string, string> {
  return { [headerOf(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}
