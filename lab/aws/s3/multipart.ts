// Multipart uploads of the lab's S3. An object that is completed is a list of its parts' data files: nothing is moved.
import { createHash } from 'node:crypto';
import { AwsError } from '../service.ts';
import { bucketOf, invalidArgument, noSuchUpload, numberOf, type S3Call, type S3Operation, uploadOf } from './call.ts';
import { elementOf, headerOf } from './checksums.ts';
import { copyRange, copySource } from './copy-source.ts';
import { slice } from './data-files.ts';
import { ALGORITHMS, type ChecksumType, type Part, type Upload } from './model.ts';
import { etagOf, mustBeKey } from './objects.ts';
import { Digesting, LARGEST_PUT, mustHaveDigest, receiveData } from './receive.ts';
import { encryptionHeaders, traitsOf } from './traits.ts';
import { xmlResponse } from './xml.ts';

const MOST_PARTS = 10_000;

export const createMultipartUpload: S3Operation = (call) => {
  mustBeKey(call.key);
  const bucket = bucketOf(call).name;
  const checksum = uploadChecksum(call);
  const upload = call.store.createUpload({
    bucket,
    key: call.key,
    initiated: call.context.now().toISOString(),
    initiator: call.request.accessKeyId,
    checksum,
    ...traitsOf(call),
  });
  const headers = {
    ...encryptionHeaders(upload.encryption),
    ...(checksum.explicit && {
      'x-amz-checksum-algorithm': checksum.algorithm,
      'x-amz-checksum-type': checksum.type,
    }),
  };
  return xmlResponse('InitiateMultipartUploadResult', { Bucket: bucket, Key: call.key, UploadId: upload.id }, headers);
};

