// CompleteMultipartUpload: checks the list of parts as S3 does and makes the object of them.
import { AwsError } from '../service.ts';
import { bucketOf, type S3Call, type S3Operation, uploadOf } from './call.ts';
import { checksumOfParts, elementOf, headerOf } from './checksums.ts';
import { ALGORITHMS, type Algorithm, type Part, type StoredObject, type Upload } from './model.ts';
import { etagOfParts } from './multipart.ts';
import { mustBeWritable } from './objects.ts';
import { receiveDocument } from './receive.ts';
import { encryptionHeaders } from './traits.ts';
import { all, asTree, malformedXml, readXml, text, type XmlTree, xmlResponse } from './xml.ts';

const SMALLEST_PART = 5 * 1024 * 1024;

interface NamedPart {
  number: number;
  etag: string;
  checksums: Partial<Record<Algorithm, string>>;
}

export const completeMultipartUpload: S3Operation = async (call) => {
  bucketOf(call);
  uploadOf(call);
  const document = await receiveBody(call);
  // From here to the end nothing waits, so nobody can change the upload in between.
  const upload = uploadOf(call);
  const parts = choose(upload, readParts(document));
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const announced = call.request.headers['x-amz-mp-object-size'];
  if (announced !== undefined && Number(announced) !== size)
    throw new AwsError(400, 'InvalidRequest', 'The provided object size does not match the size of the parts.');
  const checksum = wholeChecksum(call, upload, parts);
  mustBeWritable(call);
  const object: StoredObject = {
    key: upload.key,
    size,
    etag: etagOfParts(parts),
    modified: call.context.now().toISOString(),
    headers: upload.headers,
    storageClass: upload.storageClass,
    encryption: upload.encryption,
    tags: upload.tags,
    checksum,
    segments: parts.flatMap((part) => part.segments),
    parts: parts.map(({ number, size, checksums }) => ({ number, size, checksum: checksums[checksum.algorithm] })),
  };
  call.store.commitObject(upload.bucket, object);
  call.store.removeUpload(upload.id);
  return xmlResponse(
    'CompleteMultipartUploadResult',
    {
      Location: `http://${call.request.headers.host}/${upload.bucket}/${encodeURI(upload.key)}`,
      Bucket: upload.bucket,
      Key: upload.key,
      ETag: `"${object.etag}"`,
      [elementOf(checksum.algorithm)]: checksum.value,
      ChecksumType: checksum.type,
    },
    encryptionHeaders(upload.encryption),
  );
};

/** Here the checksum headers speak of the object, not of the body. */
async function receiveBody(call: S3Call): Promise<Buffer> {
  const headers = Object.entries(call.request.headers).filter(([name]) => !name.startsWith('x-amz-checksum-'));
  return receiveDocument({ ...call.request, headers: Object.fromEntries(headers), body: call.request.body });
}

function readParts(document: Buffer): NamedPart[] {
  const parts = all(readXml(document, 'CompleteMultipartUpload').Part).map((value) => readPart(asTree(value)));
  if (parts.length === 0) throw malformedXml();
  return parts;
}

function readPart(tree: XmlTree): NamedPart {
  const number = Number(text(tree.PartNumber));
  const etag = text(tree.ETag)?.replaceAll('"', '');
  if (!Number.isInteger(number) || etag === undefined) throw malformedXml();
  const checksums = ALGORITHMS.map((algorithm) => [algorithm, text(tree[elementOf(algorithm)])]);
  return { number, etag, checksums: Object.fromEntries(checksums.filter(([, value]) => value !== undefined)) };
}

function choose(upload: Upload, named: NamedPart[]): Part[] {
  const { algorithm, type, explicit } = upload.checksum;
  return named.map((name, at) => {
    if (at > 0 && name.number <= named[at - 1]!.number)
      throw new AwsError(
        400,
        'InvalidPartOrder',
        'The list of parts was not in ascending order. The parts list must be specified in order by part number.',
        { UploadId: upload.id },
      );
    const part = upload.parts.get(name.number);
    const differs = Object.entries(name.checksums).some(([of, value]) => part?.checksums[of as Algorithm] !== value);
    if (!part || part.etag !== name.etag || differs)
      throw new AwsError(
        400,
        'InvalidPart',
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        { UploadId: upload.id, PartNumber: String(name.number), ETag: name.etag },
      );
    if (explicit && type === 'COMPOSITE' && name.checksums[algorithm] === undefined)
      throw new AwsError(
        400,
        'InvalidRequest',
        `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${name.number} in the request.`,
      );
    if (explicit && type === 'COMPOSITE' && name.number !== at + 1)
      throw new AwsError(
        400,
        'InvalidPartOrder',
        'Parts of an upload with a composite checksum must be numbered from 1 without a gap.',
        { UploadId: upload.id },
      );
    if (at < named.length - 1 && part.size < SMALLEST_PART)
      throw new AwsError(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
        ProposedSize: String(part.size),
        MinSizeAllowed: String(SMALLEST_PART),
        PartNumber: String(name.number),
        ETag: part.etag,
      });
    return part;
  });
}

function wholeChecksum(call: S3Call, upload: Upload, parts: Part[]): StoredObject['checksum'] {
  const { algorithm, type } = upload.checksum;
  const value = checksumOfParts(
    algorithm,
    type,
    parts.map(({ checksums, size }) => ({ checksum: checksums[algorithm]!, size })),
  );
  const expected = call.request.headers[headerOf(algorithm)];
  if (expected !== undefined && expected !== value)
    throw new AwsError(400, 'BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
  return { algorithm, type, value };
}
