import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, startTestLab, type TestLab } from '../testing-lab-aws.ts';

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

async function get(Key: string, Range?: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, Range }));
  return Buffer.from(await Body!.transformToByteArray());
}

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

describe('single objects', () => {
  it('gives back what was put, with the ETag and CRC32 of it', async () => {
    const bytes = randomBytes(300_000);
    const put = await s3.send(
      new PutObjectCommand({ Bucket, Key: 'a/b c+ü.bin', Body: bytes, Metadata: { run: 's-1' }, ContentType: 'x/y' }),
    );
    expect(put.ETag).toBe(`"${md5(bytes)}"`);
    expect(put.ServerSideEncryption).toBe('AES256');
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/b c+ü.bin' }));
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(bytes)).toBe(true);
    expect(got).toMatchObject({
      ETag: put.ETag,
      ContentType: 'x/y',
      Metadata: { run: 's-1' },
      ChecksumCRC32: put.ChecksumCRC32,
    });
  });

  it('takes a stream of known length with a CRC32 trailer, and stores none of the framing', async () => {
    const chunks = Array.from({ length: 40 }, () => randomBytes(65_537));
    const whole = Buffer.concat(chunks);
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'stream', Body: Readable.from(chunks), ContentLength: whole.length }),
    );
    expect((await get('stream')).equals(whole)).toBe(true);
    const [described] = (await lab.aws.control.objects!({ prefix: 'stream', sha256: true })) as {
      headers: object;
      sha256: string;
    }[];
    expect(described!.sha256).toBe(createHash('sha256').update(whole).digest('hex'));
    expect(described!.headers).not.toHaveProperty('content-encoding');
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'checks %s of bytes and of streams',
    async (ChecksumAlgorithm) => {
      const bytes = randomBytes(70_001);
      for (const Body of [bytes, Readable.from([bytes.subarray(0, 13), bytes.subarray(13)])]) {
        const Key = `sum/${ChecksumAlgorithm}`;
        const put = await s3.send(
          new PutObjectCommand({ Bucket, Key, Body, ContentLength: bytes.length, ChecksumAlgorithm }),
        );
        const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
        expect(head[`Checksum${ChecksumAlgorithm}`]).toBeTruthy();
        expect(head[`Checksum${ChecksumAlgorithm}`]).toBe(put[`Checksum${ChecksumAlgorithm}`]);
        expect((await get(Key)).equals(bytes)).toBe(true);
      }
    },
  );

  it('refuses a wrong checksum and a wrong MD5 and stores nothing', async () => {
    const Body = Buffer.from('hello');
    const sum = Buffer.alloc(32, 1).toString('base64');
    const wrong = await failure(s3.send(new PutObjectCommand({ Bucket, Key: 'wrong', Body, ChecksumSHA256: sum })));
    expect(wrong).toMatchObject({ name: 'BadDigest', $metadata: { httpStatusCode: 400 } });
    const ContentMD5 = Buffer.alloc(16, 1).toString('base64');
    expect(await failure(s3.send(new PutObjectCommand({ Bucket, Key: 'wrong', Body, ContentMD5 })))).toMatchObject({
      name: 'BadDigest',
    });
    expect(await failure(s3.send(new HeadObjectCommand({ Bucket, Key: 'wrong' })))).toMatchObject({ name: 'NotFound' });
  });

  it('gives ranges: 206, the last bytes, and 416', async () => {
    const bytes = randomBytes(10_000);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'ranged', Body: bytes }));
    expect((await get('ranged', 'bytes=0-0')).equals(bytes.subarray(0, 1))).toBe(true);
    expect((await get('ranged', 'bytes=1000-')).equals(bytes.subarray(1000))).toBe(true);
    expect((await get('ranged', 'bytes=-7')).equals(bytes.subarray(-7))).toBe(true);
    const over = await s3.send(new GetObjectCommand({ Bucket, Key: 'ranged', Range: 'bytes=9990-99999' }));
    expect(over).toMatchObject({
      ContentRange: 'bytes 9990-9999/10000',
      ContentLength: 10,
      $metadata: { httpStatusCode: 206 },
    });
    over.Body!.transformToByteArray();
    const none = await failure(s3.send(new GetObjectCommand({ Bucket, Key: 'ranged', Range: 'bytes=10000-' })));
    expect(none).toMatchObject({ name: 'InvalidRange', $metadata: { httpStatusCode: 416 } });
  });

  it('holds to If-Match, If-None-Match and the expected owner', async () => {
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'cond', Body: 'one' }));
    const get = (more: object): Promise<unknown> => s3.send(new GetObjectCommand({ Bucket, Key: 'cond', ...more }));
    await get({ IfMatch: ETag, ExpectedBucketOwner: lab.aws.account });
    expect(await failure(get({ IfMatch: '"00"' }))).toMatchObject({ name: 'PreconditionFailed' });
    expect(await failure(get({ IfNoneMatch: ETag }))).toMatchObject({ $metadata: { httpStatusCode: 304 } });
    expect(await failure(get({ ExpectedBucketOwner: '123456789012' }))).toMatchObject({ name: 'AccessDenied' });
    const again = s3.send(new PutObjectCommand({ Bucket, Key: 'cond', Body: 'two', IfNoneMatch: '*' }));
    expect(await failure(again)).toMatchObject({ name: 'PreconditionFailed' });
  });

  it('copies, replaces, tags and deletes', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'from', Body: 'first', Tagging: 'a=1&b=2' }));
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/from` }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'from', Body: 'second' }));
    expect((await get('to')).toString()).toBe('first');
    expect((await get('from')).toString()).toBe('second');
    const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'to' }));
    expect(TagSet).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ]);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'from' }));
    const { Deleted } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'to' }, { Key: 'never' }] } }),
    );
    expect(Deleted).toHaveLength(2);
    expect(await failure(get('to'))).toMatchObject({ name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } });
  });
});

describe('buckets and lists', () => {
  it('lists by prefix and delimiter, in pages, in the order of UTF-8', async () => {
    const keys = ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/é', 'l/\u{1f600}', 'l/\uff5e'];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const inOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const listed: string[] = [];
    for (let ContinuationToken: string | undefined, more = true; more; ) {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/', MaxKeys: 2, ContinuationToken }));
      listed.push(...(page.Contents ?? []).map(({ Key }) => Key!));
      ContinuationToken = page.NextContinuationToken;
      more = page.IsTruncated!;
    }
    expect(listed).toEqual(inOrder);
    const { Contents, CommonPrefixes } = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'l/', Delimiter: '/' }),
    );
    expect(Contents).toHaveLength(5);
    expect(CommonPrefixes).toEqual([{ Prefix: 'l/b/' }]);
  });

  it('has the default bucket, makes others in its own region, and refuses a second of the same name', async () => {
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets!.map(({ Name }) => Name)).toContain(`landfall-staging-${lab.aws.account}`);
    const make = {
      Bucket: 'another-bucket',
      CreateBucketConfiguration: { LocationConstraint: lab.aws.region as 'eu-central-1' },
    };
    await s3.send(new CreateBucketCommand(make));
    expect(await failure(s3.send(new CreateBucketCommand(make)))).toMatchObject({ name: 'BucketAlreadyOwnedByYou' });
    expect(await failure(s3.send(new GetObjectCommand({ Bucket: 'no-such', Key: 'k' })))).toMatchObject({
      name: 'NoSuchBucket',
    });
  });
});
