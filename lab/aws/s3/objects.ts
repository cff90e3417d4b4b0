// Single objects of the lab's S3: put, copy, delete, tags. Reading is in read-object.ts.
import { createHash, randomBytes } from 'node:crypto';
import { AwsError } from '../service.ts';
import { bucketOf, mustPermit, objectOf, preconditionFailed, type S3Call, type S3Operation } from './call.ts';
import { startChecksum } from './checksums.ts';
import { copySource } from './copy-source.ts';
import { expirationHeader } from './lifecycle.ts';
import type { Encryption, StoredObject } from './model.ts';
import { isLocked, mustHaveDigest, receiveData, receiveDocument } from './receive.ts';
import { checksumHeaders, encryptionHeaders, mustBeTags, traitsOf } from './traits.ts';
import { all, asTree, malformedXml, readXml, text, type XmlTree, xmlResponse } from './xml.ts';

const LONGEST_KEY = 1024;

export const putObject: S3Operation = async (call) => {
  mustBeKey(call.key);
  const traits = traitsOf(call);
  mustBeWritable(call);
  mustHaveDigest(call.request, bucketOf(call), 'Put Object');
  const received = await receiveData(call.request, call.store.data, (claimed) => (claimed ? [] : ['CRC64NVME']));
  const algorithm = received.claimed ?? 'CRC64NVME';
  const object: StoredObject = {
    key: call.key,
    size: received.size,
    etag: etagOf(received.md5, traits.encryption),
    modified: call.context.now().toISOString(),
    checksum: { algorithm, type: 'FULL_OBJECT', value: received.checksums[algorithm]! },
    segments: received.segments,
    ...traits,
  };
  try {
    // While the bytes came, the bucket may have gone or another writer may have been first.
    const bucket = bucketOf(call);
    mustBeWritable(call);
    call.store.commitObject(bucket.name, object);
  } catch (error) {
    call.store.data.discard(received.segments);
    throw error;
  }
  const headers = { etag: `"${object.etag}"`, ...encryptionHeaders(object.encryption), ...checksumHeaders(object) };
  return { status: 200, headers: { ...headers, ...expirationHeader(bucketOf(call), object) } };
};

export function mustBeKey(key: string): void {
  if (Buffer.byteLength(key) > LONGEST_KEY) throw new AwsError(400, 'KeyTooLongError', 'Your key is too long');
}

/** `If-None-Match: *` and `If-Match` of a write. */
export function mustBeWritable(call: S3Call): void {
  const { headers } = call.request;
  const there = call.store.object(call.bucket, call.key);
  if (headers['if-none-match'] === '*' && there) throw preconditionFailed('If-None-Match');
  const match = headers['if-match'];
  if (match === undefined) return;
  if (!there) throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.', { Key: call.key });
  if (match !== '*' && match.replaceAll('"', '') !== there.etag) throw preconditionFailed('If-Match');
}

/** Under KMS an ETag is not the MD5 of the data; here it is then a random one, so that nobody relies on it. */
export function etagOf(md5: Buffer, encryption: Encryption): string {
  return (encryption.algorithm === 'AES256' ? md5 : randomBytes(16)).toString('hex');
}

export const copyObject: S3Operation = async (call) => {
  mustBeKey(call.key);
  const source = copySource(call);
  const replaces = call.request.headers['x-amz-metadata-directive'] === 'REPLACE';
  const asked = traitsOf(call);
  const object: StoredObject = {
    ...source.object,
    key: call.key,
    headers: replaces ? asked.headers : source.object.headers,
    tags: call.request.headers['x-amz-tagging-directive'] === 'REPLACE' ? asked.tags : source.object.tags,
    storageClass: asked.storageClass,
    encryption: asked.encryption,
    modified: call.context.now().toISOString(),
    parts: undefined,
  };
  if (source.object.parts) await rehash(call, object);
  call.store.commitObject(bucketOf(call).name, object);
  return xmlResponse(
    'CopyObjectResult',
    { ETag: `"${object.etag}"`, LastModified: object.modified },
    encryptionHeaders(object.encryption),
  );
};

/** A copy of an object of several parts is an object of one: its ETag and checksum are those of the whole. */
async function rehash(call: S3Call, object: StoredObject): Promise<void> {
  const md5 = createHash('md5');
  const sum = startChecksum('CRC64NVME');
  for await (const bytes of call.store.data.read(object.segments) as AsyncIterable<Buffer>) {
    md5.update(bytes);
    sum.update(bytes);
  }
  object.etag = etagOf(md5.digest(), object.encryption);
  object.checksum = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: sum.digest().toString('base64') };
}

export const deleteObject: S3Operation = (call) => {
  const bucket = bucketOf(call);
  call.store.removeObject(call.bucket, call.key);
  if (!isLocked(bucket)) return { status: 204 };
  // The bytes that S3 would keep beneath the marker are gone here: the lab keeps no versions.
  return {
    status: 204,
    headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': randomBytes(16).toString('hex') },
  };
};

export const deleteObjects: S3Operation = async (call) => {
  bucketOf(call);
  const tree = readXml(await receiveDocument(call.request, true), 'Delete');
  const keys = all(tree.Object).map((object) => text(asTree(object).Key));
  if (keys.length === 0 || keys.length > 1000) throw malformedXml();
  const deleted: XmlTree[] = [];
  const errors: XmlTree[] = [];
  for (const key of keys) {
    if (key === undefined) throw malformedXml();
    try {
      mustPermit(call, 's3:DeleteObject', call.bucket, key);
      call.store.removeObject(call.bucket, key);
      deleted.push({ Key: key });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({ Key: key, Code: error.code, Message: error.message });
    }
  }
  return xmlResponse('DeleteResult', { Deleted: text(tree.Quiet) === 'true' ? [] : deleted, Error: errors });
};

export const getObjectTagging: S3Operation = (call) => {
  bucketOf(call);
  const tags = Object.entries(objectOf(call).tags).map(([Key, Value]) => ({ Key, Value }));
  return xmlResponse('Tagging', { TagSet: { Tag: tags } });
};

export const putObjectTagging: S3Operation = async (call) => {
  bucketOf(call);
  const tree = readXml(await receiveDocument(call.request), 'Tagging');
  const tags = all(asTree(tree.TagSet).Tag).map((tag): [string, string] => [
    text(asTree(tag).Key) ?? '',
    text(asTree(tag).Value) ?? '',
  ]);
  if (new Set(tags.map(([name]) => name)).size < tags.length)
    throw new AwsError(400, 'InvalidTag', 'Cannot provide multiple Tags with the same key');
  mustBeTags(Object.fromEntries(tags), 10);
  call.store.commitObject(call.bucket, { ...objectOf(call), tags: Object.fromEntries(tags) });
  return { status: 200 };
};

export const deleteObjectTagging: S3Operation = (call) => {
  bucketOf(call);
  call.store.commitObject(call.bucket, { ...objectOf(call), tags: {} });
  return { status: 204 };
};
