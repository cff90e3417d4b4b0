import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, startTestLab, type TestLab } from '../testing-lab-aws.ts';

const MIB = 1024 * 1024;
let lab: TestLab;
let s3: S3Client;
let Bucket: string;

beforeAll(async () => {
  lab = await startTestLab();
  s3 = lab.s3();
  Bucket = lab.aws.bucket;
});

afterAll(async () => {
  expect(lab.lines).toEqual([]);
  await lab[Symbol.asyncDispose]();
});

async function begin(Key: string, algorithm?: ChecksumAlgorithm, type?: 'FULL_OBJECT' | 'COMPOSITE'): Promise<string> {
  const command = new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: algorithm, ChecksumType: type });
  return (await s3.send(command)).UploadId!;
}

async function put(
  Key: string,
  UploadId: string,
  PartNumber: number,
  Body: Buffer,
  algorithm?: ChecksumAlgorithm,
): Promise<CompletedPart> {
  const { ETag, ...sums } = await s3.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ChecksumAlgorithm: algorithm }),
  );
  const { ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 } = sums;
  return { PartNumber, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 };
}

function complete(Key: string, UploadId: string, Parts: CompletedPart[]): ReturnType<typeof send> {
  return send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}
const send = (command: CompleteMultipartUploadCommand) => s3.send(command);

async function get(Key: string, Range?: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
  return Buffer.from(await Body!.transformToByteArray());
}

const hash = (name: string, ...bytes: Buffer[]): Buffer => createHash(name).update(Buffer.concat(bytes)).digest();

