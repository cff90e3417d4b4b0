// GetObject and HeadObject: conditions, ranges, single parts, checksums.
import { AwsError, type AwsResponse } from '../service.ts';
import { bucketOf, objectOf, preconditionFailed, type S3Call, type S3Operation } from './call.ts';
import { headerOf } from './checksums.ts';
import { slice } from './data-files.ts';
import { expirationHeader } from './lifecycle.ts';
import type { StoredObject } from './model.ts';
import { checksumHeaders, encryptionHeaders } from './traits.ts';
import { type XmlTree, xmlResponse } from './xml.ts';

const OVERRIDES = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
];

export const getObject: S3Operation = (call) => {
  const answer = head(call);
  if (answer.status === 304 || !answer.object) return { status: answer.status, headers: answer.headers };
  const { status, headers, span, object } = answer;
  if (span.length === 0) return { status, headers, body: '' };
  return {
    status,
    headers,
    body: call.store.data.read(slice(object.segments, span.start, span.start + span.length - 1)),
  };
};

export const headObject: S3Operation = (call): AwsResponse => {
  const { status, headers } = head(call);
  return { status, headers };
};

interface Span {
  start: number;
  length: number;
}

function head(call: S3Call): { status: number; headers: Record<string, string>; span: Span; object: StoredObject } {
  const bucket = bucketOf(call);
  const object = objectOf(call);
  const { headers, query } = call.request;
  const common: Record<string, string> = {
    ...object.headers,
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modified).toUTCString(),
    'accept-ranges': 'bytes',
    ...encryptionHeaders(object.encryption),
    ...(object.storageClass !== 'STANDARD' && { 'x-amz-storage-class': object.storageClass }),
    ...(Object.keys(object.tags).length > 0 && { 'x-amz-tagging-count': String(Object.keys(object.tags).length) }),
    ...expirationHeader(bucket, object),
  };
  for (const name of OVERRIDES) {
    const value = query.get(name);
    if (value !== null) common[name.slice('response-'.length)] = value;
  }
  if (!isModified(object, headers)) return { status: 304, headers: common, span: { start: 0, length: 0 }, object };
  const whole: Span = { start: 0, length: object.size };
  const span = partSpan(call, object, common) ?? rangeSpan(object, headers.range) ?? whole;
  const partial = span !== whole;
  if (partial && object.size > 0)
    common['content-range'] = `bytes ${span.start}-${span.start + span.length - 1}/${object.size}`;
  common['content-length'] = String(span.length);
  if (headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' && !partial)
    Object.assign(common, checksumHeaders(object));
  return { status: partial ? 206 : 200, headers: common, span, object };
}

/** The four conditions of HTTP, in the order in which S3 weighs them. Throws 412; false means 304. */
function isModified(object: StoredObject, headers: Record<string, string>): boolean {
  const etags = (header: string): string[] => header.split(',').map((one) => one.trim().replace(/^W\/|"/g, ''));
  const seconds = Math.floor(Date.parse(object.modified) / 1000) * 1000;
  const match = headers['if-match'];
  if (match !== undefined) {
    if (match !== '*' && !etags(match).includes(object.etag)) throw preconditionFailed('If-Match');
  } else if (Date.parse(headers['if-unmodified-since'] ?? '') < seconds) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return noneMatch !== '*' && !etags(noneMatch).includes(object.etag);
  return !(Date.parse(headers['if-modified-since'] ?? '') >= seconds);
}

/** A header that is not one single range of bytes is ignored, as HTTP says. */
function rangeSpan({ size }: StoredObject, header: string | undefined): Span | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size);
    if (length === 0) throw invalidRange(header ?? '', size);
    return { start: size - length, length };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== '' && Number(match[2]) < start) return undefined;
  if (start >= size) throw invalidRange(header ?? '', size);
  return { start, length: end - start + 1 };
}

function invalidRange(range: string, size: number): AwsError {
  return new AwsError(416, 'InvalidRange', 'The requested range is not satisfiable', {
    RangeRequested: range,
    ActualObjectSize: String(size),
  });
}

function partSpan(call: S3Call, object: StoredObject, headers: Record<string, string>): Span | undefined {
  const asked = call.request.query.get('partNumber');
  if (asked === null) return undefined;
  const parts = object.parts ?? [{ number: 1, size: object.size }];
  const at = Number(asked) - 1;
  const part = parts[at];
  if (!part) throw new AwsError(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable');
  if (object.parts) headers['x-amz-mp-parts-count'] = String(parts.length);
  if (part.checksum && call.request.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED')
    headers[headerOf(object.checksum.algorithm)] = part.checksum;
  return { start: parts.slice(0, at).reduce((sum, { size }) => sum + size, 0), length: part.size };
}

export const getObjectAttributes: S3Operation = (call) => {
  bucketOf(call);
  const object = objectOf(call);
  const asked = (call.request.headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim());
  const { algorithm, value, type } = object.checksum;
  const tree: XmlTree = {};
  if (asked.includes('ETag')) tree.ETag = object.etag;
  if (asked.includes('Checksum')) tree.Checksum = { [`Checksum${algorithm}`]: value, ChecksumType: type };
  if (asked.includes('ObjectParts') && object.parts)
    tree.ObjectParts = {
      PartsCount: object.parts.length,
      Part: object.parts.map(({ number, size, checksum }) => ({
        PartNumber: number,
        Size: size,
        [`Checksum${algorithm}`]: checksum,
      })),
    };
  if (asked.includes('StorageClass')) tree.StorageClass = object.storageClass;
  if (asked.includes('ObjectSize')) tree.ObjectSize = object.size;
  return xmlResponse('GetObjectAttributesResponse', tree, {
    'last-modified': new Date(object.modified).toUTCString(),
  });
};
