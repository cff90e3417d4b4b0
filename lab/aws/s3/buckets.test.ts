import {
  CreateMultipartUploadCommand,
  DeleteBucketLifecycleCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type LifecycleRule,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
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

function putRules(...Rules: LifecycleRule[]): Promise<unknown> {
  return s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
}

describe('settings of a bucket', () => {
  it('keeps lifecycle, encryption, public access block and tags over a restart', async () => {
    const rule: LifecycleRule = { ID: 'a & b', Status: 'Enabled', Filter: { Prefix: 'old/' }, Expiration: { Days: 7 } };
    await putRules(rule);
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    };
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'a', Value: '<1>' }] } }));
    await lab.restart();
    s3 = lab.s3();
    expect((await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual([rule]);
    expect(await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).toMatchObject({
      PublicAccessBlockConfiguration,
    });
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([{ Key: 'a', Value: '<1>' }]);
    expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBe(lab.aws.region);
    await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
    const none = s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(await failure(none)).toMatchObject({ name: 'NoSuchLifecycleConfiguration' });
  });

  it('encrypts by default as the bucket says, and echoes what a request asks', async () => {
    const before = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(before.ServerSideEncryptionConfiguration!.Rules![0]!.ApplyServerSideEncryptionByDefault!.SSEAlgorithm).toBe(
      'AES256',
    );
    const KMSMasterKeyID = `arn:aws:kms:${lab.aws.region}:${lab.aws.account}:key/0`;
    const Rules = [
      {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID },
        BucketKeyEnabled: true,
      },
    ];
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    const put = await s3.send(new PutObjectCommand({ Bucket, Key: 'by-default', Body: 'x' }));
    expect(put).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KMSMasterKeyID, BucketKeyEnabled: true });
    expect(put.ETag).not.toBe('"9dd4e461268c8034f5c8564e155c67a6"');
    await s3.send(new PutObjectCommand({ Bucket, Key: 'asked', Body: 'x', ServerSideEncryption: 'AES256' }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'asked' }));
    expect(head).toMatchObject({ ServerSideEncryption: 'AES256', ETag: '"9dd4e461268c8034f5c8564e155c67a6"' });
  });

  it('has buckets of other regions, which a request of this region cannot reach', async () => {
    await lab.aws.control.createBucket!({ bucket: 'far-away', region: 'ap-south-1' });
    expect(await failure(s3.send(new ListObjectsV2Command({ Bucket: 'far-away' })))).toMatchObject({
      name: 'AuthorizationHeaderMalformed',
    });
    const there = await lab.s3({ region: 'ap-south-1' }).send(new HeadBucketCommand({ Bucket: 'far-away' }));
    expect(there.BucketRegion).toBe('ap-south-1');
  });
});

describe('lifecycle', () => {
  it('refuses rules that do nothing, or at no time', async () => {
    expect(await failure(putRules({ ID: 'x', Status: 'Enabled', Filter: {} }))).toMatchObject({
      name: 'InvalidRequest',
    });
    const never = putRules({ ID: 'x', Status: 'Enabled', Filter: {}, Expiration: { Days: 0 } });
    expect(await failure(never)).toMatchObject({ name: 'InvalidArgument' });
    const same: LifecycleRule = { ID: 'x', Status: 'Enabled', Filter: {}, Expiration: { Days: 1 } };
    expect(await failure(putRules(same, same))).toMatchObject({ name: 'InvalidArgument' });
  });

  it('removes what its prefix and days say, and aborts uploads, when the time has come and not before', async () => {
    await putRules(
      { ID: 'expire', Status: 'Enabled', Filter: { Prefix: 'old/' }, Expiration: { Days: 7 } },
      {
        ID: 'abort',
        Status: 'Enabled',
        Filter: { Prefix: '' },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 },
      },
      { ID: 'off', Status: 'Disabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } },
    );
    const put = await s3.send(new PutObjectCommand({ Bucket, Key: 'old/one', Body: 'x' }));
    expect(put.Expiration).toContain('rule-id="expire"');
    await s3.send(new PutObjectCommand({ Bucket, Key: 'new/one', Body: 'x' }));
    await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'half' }));
    const days = (count: number): { at: string } => ({ at: new Date(Date.now() + count * 86_400_000).toISOString() });
    expect(await lab.aws.control.sweepLifecycle!(days(2.9))).toEqual({ expired: [], aborted: [] });
    expect(await lab.aws.control.sweepLifecycle!(days(4.1))).toEqual({ expired: [], aborted: [`${Bucket}/half`] });
    expect(await lab.aws.control.uploads!({})).toEqual([]);
    expect(await lab.aws.control.sweepLifecycle!(days(6.9))).toEqual({ expired: [], aborted: [] });
    expect(await lab.aws.control.sweepLifecycle!(days(8.1))).toEqual({ expired: [`${Bucket}/old/one`], aborted: [] });
    expect(await failure(s3.send(new HeadObjectCommand({ Bucket, Key: 'old/one' })))).toMatchObject({
      name: 'NotFound',
    });
    await s3.send(new HeadObjectCommand({ Bucket, Key: 'new/one' }));
  });
});