describe('multipart uploads', () => {
  it('makes an object of 3 × 5 MiB that came out of order, and reads over its seams', async () => {
    const bytes = [1, 2, 3].map(() => randomBytes(5 * MIB));
    const UploadId = await begin('three');
    const parts: CompletedPart[] = [];
    for (const number of [3, 1, 2]) parts[number - 1] = await put('three', UploadId, number, bytes[number - 1]!);
    const listed = await s3.send(new ListPartsCommand({ Bucket, Key: 'three', UploadId, MaxParts: 2 }));
    expect(listed).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' });
    expect(listed.Parts!.map(({ ETag }) => ETag)).toEqual([parts[0]!.ETag, parts[1]!.ETag]);
    const { ETag } = await complete('three', UploadId, parts);
    const md5s = bytes.map((part) => hash('md5', part));
    expect(ETag).toBe(`"${hash('md5', ...md5s).toString('hex')}-3"`);
    const whole = Buffer.concat(bytes);
    expect((await get('three')).equals(whole)).toBe(true);
    const seam = `bytes=${5 * MIB - 10}-${10 * MIB + 9}`;
    expect((await get('three', seam)).equals(whole.subarray(5 * MIB - 10, 10 * MIB + 10))).toBe(true);
    const second = await s3.send(new GetObjectCommand({ Bucket, Key: 'three', PartNumber: 2 }));
    expect(second).toMatchObject({ PartsCount: 3, ContentLength: 5 * MIB });
    expect(Buffer.from(await second.Body!.transformToByteArray()).equals(bytes[1]!)).toBe(true);
    expect(await failure(complete('three', UploadId, parts))).toMatchObject({ name: 'NoSuchUpload' });
  });

  it.each(['SHA256', 'CRC32', 'CRC32C', 'SHA1'] as const)('states the composite %s', async (algorithm) => {
    const UploadId = await begin('composite', algorithm);
    const parts = [
      await put('composite', UploadId, 1, randomBytes(5 * MIB), algorithm),
      await put('composite', UploadId, 2, randomBytes(99), algorithm),
    ];
    const answer = await complete('composite', UploadId, parts);
    expect(answer).toMatchObject({ ChecksumType: 'COMPOSITE' });
    expect(answer[`Checksum${algorithm}`]).toMatch(/-2$/);
    if (algorithm === 'SHA256') {
      const digests = parts.map(({ ChecksumSHA256 }) => Buffer.from(ChecksumSHA256!, 'base64'));
      expect(answer.ChecksumSHA256).toBe(`${hash('sha256', ...digests).toString('base64')}-2`);
    }
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)(
    'states the full-object %s, the same as a single put',
    async (algorithm) => {
      const bytes = [randomBytes(5 * MIB), randomBytes(1234)];
      const UploadId = await begin('full', algorithm, 'FULL_OBJECT');
      const parts = [
        await put('full', UploadId, 1, bytes[0]!, algorithm),
        await put('full', UploadId, 2, bytes[1]!, algorithm),
      ];
      await complete('full', UploadId, parts);
      const single = await s3.send(
        new PutObjectCommand({ Bucket, Key: 'single', Body: Buffer.concat(bytes), ChecksumAlgorithm: algorithm }),
      );
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'full', ChecksumMode: 'ENABLED' }));
      expect(head).toMatchObject({
        ChecksumType: 'FULL_OBJECT',
        [`Checksum${algorithm}`]: single[`Checksum${algorithm}`],
      });
      expect((await get('full')).equals(Buffer.concat(bytes))).toBe(true);
    },
  );

  it('refuses small parts, unknown parts, a wrong order, a missing checksum', async () => {
    const UploadId = await begin('refused', 'CRC32');
    const parts = [
      await put('refused', UploadId, 1, randomBytes(5 * MIB - 1)),
      await put('refused', UploadId, 2, randomBytes(10)),
    ];
    const refused = async (list: CompletedPart[]): Promise<string> =>
      (await failure(complete('refused', UploadId, list))).name;
    expect(await refused(parts)).toBe('EntityTooSmall');
    expect(await refused([parts[1]!, parts[0]!])).toBe('InvalidPartOrder');
    expect(await refused([{ ...parts[0]!, ETag: parts[1]!.ETag }])).toBe('InvalidPart');
    expect(await refused([{ ...parts[0]!, ChecksumCRC32: parts[1]!.ChecksumCRC32 }])).toBe('InvalidPart');
    expect(await refused([{ ...parts[0]!, PartNumber: 9 }])).toBe('InvalidPart');
    expect(await refused([{ PartNumber: 1, ETag: parts[0]!.ETag }])).toBe('InvalidRequest');
    const other = put('refused', UploadId, 1, randomBytes(9), 'SHA256');
    expect(await failure(other)).toMatchObject({ name: 'InvalidRequest' });
    await complete('refused', UploadId, [parts[0]!]);
  });

  it('copies ranges of objects into parts, and keeps them when the source goes', async () => {
    const source = randomBytes(12 * MIB);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'copy/source', Body: source }));
    const UploadId = await begin('copy/target');
    const copy = async (PartNumber: number, CopySourceRange: string): Promise<CompletedPart> => {
      const { CopyPartResult } = await s3.send(
        new UploadPartCopyCommand({
          Bucket,
          Key: 'copy/target',
          UploadId,
          PartNumber,
          CopySource: `${Bucket}/copy/source`,
          CopySourceRange,
        }),
      );
      return { PartNumber, ETag: CopyPartResult!.ETag, ChecksumCRC32: CopyPartResult!.ChecksumCRC32 };
    };
    const fresh = randomBytes(5 * MIB);
    const parts = [
      await copy(1, `bytes=100-${6 * MIB - 1}`),
      await put('copy/target', UploadId, 2, fresh),
      await copy(3, `bytes=${6 * MIB}-${12 * MIB - 1}`),
    ];
    await s3.send(new PutObjectCommand({ Bucket, Key: 'copy/source', Body: 'gone' }));
    await complete('copy/target', UploadId, parts);
    const expected = Buffer.concat([source.subarray(100, 6 * MIB), fresh, source.subarray(6 * MIB)]);
    expect((await get('copy/target')).equals(expected)).toBe(true);
    const over = new UploadPartCopyCommand({
      Bucket,
      Key: 'k',
      UploadId: await begin('k'),
      PartNumber: 1,
      CopySource: `${Bucket}/copy/target`,
      CopySourceRange: 'bytes=0-999999999',
    });
    expect(await failure(s3.send(over))).toMatchObject({ name: 'InvalidArgument' });
  });

  it('lists open uploads, and forgets an aborted one', async () => {
    const first = await begin('open/1');
    const second = await begin('open/2');
    const page = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'open/', MaxUploads: 1 }));
    expect(page).toMatchObject({ IsTruncated: true, NextKeyMarker: 'open/1' });
    const rest = await s3.send(
      new ListMultipartUploadsCommand({
        Bucket,
        Prefix: 'open/',
        KeyMarker: page.NextKeyMarker,
        UploadIdMarker: page.NextUploadIdMarker,
      }),
    );
    expect(rest.Uploads!.map(({ UploadId }) => UploadId)).toEqual([second]);
    const abort = (): Promise<unknown> =>
      s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'open/1', UploadId: first }));
    await abort();
    expect(await failure(abort())).toMatchObject({ name: 'NoSuchUpload', $metadata: { httpStatusCode: 404 } });
    expect(await failure(put('open/1', first, 1, randomBytes(10)))).toMatchObject({ name: 'NoSuchUpload' });
  });
});
