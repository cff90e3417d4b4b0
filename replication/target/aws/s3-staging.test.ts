import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { S3 } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { startLabAws } from '../../../lab/aws/main.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import { toFault } from '../../model/fault.ts';
import { checkEbsDirect, checkStaging } from './checks.ts';

import {
  config,
  faults,
  folder,
  lab,
  MiB,
  never,
  openUploads,
  own,
  stage,
  stagingForTests,
} from './testing-staging.ts';

stagingForTests();

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
  const { Contents = [] } = await own.listObjectsV2({ Bucket: lab.bucket, Prefix: 'landfall/.check/' });
  expect(Contents).toEqual([]);

  const [missing] = await checkStaging(config({ bucket: 'nobody-has-this-bucket' }), never);
  expect(missing).toMatchObject({ ok: false, level: 'required', detail: expect.stringContaining('does not exist') });
  const [elsewhere] = await checkStaging(config({ region: 'us-east-1' }), never);
  expect(elsewhere?.ok).toBe(false);
  const [wrong] = await checkStaging(config({ credentials: { ...lab.credentials, secretAccessKey: 'wrong' } }), never);
  expect(wrong).toMatchObject({ ok: false, detail: expect.stringContaining('AWS refused the access key') });
  const silent = await checkStaging(config({ endpoints: { s3: 'http://127.0.0.1:9' } }), never);
  expect(silent.map(({ ok }) => ok)).toEqual([false, false]);
});

test('a bucket under Object Lock takes whatever a run stores; a put without a checksum is refused there', async () => {
  const Bucket = `locked-${lab.account}`;
  await own.createBucket({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } });
  await own.putObjectLockConfiguration({
    Bucket,
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
    },
  });
  const { region, credentials, url: endpoint } = lab;
  const places = { region, credentials, endpoint, forcePathStyle: true };
  const bare = new S3({ ...places, requestChecksumCalculation: 'WHEN_REQUIRED' });
  await expect(bare.putObject({ Bucket, Key: 'x', Body: 'x' })).rejects.toMatchObject({ name: 'InvalidRequest' });
  bare.destroy();

  const staging = stage({ bucket: Bucket });
  await staging.digests.put('landfall-digests/j/r/1', Buffer.from('digests'), never);
  expect(Buffer.from((await staging.digests.get('landfall-digests/j/r/1', never)) ?? [])).toEqual(
    Buffer.from('digests'),
  );
  const upload = await staging.startUpload('landfall/j/r/disk', { capacityBytes: MiB }, never);
  await upload.write(randomBytes(MiB), never);
  expect(await upload.complete(never)).toMatchObject({ bytes: MiB });
  const [health] = await checkStaging(config({ bucket: Bucket }), never);
  expect(health).toMatchObject({ ok: true, detail: expect.stringContaining('keeps versions') });
});

test.each([
  ['s3:GetObject', 'landfall-digests/.check'],
  ['s3:PutObject', '*'],
  ['s3:UploadPart', '*'],
  ['s3:CompleteMultipartUpload', '*'],
  ['s3:DeleteObject', '*'],
])('health does what a run does: a bucket that refuses %s is not green', async (operation, key) => {
  faults.add({ side: 'aws', operation, match: { key }, effect: { kind: 'fail', code: 'AccessDenied' } });
  const target = config();
  const [refused] = await checkStaging(target, never);
  expect(refused).toMatchObject({ id: 's3', ok: false, level: 'required' });
  faults.clear();
  expect((await checkStaging(target, never))[0]?.ok).toBe(true);
  // Within the hour an upload is only begun, and a failure of that makes the next check a whole one.
  faults.add({ side: 'aws', operation: 's3:CreateMultipartUpload', effect: { kind: 'fail', code: 'AccessDenied' } });
  expect((await checkStaging(target, never))[0]?.ok).toBe(false);
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
