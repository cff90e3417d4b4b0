// Our AWS client against moto, an AWS double that nobody here wrote. It knows neither imports nor block device mappings,
// and it does not check a part's checksum, so only the staging, identity, describing and launching are shown here.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { S3 } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toFault } from '../replication/model/fault.ts';
import { checkEbsDirect, checkStaging } from '../replication/target/aws/checks.ts';
import { awsTargetContract } from '../replication/target/aws/contract.ts';
import { openAwsTarget } from '../replication/target/aws/open-target.ts';
import type { AwsTargetConfig } from '../replication/target/aws/target.ts';
import { describeWith, peer } from './installed.ts';

const MiB = 1024 * 1024;
const region = 'eu-central-1';
const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'any' };
const never = new AbortController().signal;

describeWith(['moto'], 'our AWS client against moto', () => {
  let moto: ChildProcess;
  let url: string;
  let own: S3;
  const bucket = 'landfall-moto';
  const config = (): AwsTargetConfig => ({
    region,
    bucket,
    credentials,
    endpoints: { s3: url, ec2: url, ebs: url, sts: url },
    account: '123456789012',
  });

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    moto = spawn(peer('moto'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    await answering(`${url}/moto-api/data.json`, moto);
    own = new S3({ region, endpoint: url, credentials, forcePathStyle: true });
    await own.createBucket({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: region } });
  });

  afterAll(async () => {
    own?.destroy();
    if (!moto || moto.exitCode !== null) return;
    moto.kill('SIGKILL');
    await once(moto, 'exit');
  });

  awsTargetContract(
    'moto',
    async () => {
      const target = openAwsTarget(config());
      const imageId = await target.images.register(
        {
          name: 'landfall-moto',
          description: '',
          firmware: 'bios',
          disks: [{ snapshotId: 'snap-0123456789abcdef0', order: 0 }],
          tags: {},
        },
        never,
      );
      return {
        target,
        imageId,
        instanceType: 't3.medium',
        async read(key) {
          const { Body } = await own.getObject({ Bucket: bucket, Key: key });
          return (await Body?.transformToByteArray()) ?? new Uint8Array();
        },
        close: async () => target.close(),
      };
    },
    // moto launches again under the same token, and agrees to every dry run.
    { tokensIgnored: true, dryRunUnchecked: true },
  );

  test('moto takes parts that S3 composes, and a bucket whose rules are kept', async () => {
    const target = openAwsTarget(config(), {
      upload: {
        schedule: { plainParts: 1, plainBytes: () => 5 * MiB, composedBytes: 10 * MiB, pieceBytes: 5 * MiB },
      },
    });
    try {
      const key = 'landfall/sms-job-1/sms-run-1/composed';
      const bytes = Buffer.alloc(27 * MiB, 'landfall');
      const upload = await target.staging.startUpload(key, { capacityBytes: bytes.length }, never);
      await upload.write(bytes, never);
      expect((await upload.complete(never)).bytes).toBe(bytes.length);
      const { Body } = await own.getObject({ Bucket: bucket, Key: key });
      expect(Buffer.compare(Buffer.from((await Body?.transformToByteArray()) ?? []), bytes)).toBe(0);
      const { Contents = [] } = await own.listObjectsV2({ Bucket: bucket, Prefix: key });
      expect(Contents.map(({ Key }) => Key)).toEqual([key]);
      const { Rules = [] } = await own.getBucketLifecycleConfiguration({ Bucket: bucket });
      expect(Rules).toMatchObject([{ Filter: { Prefix: 'landfall/' }, Expiration: { Days: 7 } }]);
    } finally {
      target.close();
    }
  });

  test('moto copies an AMI to another Region, where it is found by its tags, and lets another account at the first', async () => {
    const target = openAwsTarget(config());
    try {
      const disks = [{ snapshotId: 'snap-0123456789abcdef0', order: 0 }];
      const image = { name: 'landfall-copied', description: '', firmware: 'bios' as const, disks, tags: {} };
      const imageId = await target.images.register(image, never);
      const there = target.inRegion('eu-west-1');
      const from = { imageId, region };
      const input = { from, name: 'landfall copy', description: 'of a test', token: 'copy-1-1', encryption: null };
      const copied = await there.copies.copy({ ...input, tags: { 'landfall:copy': 'copy-1-1' } }, never);
      expect((await there.images.describe([copied], never)).get(copied)).toMatchObject({
        state: 'available',
        name: 'landfall copy',
      });
      // moto's CopyImage drops tags, token and encryption.
      await there.snapshots.tag([copied], { 'landfall:copy': 'copy-1-1' }, never);
      expect(await there.copies.find({ 'landfall:copy': 'copy-1-1' }, never)).toEqual([copied]);
      expect((await target.images.describe([copied], never)).size).toBe(0);
      await target.copies.share(imageId, '210987654321', never);
      await there.images.deregister(copied, never);
      expect(await there.copies.find({ 'landfall:copy': 'copy-1-1' }, never)).toEqual([]);
    } finally {
      target.close();
    }
  });

  test('health of the staging bucket and of EBS direct', async () => {
    expect((await checkStaging(config(), never)).map(({ id, ok }) => [id, ok])).toEqual([
      ['s3', true],
      ['aws-clock', true],
    ]);
    expect((await checkEbsDirect(config(), never)).id).toBe('ebs-direct');
    const [missing] = await checkStaging({ ...config(), bucket: 'landfall-nobody' }, never);
    expect(missing?.ok).toBe(false);
  });

  test('a bucket that is missing, and an API that moto does not have', async () => {
    const target = openAwsTarget({ ...config(), bucket: 'landfall-nobody' }, { limits: { attempts: 1 } });
    try {
      const missing = target.staging.startUpload('landfall/x', { capacityBytes: 512 }, never);
      expect(toFault(await missing.catch((error: unknown) => error)).code).toBe('staging-bucket-missing');
      const absent = target.snapshots.importTasks(['import-snap-0123456789abcdef0'], never);
      // moto answers with HTTP 500 and a page, as a service that has broken down does.
      expect(toFault(await absent.catch((error: unknown) => error)).code).toBe('aws-unreachable');
    } finally {
      target.close();
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Waits until moto answers; it says nothing on its own when it is ready. */
async function answering(address: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}`);
    const answer = await fetch(address, { signal: AbortSignal.timeout(2000) }).catch(() => null);
    if (answer?.ok) return;
    if (performance.now() > deadline) throw new Error('moto does not answer');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