function uploadChecksum({ request }: S3Call): Upload['checksum'] {
  const named = request.headers['x-amz-checksum-algorithm']?.toUpperCase();
  const type = request.headers['x-amz-checksum-type']?.toUpperCase();
  if (named === undefined) {
    if (type !== undefined)
      throw new AwsError(
        400,
        'InvalidRequest',
        'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
      );
    return { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', explicit: false };
  }
  const algorithm = ALGORITHMS.find((one) => one === named);
  if (!algorithm)
    throw new AwsError(
      400,
      'InvalidRequest',
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    );
  const usual: ChecksumType = algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE';
  const possible: ChecksumType[] = algorithm.startsWith('SHA')
    ? ['COMPOSITE']
    : algorithm === 'CRC64NVME'
      ? ['FULL_OBJECT']
      : ['COMPOSITE', 'FULL_OBJECT'];
  const chosen = type === undefined ? usual : possible.find((one) => one === type);
  if (!chosen)
    throw new AwsError(
      400,
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${named.toLowerCase()} checksum algorithm.`,
    );
  return { algorithm, type: chosen, explicit: true };
}

export const uploadPart: S3Operation = async (call) => {
  mustHaveDigest(call.request, bucketOf(call), 'Put Part');
  const number = partNumberOf(call);
  const upload = uploadOf(call);
  const received = await receiveData(call.request, call.store.data, (claimed) => {
    if (claimed && upload.checksum.explicit && claimed !== upload.checksum.algorithm)
      throw new AwsError(
        400,
        'InvalidRequest',
        `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.algorithm.toLowerCase()}, actual checksum Type: ${claimed.toLowerCase()}`,
      );
    return [upload.checksum.algorithm];
  });
  const part = commitPart(call, upload, {
    number,
    size: received.size,
    etag: etagOf(received.md5, upload.encryption),
    modified: call.context.now().toISOString(),
    checksums: received.checksums,
    segments: received.segments,
  });
  const told = received.claimed ?? (upload.checksum.explicit ? upload.checksum.algorithm : undefined);
  return {
    status: 200,
    headers: {
      etag: `"${part.etag}"`,
      ...encryptionHeaders(upload.encryption),
      ...(told && { [headerOf(told)]: part.checksums[told]! }),
    },
  };
};

/** The upload may have ended while the bytes came. */
function commitPart(call: S3Call, upload: Upload, part: Part): Part {
  if (call.store.upload(upload.id) !== upload) {
    call.store.data.discard(part.segments);
    throw noSuchUpload(upload.id);
  }
  call.store.commitPart(upload, part);
  return part;
}

function partNumberOf(call: S3Call): number {
  const value = call.request.query.get('partNumber') ?? '';
  const number = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > MOST_PARTS)
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', value);
  return number;
}

export const uploadPartCopy: S3Operation = async (call) => {
  bucketOf(call);
  const number = partNumberOf(call);
  const upload = uploadOf(call);
  const { object } = copySource(call);
  const { start, end } = copyRange(call, object);
  if (end - start + 1 > LARGEST_PUT)
    throw new AwsError(
      400,
      'InvalidRequest',
      'The specified copy source is larger than the maximum allowable size for a copy source: 5368709120',
    );
  const segments = slice(object.segments, start, end);
  // The bytes are only read, for their digests; the part then points at them where they are.
  call.store.data.retain(segments);
  try {
    const digesting = new Digesting([upload.checksum.algorithm]);
    for await (const _bytes of digesting.through(call.store.data.read(segments) as AsyncIterable<Buffer>))
      call.request.signal.throwIfAborted();
    const { md5, checksums } = digesting.finish();
    if (call.store.upload(upload.id) !== upload) throw noSuchUpload(upload.id);
    const part: Part = {
      number,
      size: end - start + 1,
      etag: etagOf(md5, upload.encryption),
      modified: call.context.now().toISOString(),
      checksums,
      segments,
    };
    call.store.commitPart(upload, part);
    const { algorithm, explicit } = upload.checksum;
    return xmlResponse(
      'CopyPartResult',
      {
        LastModified: part.modified,
        ETag: `"${part.etag}"`,
        ...(explicit && { [elementOf(algorithm)]: checksums[algorithm] }),
      },
      encryptionHeaders(upload.encryption),
    );
  } finally {
    call.store.data.release(segments);
  }
};

export const listParts: S3Operation = (call) => {
  bucketOf(call);
  const upload = uploadOf(call);
  const most = numberOf(call, 'max-parts', 1000);
  const marker = numberOf(call, 'part-number-marker', call.request.query.get('part-number-marker') ? MOST_PARTS : 0);
  const rest = [...upload.parts.values()].filter(({ number }) => number > marker).sort((a, b) => a.number - b.number);
  const given = rest.slice(0, most);
  const { algorithm, type, explicit } = upload.checksum;
  return xmlResponse('ListPartsResult', {
    Bucket: call.bucket,
    Key: call.key,
    UploadId: upload.id,
    Initiator: { ID: upload.initiator },
    Owner: { ID: call.context.account.padStart(64, '0') },
    StorageClass: upload.storageClass,
    PartNumberMarker: marker,
    NextPartNumberMarker: given.at(-1)?.number ?? marker,
    MaxParts: most,
    IsTruncated: rest.length > most,
    ChecksumAlgorithm: explicit ? algorithm : undefined,
    ChecksumType: explicit ? type : undefined,
    Part: given.map((part) => ({
      PartNumber: part.number,
      LastModified: part.modified,
      ETag: `"${part.etag}"`,
      Size: part.size,
      ...(explicit && { [elementOf(algorithm)]: part.checksums[algorithm] }),
    })),
  });
};

export const abortMultipartUpload: S3Operation = (call) => {
  bucketOf(call);
  call.store.removeUpload(uploadOf(call).id);
  return { status: 204 };
};

/** MD5 over the MD5s of the parts, and their count. */
export function etagOfParts(parts: Part[]): string {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(Buffer.from(etag, 'hex'));
  return `${md5.digest('hex')}-${parts.length}`;
}
