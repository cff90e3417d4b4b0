import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3 } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type LabAws, startLabAws } from '../../../lab/aws/main.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import { toFault } from '../../model/fault.ts';
import { checkEbsDirect, checkStaging } from './checks.ts';
import { type OpenOptions, openStaging } from './open-target.ts';
import { largestMemory, PART_SCHEDULE, type PartSchedule } from './part-schedule.ts';
import { PART_RETRY } from './part-sender.ts';
import type { AwsTargetConfig, StagedUpload } from './target.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;
const retry = { ...PART_RETRY, baseMs: 2, capMs: 20 };

let folder: string;
let lab: LabAws;
let own: S3;
const faults = new FaultRules();
const open: { close(): void }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-staging-'));
  lab = await startLabAws({ dataDir: folder, faults, guestQemu: false });
  own = new S3({
    region: lab.region,
    endpoint: lab.url,
    credentials: lab.credentials,
    forcePathStyle: true,
    requestHandler: { requestTimeout: 20_000 },
  });
});

afterEach(() => {
  faults.clear();
  for (const target of open.splice(0)) target.close();
});

afterAll(async () => {
  own.destroy();
  await lab.close();
  await rm(folder, { recursive: true, force: true });
});

function config(changes: Partial<AwsTargetConfig> = {}): AwsTargetConfig {
  return {
    region: lab.region,
    bucket: lab.bucket,
    credentials: lab.credentials,
    endpoints: { s3: lab.url, ec2: lab.url, ebs: lab.url, sts: lab.url },
    account: lab.account,
    ...changes,
  };
}

function stage(changes: Partial<AwsTargetConfig> = {}, options: OpenOptions = {}) {
  const staging = openStaging(config(changes), { ...options, upload: { retry, ...options.upload } });
  open.push(staging);
  return staging;
}

/** Writes the bytes in pieces of odd and changing size, through one buffer that is scribbled over after each write. */
async function writeOddly(upload: StagedUpload, bytes: Uint8Array): Promise<void> {
  const chunk = Buffer.alloc(3 * MiB + 7);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.min([1, 65_537, 3 * MiB + 7, 511, 1_000_003][turn % 5] ?? 1, bytes.length - at);
    chunk.set(bytes.subarray(at, at + size));
    await upload.write(chunk.subarray(0, size), never);
    chunk.fill(0xee, 0, size);
    at += size;
  }
}

