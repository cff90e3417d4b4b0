// Lists of the lab's S3: objects (both versions of the call) and open uploads, with prefixes, delimiters and pages.
import { encode } from '../sigv4.ts';
import { bucketOf, invalidArgument, numberOf, type S3Call, type S3Operation } from './call.ts';
import type { StoredObject } from './model.ts';
import { SortedKeys } from './sorted-keys.ts';
import { type XmlTree, xmlResponse } from './xml.ts';

const MOST = 1000;

interface Page {
  objects: StoredObject[];
  prefixes: string[];
  /** The last key or common prefix given, when there is more. */
  last?: string;
}

export const listObjectsV2: S3Operation = (call) => {
  const { query } = call.request;
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : readToken(token);
  const { objects, prefixes, last } = listPage(call, after);
  const name = namer(call);
  const owner = query.get('fetch-owner') === 'true' ? ownerOf(call) : undefined;
  return xmlResponse('ListBucketResult', {
    Name: call.bucket,
    Prefix: name(query.get('prefix') ?? ''),
    StartAfter: query.get('start-after') === null ? undefined : name(query.get('start-after') ?? ''),
    ContinuationToken: token ?? undefined,
    NextContinuationToken: last === undefined ? undefined : Buffer.from(last).toString('base64url'),
    KeyCount: objects.length + prefixes.length,
    MaxKeys: numberOf(call, 'max-keys', MOST),
    Delimiter: query.get('delimiter') === null ? undefined : name(query.get('delimiter') ?? ''),
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: last !== undefined,
    Contents: objects.map((object) => contents(object, name, owner)),
    CommonPrefixes: prefixes.map((prefix) => ({ Prefix: name(prefix) })),
  });
};

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  if (Buffer.from(key).toString('base64url') !== token)
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  return key;
}

export const listObjects: S3Operation = (call) => {
  const { query } = call.request;
  const { objects, prefixes, last } = listPage(call, query.get('marker') ?? '');
  const name = namer(call);
  return xmlResponse('ListBucketResult', {
    Name: call.bucket,
    Prefix: name(query.get('prefix') ?? ''),
    Marker: name(query.get('marker') ?? ''),
    NextMarker: last === undefined || query.get('delimiter') === null ? undefined : name(last),
    MaxKeys: numberOf(call, 'max-keys', MOST),
    Delimiter: query.get('delimiter') === null ? undefined : name(query.get('delimiter') ?? ''),
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: last !== undefined,
    Contents: objects.map((object) => contents(object, name, ownerOf(call))),
    CommonPrefixes: prefixes.map((prefix) => ({ Prefix: name(prefix) })),
  });
};

function contents(object: StoredObject, name: (key: string) => string, owner: XmlTree | undefined): XmlTree {
  return {
    Key: name(object.key),
    LastModified: object.modified,
    ETag: `"${object.etag}"`,
    ChecksumAlgorithm: object.checksum.algorithm,
    ChecksumType: object.checksum.type,
    Size: object.size,
    Owner: owner,
    StorageClass: object.storageClass,
  };
}

function ownerOf(call: S3Call): XmlTree {
  return { ID: call.context.account.padStart(64, '0') };
}

/** With `encoding-type=url` keys are told percent-encoded, so that XML can carry every character. */
function namer(call: S3Call): (key: string) => string {
  const type = call.request.query.get('encoding-type');
  if (type === null) return (key) => key;
  if (type !== 'url') throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
  return (key) => encode(key).replaceAll('%2F', '/');
}

function listPage(call: S3Call, after: string): Page {
  const bucket = bucketOf(call).name;
  const most = numberOf(call, 'max-keys', MOST);
  const prefix = call.request.query.get('prefix') ?? '';
  const page: Page = { objects: [], prefixes: [] };
  let last: string | undefined;
  for (const key of call.store.keysFrom(bucket, SortedKeys.compare(after, prefix) > 0 ? after : prefix)) {
    if (!key.startsWith(prefix)) break;
    const common = commonPrefix(call, key, prefix);
    if (common === undefined ? key === after : common === after || common === last) continue;
    if (page.objects.length + page.prefixes.length >= most) {
      if (most > 0) page.last = last;
      break;
    }
    if (common === undefined) page.objects.push(call.store.object(bucket, key)!);
    else page.prefixes.push(common);
    last = common ?? key;
  }
  return page;
}

function commonPrefix(call: S3Call, key: string, prefix: string): string | undefined {
  const delimiter = call.request.query.get('delimiter');
  if (!delimiter) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

export const listMultipartUploads: S3Operation = (call) => {
  const bucket = bucketOf(call).name;
  const { query } = call.request;
  const most = numberOf(call, 'max-uploads', MOST);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const name = namer(call);
  const uploads = call.store.uploads(bucket).filter(({ key }) => key.startsWith(prefix));
  const marked = uploads.findIndex(({ key, id }) => key === keyMarker && id === idMarker);
  const rest =
    idMarker !== '' && marked >= 0 ? uploads.slice(marked + 1) : uploads.filter(({ key }) => key > keyMarker);
  const plain = rest.filter(({ key }) => commonPrefix(call, key, prefix) === undefined);
  const prefixes = new Set(rest.flatMap(({ key }) => commonPrefix(call, key, prefix) ?? []));
  const given = plain.slice(0, most);
  const more = plain.length > most;
  return xmlResponse('ListMultipartUploadsResult', {
    Bucket: bucket,
    KeyMarker: name(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: more ? name(given.at(-1)?.key ?? '') : undefined,
    NextUploadIdMarker: more ? given.at(-1)?.id : undefined,
    Prefix: name(prefix),
    Delimiter: query.get('delimiter') ?? undefined,
    EncodingType: query.get('encoding-type') ?? undefined,
    MaxUploads: most,
    IsTruncated: more,
    Upload: given.map((upload) => ({
      Key: name(upload.key),
      UploadId: upload.id,
      Initiator: { ID: upload.initiator },
      Owner: ownerOf(call),
      StorageClass: upload.storageClass,
      Initiated: upload.initiated,
      ChecksumAlgorithm: upload.checksum.explicit ? upload.checksum.algorithm : undefined,
      ChecksumType: upload.checksum.explicit ? upload.checksum.type : undefined,
    })),
    CommonPrefixes: [...prefixes].map((common) => ({ Prefix: name(common) })),
  });
};
