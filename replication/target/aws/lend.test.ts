// Lent credentials against the lab's IAM: all that a run's connector does goes through, and nothing beside it.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestLab, type TestLab } from '../../../lab/aws/testing-lab-aws.ts';
import { DISK_BLOCK_BYTES } from '../../disks/block.ts';
import { FaultError } from '../../model/fault.ts';
import { type Lending, type LentScope, LONGEST_SESSION_POLICY, lendCredentials, lentPolicy } from './lend.ts';
import { openAwsTarget } from './open-target.ts';
import type { AwsCredentials } from './target.ts';

const signal = AbortSignal.timeout(60_000);
let lab: TestLab;
beforeAll(async () => {
  lab = await startTestLab({ timeScale: 0.01 });
});
afterAll(() => lab[Symbol.asyncDispose]());

const endpoints = () => ({ s3: lab.aws.url, ec2: lab.aws.url, ebs: lab.aws.url, sts: lab.aws.url });
const scope = (runId = 'sms-run-00000001'): LentScope => ({
  partition: 'aws',
  region: lab.aws.region,
  bucket: lab.aws.bucket,
  stagingPrefix: `landfall/sms-job-1/${runId}/`,
  digestPrefix: `landfall-digests/sms-job-1/${runId}/`,
  jobDigestPrefix: 'landfall-digests/sms-job-1/',
  runId,
});
const asking = (credentials: AwsCredentials = lab.aws.credentials) => ({
  region: lab.aws.region,
  endpoints: endpoints(),
  credentials,
});
const open = (credentials: AwsCredentials) =>
  openAwsTarget({ region: lab.aws.region, bucket: lab.aws.bucket, endpoints: endpoints(), credentials });
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'went through',
    (error) => (error instanceof FaultError ? error.fault.code : String(error)),
  );
const snapshotOf = (runId: string) => ({
  capacityBytes: 2 ** 30,
  parentSnapshotId: null,
  description: runId,
  tags: { 'landfall:run': runId, 'migration:managed-by': 'landfall' },
  token: randomBytes(8).toString('hex'),
});

const ways: [string, () => Lending][] = [
  ['a federation token', () => ({ by: 'federation' })],
  ['the role', () => ({ by: 'role', roleArn: lab.aws.role.arn, externalId: lab.aws.role.externalId })],
];

describe.each(ways)('lent by %s', (_, how) => {
  it('a run stages, keeps digests and writes its snapshots, and reaches nothing else', async () => {
    const { stagingPrefix, digestPrefix, runId } = scope();
    const lent = await lendCredentials(asking(), how(), scope());
    expect(lent.expiration.getTime() - Date.now()).toBeGreaterThan(3_500_000);
    const target = open(lent);
    const owner = open(lab.aws.credentials);
    try {
      // Its own objects, those that are missing too.
      const upload = await target.staging.startUpload(`${stagingPrefix}disk.vmdk`, { capacityBytes: 1024 }, signal);
      await upload.write(Buffer.from('bytes'), signal);
      await upload.complete(signal);
      expect(await target.staging.head(`${stagingPrefix}disk.vmdk`, signal)).toEqual({ bytes: 5 });
      expect(await target.staging.head(`${stagingPrefix}missing`, signal)).toBeNull();
      await target.staging.abortUploadsOf(`${stagingPrefix}disk.vmdk`, signal);
      await target.staging.delete(`${stagingPrefix}disk.vmdk`, signal);
      await target.staging.digests.put(`${digestPrefix}1`, Buffer.from('d'), signal);
      expect(await target.staging.digests.get(`${digestPrefix}2`, signal)).toBeNull();
      await owner.staging.digests.put('landfall-digests/sms-job-1/sms-run-0/1', Buffer.from('before'), signal);
      expect(await target.staging.digests.get('landfall-digests/sms-job-1/sms-run-0/1', signal)).not.toBeNull();

      // Others' objects.
      for (const refused of [
        () => target.staging.digests.put('landfall-digests/sms-job-1/sms-run-0/1', Buffer.from('x'), signal),
        () => target.staging.digests.get('landfall-digests/sms-job-2/sms-run-9/1', signal),
        () => target.staging.startUpload('landfall/sms-job-1/sms-run-9/disk.vmdk', { capacityBytes: 1024 }, signal),
        () => target.staging.delete('landfall/sms-job-2/x', signal),
        () => target.staging.deleteDigestsUnder('landfall-digests/sms-job-2/', signal),
        () => target.snapshots.delete('snap-00000000000000001', signal),
        () => target.ebs.describe(['snap-00000000000000001'], signal),
      ]) {
        expect(await codeOf(refused())).toBe('aws-access-denied');
      }

      // Its own snapshot, and another run's.
      const own = await target.ebs.startSnapshot(snapshotOf(runId), signal);
      if (own.outcome !== 'started') throw new Error('refused');
      const data = randomBytes(DISK_BLOCK_BYTES);
      const block = {
        index: 0,
        offset: 0,
        length: DISK_BLOCK_BYTES,
        data,
        digest: createHash('sha256').update(data).digest(),
      };
      await own.writer.write(block, signal);
      await own.writer.seal(signal);
      expect(await codeOf(target.ebs.startSnapshot(snapshotOf('sms-run-00000002'), signal))).toBe('aws-access-denied');
      const foreign = await owner.ebs.startSnapshot(snapshotOf('sms-run-00000002'), signal);
      if (foreign.outcome !== 'started') throw new Error('refused');
      const intruder = target.ebs.resumeSnapshot({
        capacityBytes: 2 ** 30,
        parentSnapshotId: null,
        checkpoint: foreign.writer.checkpoint(),
      });
      expect(await codeOf(intruder.write(block, signal))).toBe('aws-access-denied');
      expect(
        await codeOf(target.ebs.complete(foreign.snapshotId, { changedBlocks: 0, linearChecksum: null }, signal)),
      ).toBe('aws-access-denied');
    } finally {
      target.close();
      owner.close();
    }
  });
});

describe('what cannot be lent', () => {
  it('passing credentials lend nothing without a role', async () => {
    const lent = await lendCredentials(asking(), { by: 'federation' }, scope());
    await expect(lendCredentials(asking(lent), { by: 'federation' }, scope())).rejects.toMatchObject({
      fault: { code: 'lending-impossible' },
    });
  });

  it('who may not lend is told the right that is lacking', async () => {
    const policies = [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] }];
    const user = (await lab.aws.control.iamUser?.({ name: 'narrow', policies })) as AwsCredentials;
    await expect(lendCredentials(asking(user), { by: 'federation' }, scope())).rejects.toMatchObject({
      fault: { code: 'aws-access-denied', message: expect.stringContaining('sts:GetFederationToken') },
    });
  });

  it('the policy of the longest names that are usual fits, and what does not is said', () => {
    const named = (length: number) => ({
      ...scope(),
      bucket: 'b'.repeat(63),
      region: 'ap-southeast-1',
      stagingPrefix: `${'p'.repeat(length)}/sms-job-00000001/sms-run-00000001/`,
    });
    expect(lentPolicy(named(120)).length).toBeLessThanOrEqual(LONGEST_SESSION_POLICY);
    expect(() => lentPolicy(named(300))).toThrow(
      expect.objectContaining({ fault: expect.objectContaining({ code: 'lending-impossible' }) }),
    );
  });
});