async function readBack(key: string): Promise<Buffer> {
  const { Body } = await own.getObject({ Bucket: lab.bucket, Key: key });
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function openUploads(prefix: string): Promise<string[]> {
  const { Uploads = [] } = await own.listMultipartUploads({ Bucket: lab.bucket, Prefix: prefix });
  return Uploads.map((upload) => upload.Key ?? '');
}

async function keysUnder(prefix: string): Promise<string[]> {
  const { Contents = [] } = await own.listObjectsV2({ Bucket: lab.bucket, Prefix: prefix });
  return Contents.map((object) => object.Key ?? '');
}

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('70 MiB in odd chunks are read back as they were written, in bounded memory', async () => {
  const bytes = randomBytes(70 * MiB + 13);
  let held = 0;
  const onMemory = (now: number) => {
    held = Math.max(held, now);
  };
  const staging = stage({}, { upload: { onMemory } });
  const key = 'landfall/sms-job-1/sms-run-1/odd.vmdk';
  const upload = await staging.startUpload(key, { capacityBytes: 128 * MiB }, never);
  expect(upload.uploadId).not.toBe('');
  await writeOddly(upload, bytes);
  const sealed = await upload.complete(never);

  expect(sealed.bytes).toBe(bytes.length);
  expect(sealed.etag).toMatch(/^[0-9a-f]{32}-9$/);
  expect(digest(await readBack(key))).toBe(digest(bytes));
  const head = await own.headObject({ Bucket: lab.bucket, Key: key, ChecksumMode: 'ENABLED' });
  expect(head.ServerSideEncryption).toBe('AES256');
  expect(head.ChecksumCRC32).toMatch(/-9$/);
  expect(await staging.head(key, never)).toEqual({ bytes: bytes.length });
  expect(held).toBe(5 * 8 * MiB);
  // Completing again gives the same answer; aborting afterwards takes nothing away.
  expect(await upload.complete(never)).toEqual(sealed);
  await upload.abort();
  expect(await staging.head(key, never)).toEqual({ bytes: bytes.length });
  await staging.delete(key, never);
  expect(await staging.head(key, never)).toBeNull();
  await staging.delete(key, never);
});

test('the schedule of the product stays under 50 MB', () => {
  expect(largestMemory(PART_SCHEDULE)).toBeLessThan(50_000_000);
});

test.each([0, 1, 5 * MiB - 1, 8 * MiB, 8 * MiB + 1])('an object of %i bytes', async (size) => {
  const bytes = randomBytes(size);
  const staging = stage();
  const key = `landfall/sms-job-1/sms-run-2/of-${size}`;
  const upload = await staging.startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(bytes, never);
  expect((await upload.complete(never)).bytes).toBe(size);
  expect(digest(await readBack(key))).toBe(digest(bytes));
  expect(await openUploads(key)).toEqual([]);
});

test('parts beyond the plain ones are composed from pieces, and no piece is left', async () => {
  const schedule: PartSchedule = {
    plainParts: 2,
    plainBytes: () => 5 * MiB,
    composedBytes: 10 * MiB,
    pieceBytes: 5 * MiB,
  };
  const bytes = randomBytes(32 * MiB + 1);
  const key = 'landfall/sms-job-1/sms-run-3/composed';
  const staging = stage({}, { upload: { schedule } });
  const upload = await staging.startUpload(key, { capacityBytes: 64 * MiB }, never);
  await writeOddly(upload, bytes);
  const sealed = await upload.complete(never);
  expect(sealed).toMatchObject({ bytes: bytes.length, etag: expect.stringMatching(/-5$/) });
  expect(digest(await readBack(key))).toBe(digest(bytes));
  expect(await keysUnder(key)).toEqual([key]);
  expect(await openUploads('landfall/sms-job-1/sms-run-3/')).toEqual([]);

  const broken = await staging.startUpload(`${key}-2`, { capacityBytes: 64 * MiB }, never);
  await writeOddly(broken, bytes);
  await broken.abort();
  expect(await keysUnder(`${key}-2`)).toEqual([]);
  expect(await openUploads(`${key}-2`)).toEqual([]);
});

test.each([
  ['SlowDown three times', { kind: 'fail', code: 'SlowDown' }, 3],
  ['an internal error', { kind: 'fail', code: 'InternalError' }, 2],
  ['a socket that closes without an answer', { kind: 'cut', afterBytes: 0 }, 2],
] as const)('a part goes through after %s', async (_name, effect, count) => {
  faults.add({ side: 'aws', operation: 's3:UploadPart', count, effect });
  const bytes = randomBytes(9 * MiB);
  const key = `landfall/sms-job-1/sms-run-4/${effect.kind}-${count}`;
  const upload = await stage().startUpload(key, { capacityBytes: 16 * MiB }, never);
  await upload.write(bytes, never);
  await upload.complete(never);
  expect(faults.list()).toEqual([]);
  expect(digest(await readBack(key))).toBe(digest(bytes));
});

test('a part on whose connection nothing moves is sent again', async () => {
  faults.add({ side: 'aws', operation: 's3:UploadPart', count: 1, effect: { kind: 'hang' } });
  const key = 'landfall/sms-job-1/sms-run-4/hang';
  const upload = await stage({}, { limits: { idleSeconds: 0.3 } }).startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(randomBytes(MiB), never);
  expect((await upload.complete(never)).bytes).toBe(MiB);
});

test('a part that never goes through fails in the end, and the upload with it', async () => {
  faults.add({ side: 'aws', operation: 's3:UploadPart', effect: { kind: 'fail', code: 'SlowDown' } });
  const staging = stage({}, { upload: { retry: { ...retry, deadlineMs: 100 } } });
  const key = 'landfall/sms-job-1/sms-run-4/never';
  const upload = await staging.startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(randomBytes(MiB), never);
  const error = await upload.complete(never).catch((caught: unknown) => caught);
  expect(toFault(error)).toMatchObject({ code: 'aws-throttled', cause: expect.stringContaining('SlowDown') });
  await expect(upload.write(Buffer.alloc(1), never)).rejects.toBe(error);
  faults.clear();
  await upload.abort();
  expect(await openUploads(key)).toEqual([]);
});

test('a lost answer to the completion is not a failure', async () => {
  faults.add({
    side: 'aws',
    operation: 's3:CompleteMultipartUpload',
    count: 1,
    effect: { kind: 'cut', afterBytes: 20 },
  });
  const key = 'landfall/sms-job-1/sms-run-5/completed-twice';
  const bytes = randomBytes(MiB);
  const upload = await stage().startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(bytes, never);
  expect(await upload.complete(never)).toMatchObject({ bytes: MiB, etag: expect.stringMatching(/-1$/) });
  expect(faults.list()).toEqual([]);
  expect(digest(await readBack(key))).toBe(digest(bytes));
});

test('abort leaves no upload, in mid-write too, and a cancelled write ends at once', async () => {
  faults.add({ side: 'aws', operation: 's3:UploadPart', count: 100, effect: { kind: 'hang' } });
  const key = 'landfall/sms-job-1/sms-run-6/aborted';
  const cancel = new AbortController();
  const upload = await stage().startUpload(key, { capacityBytes: 128 * MiB }, never);
  const writing = writeOddlyWith(cancel.signal);
  const reason = new Error('the run was cancelled');
  await expect.poll(() => faults.list()[0]?.count, { timeout: 5000 }).toBe(96);
  cancel.abort(reason);
  await expect(writing).rejects.toBe(reason);
  await upload.abort();
  expect(await openUploads(key)).toEqual([]);
  await upload.abort();

  async function writeOddlyWith(signal: AbortSignal) {
    for (let turn = 0; turn < 10; turn += 1) await upload.write(Buffer.alloc(8 * MiB), signal);
  }
});

test('uploads whose id was never known are aborted by their key, others stay', async () => {
  const staging = stage();
  const key = 'landfall/sms-job-1/sms-run-7/disk';
  await staging.startUpload(key, { capacityBytes: MiB }, never);
  await staging.startUpload(key, { capacityBytes: MiB }, never);
  const other = await staging.startUpload(`${key}-1`, { capacityBytes: MiB }, never);
  await staging.abortUploadsOf(key, never);
  expect(await openUploads(key)).toEqual([`${key}-1`]);
  await staging.abortUpload(`${key}-1`, other.uploadId, never);
  await staging.abortUpload(`${key}-1`, other.uploadId, never);
  expect(await openUploads(key)).toEqual([]);
});

test('nothing is staged outside the prefix that expires', async () => {
  const error = await stage()
    .startUpload('other/disk', { capacityBytes: MiB }, never)
    .catch((caught: unknown) => caught);
  expect(toFault(error).code).toBe('internal');
});

test("prepare adds its rule to the bucket's own, once", async () => {
  const theirs = { ID: 'logs', Status: 'Enabled' as const, Filter: { Prefix: 'logs/' }, Expiration: { Days: 30 } };
  await own.putBucketLifecycleConfiguration({ Bucket: lab.bucket, LifecycleConfiguration: { Rules: [theirs] } });
  const staging = stage();
  await staging.prepare(never);
  const rules = async () => (await own.getBucketLifecycleConfiguration({ Bucket: lab.bucket })).Rules ?? [];
  expect(await rules()).toMatchObject([
    theirs,
    {
      Status: 'Enabled',
      Filter: { Prefix: 'landfall/' },
      Expiration: { Days: 7 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
  ]);
  faults.add({
    side: 'aws',
    operation: 's3:PutBucketLifecycleConfiguration',
    effect: { kind: 'fail', code: 'AccessDenied' },
  });
  await staging.prepare(never);
  expect(await rules()).toHaveLength(2);
});

test('refusals say what to do', async () => {
  const secret = stage({ credentials: { ...lab.credentials, secretAccessKey: 'wrong' } });
  const bucket = stage({ bucket: 'nobody-has-this-bucket' });
  const restricted = stage({ credentials: lab.connector });
  const foreign = stage({ account: '000000000000' });
  const nowhere = stage({ endpoints: { s3: 'http://127.0.0.1:9' } }, { limits: { attempts: 1 } });
  const refusal = async (staging: ReturnType<typeof stage>) =>
    toFault(
      await staging
        .startUpload('landfall/sms-job-1/sms-run-8/x', { capacityBytes: MiB }, never)
        .catch((caught: unknown) => caught),
    );
  expect(await refusal(secret)).toMatchObject({ code: 'aws-credentials-refused' });
  expect(await refusal(bucket)).toMatchObject({ code: 'staging-bucket-missing' });
  expect(await refusal(foreign)).toMatchObject({ code: 'aws-access-denied' });
  expect(await refusal(nowhere)).toMatchObject({ code: 'aws-unreachable', retry: 'now' });
  const denied = toFault(await restricted.prepare(never).catch((caught: unknown) => caught));
  expect(denied.code).toBe('aws-access-denied');
  expect(denied.message).toContain('s3:GetLifecycleConfiguration');
});

test('the key of a connector can stage, clear away and prove its health, and nothing more is needed', async () => {
  const staging = stage({ credentials: lab.connector });
  const key = 'landfall/sms-job-1/sms-run-9/disk';
  const upload = await staging.startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(randomBytes(MiB), never);
  await upload.complete(never);
  expect(await staging.head(key, never)).toEqual({ bytes: MiB });
  await staging.startUpload(key, { capacityBytes: MiB }, never);
  await staging.abortUploadsOf(key, never);
  expect(await openUploads(key)).toEqual([]);
  await staging.delete(key, never);
  expect((await checkStaging(config({ credentials: lab.connector }), never)).every(({ ok }) => ok)).toBe(true);
  expect(await checkEbsDirect(config({ credentials: lab.connector }), never)).toMatchObject({ ok: true });
});

test('identity tells account and user', async () => {
  const staging = stage();
  expect(await staging.identity(never)).toEqual({
    account: lab.account,
    arn: expect.stringContaining(`arn:aws:iam::${lab.account}:user/`),
  });
});

test('health: the bucket is probed and nothing of the probe is left', async () => {
  const checks = await checkStaging(config(), never);
  expect(checks.map(({ id, ok }) => [id, ok])).toEqual([
    ['s3', true],
    ['aws-clock', true],
  ]);
  expect(await openUploads('landfall/.check/')).toEqual([]);

  const [missing] = await checkStaging(config({ bucket: 'nobody-has-this-bucket' }), never);
  expect(missing).toMatchObject({ ok: false, level: 'required', detail: expect.stringContaining('does not exist') });
  const [elsewhere] = await checkStaging(config({ region: 'us-east-1' }), never);
  expect(elsewhere?.ok).toBe(false);
  const [wrong] = await checkStaging(config({ credentials: { ...lab.credentials, secretAccessKey: 'wrong' } }), never);
  expect(wrong).toMatchObject({ ok: false, detail: expect.stringContaining('AWS refused the access key') });
  const silent = await checkStaging(config({ endpoints: { s3: 'http://127.0.0.1:9' } }), never);
  expect(silent.map(({ ok }) => ok)).toEqual([false, false]);
});

test('health: a clock that is off is said, with the remedy', async () => {
  const late = await startLabAws({
    dataDir: join(folder, 'late'),
    faults: new FaultRules(),
    guestQemu: false,
    now: () => new Date(Date.now() + 60_000),
  });
  try {
    const checks = await checkStaging(
      config({
        credentials: late.credentials,
        bucket: late.bucket,
        account: late.account,
        endpoints: { s3: late.url },
      }),
      never,
    );
    expect(checks.find(({ id }) => id === 'aws-clock')).toMatchObject({
      ok: false,
      level: 'advice',
      detail: expect.stringMatching(/(59|60) s behind AWS/),
    });
  } finally {
    await late.close();
  }
});

test('health: EBS direct is reachable when it knows no such snapshot', async () => {
  expect(await checkEbsDirect(config(), never)).toMatchObject({ id: 'ebs-direct', ok: true });
  faults.add({
    side: 'aws',
    operation: 'ebs:ListSnapshotBlocks',
    effect: { kind: 'fail', code: 'AccessDeniedException' },
  });
  expect(await checkEbsDirect(config(), never)).toMatchObject({
    ok: false,
    detail: expect.stringContaining('ebs:ListSnapshotBlocks'),
  });
});
