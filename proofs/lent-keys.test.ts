// A connector without any AWS key: the console lends one to each run, into two accounts and Regions. Over the wire, against what the
// lab itself saw and holds.
import { createHash } from 'node:crypto';
import { EBSClient, PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { and, eq } from 'drizzle-orm';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { audit, type RunRow, servers, tasks } from '../db/schema/index.ts';
import { lendToRun } from '../server/services/cloud/lend.ts';
import { createSignedInTarget } from '../server/services/cloud/sign-in.ts';
import { createJobs } from '../server/services/jobs/create.ts';
import { newTargetSignIn } from '../server/services/targets/sign-in.ts';
import { copyUnderWay, endedRun, slowExports, until } from './runs.ts';
import { site, withInstallationWithoutJobs } from './site.ts';

// Secrets of targets are sealed with it.
process.env.LANDFALL_SECRET_KEY ??= `proof:${createHash('sha256').update('proof').digest('base64')}`;

withInstallationWithoutJobs({
  labArguments: ['--guest-writes', '0'],
  connectorEnvironment: { LANDFALL_AWS_ACCESS_KEY_ID: '', LANDFALL_AWS_SECRET_ACCESS_KEY: '' },
});

interface Place {
  targetId: string;
  account: string;
  region: string;
  bucket: string;
}
let here: Place;
let there: Place;

beforeAll(async () => {
  const { account, region, bucket, endpoint: url, second } = site.lab.aws;
  const endpoints = { s3: url, ec2: url, ebs: url, sts: url };
  // By an access key into the first account, and by a role into the second one, which trusts the first.
  const { accessKeyId, secretAccessKey } = site.lab.aws;
  const first = await createSignedInTarget(site.ctx, {
    ...{ name: 'Here', region, bucket, endpoints, connectorSignIn: 'lent' },
    signIn: { kind: 'access-key', accessKeyId, secretAccessKey },
  });
  const requestId = 'a'.repeat(32);
  const { externalId } = await newTargetSignIn(site.ctx, { requestId });
  const trust = {
    Statement: {
      ...{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${account}:root` } },
      Condition: { StringEquals: { 'sts:ExternalId': externalId } },
    },
  };
  const role = await site.control<{ arn: string }>('/aws/iamRole', { account: second.account, name: 'landing', trust });
  const other = await createSignedInTarget(site.ctx, {
    ...{ requestId, name: 'There', transfer: 'ebs-direct', endpoints, connectorSignIn: 'lent' },
    ...{ region: second.region, bucket: second.bucket, signIn: { kind: 'assume-role', roleArn: role.arn } },
  });
  here = { targetId: first.targetId, account, region, bucket };
  there = { targetId: other.targetId, ...second };
}, 60_000);
afterEach(() => site.control('/aws/sessionSeconds', { seconds: null }));

async function jobInto(serverName: string, { targetId }: Place): Promise<string> {
  const [server] = await site.db.select().from(servers).where(eq(servers.name, serverName));
  const { jobIds } = await createJobs(site.ctx, {
    servers: [{ serverId: server?.id ?? '' }],
    settings: { everyHours: null, seedAt: null, description: '', keepImages: null },
    targetId,
  });
  return jobIds[0] as string;
}

async function completed(job: string): Promise<RunRow> {
  const run = await endedRun(site, job);
  expect({ state: run.state, fault: run.fault }).toEqual({ state: 'completed', fault: null });
  return run;
}

/** The bytes at AWS against the source's own hash. */
async function expectBytes(run: RunRow, { account, region }: Place): Promise<void> {
  const taken = run.results['take-snapshot'];
  const made = run.results['make-snapshots']?.disks.map(({ snapshotId }) => snapshotId) ?? [];
  for (const [at, disk] of (taken?.disks ?? []).entries()) {
    const frozen = { vm: run.settings.vmId, disk: disk.order, snapshot: taken?.snapshotId };
    const copied = { account, region, snapshotId: made[at], length: disk.capacityBytes };
    const [source, copy] = await Promise.all([
      site.control<{ digest: string }>('/vcenter/hash', frozen),
      site.control<{ digest: string }>('/aws/snapshotHash', copied),
    ]);
    expect(copy.digest).toBe(source.digest);
  }
}

interface Seen {
  operation: string;
  accessKeyId: string;
  status: number;
  attributes: Record<string, string>;
}
const requests = async () => (await site.control<{ recent: Seen[] }>('/aws/requests')).recent;
const lendings = async () =>
  (await requests()).filter(({ operation }) => /^sts:(GetFederationToken|AssumeRole)$/.test(operation)).length;

/** What the connector's own task of a run would be given now. */
async function lentTo(runId: string) {
  const held = await until('the connector holds a task of the run', async () => {
    const ofRun = and(eq(tasks.runId, runId), eq(tasks.state, 'open'), eq(tasks.place, 'connector'));
    const [task] = await site.db.select().from(tasks).where(ofRun);
    return task?.holder ? { taskId: task.id, fence: task.fence, holder: task.holder } : null;
  });
  return lendToRun(site.ctx, site.workspaceId, held);
}

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'went through',
    (error: Error) => error.name,
  );

describe('a connector without an AWS key', () => {
  it('does whole runs into two accounts and Regions at once, each with keys of its own', async () => {
    const jobs = await Promise.all([jobInto('web-01', here), jobInto('db-01', there)]);
    const runs = [await completed(jobs[0]), await completed(jobs[1])] as const;
    await expectBytes(runs[0], here);
    await expectBytes(runs[1], there);
    const written = (await requests()).filter(({ operation }) =>
      /^(s3:(UploadPart|PutObject)|ebs:Put)/.test(operation),
    );
    const keysOf = (text: string) =>
      new Set(
        written
          .filter(({ attributes }) => JSON.stringify(attributes).includes(text))
          .map(({ accessKeyId }) => accessKeyId),
      );
    const [one, other] = [keysOf(runs[0].id), keysOf(runs[1].id)];
    expect(one.size).toBeGreaterThan(0);
    expect(other.size).toBeGreaterThan(0);
    expect([...one, ...other].every((id) => id.startsWith('ASIA'))).toBe(true);
    expect([...one].filter((id) => other.has(id))).toEqual([]);
    const trail = await site.db.select().from(audit).where(eq(audit.action, 'target.lend'));
    expect(trail.map(({ subjectId }) => subjectId).sort()).toEqual(runs.map(({ id }) => id).sort());
    expect(trail.every(({ actorKind }) => actorKind === 'connector')).toBe(true);
  }, 120_000);

  it('what it is lent reaches nothing else, and ends', async () => {
    await slowExports(site, 400_000);
    const run = await copyUnderWay(site, await jobInto('web-01', here));
    const foreign = (await site.control<{ id: string }[]>('/aws/snapshots', { region: here.region }))[0]?.id;
    await site.control('/aws/sessionSeconds', { seconds: 4 });
    const { seconds: _, ...credentials } = await lentTo(run.id);
    await site.control('/aws/sessionSeconds', { seconds: null });
    const at = { region: here.region, endpoint: site.lab.aws.endpoint, credentials, maxAttempts: 1 };
    const s3 = new S3Client({ ...at, forcePathStyle: true });
    const ebs = new EBSClient(at);
    const Bucket = here.bucket;
    const own = new PutObjectCommand({ Bucket, Key: `landfall/${run.jobId}/${run.id}/x`, Body: 'x' });
    expect(await refusal(s3.send(own))).toBe('went through');
    expect(await refusal(s3.send(new PutObjectCommand({ Bucket, Key: 'landfall/x', Body: 'x' })))).toBe('AccessDenied');
    expect(await refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'landfall-digests/x' })))).toBe('AccessDenied');
    expect(await refusal(s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'landfall/other' })))).toBe('AccessDenied');
    expect(await refusal(s3.send(new PutObjectCommand({ Bucket: there.bucket, Key: 'x', Body: 'x' })))).not.toBe(
      'went through',
    );
    const BlockData = Buffer.alloc(524_288);
    const Checksum = createHash('sha256').update(BlockData).digest('base64');
    const block = { BlockIndex: 0, BlockData, DataLength: BlockData.length, Checksum, ChecksumAlgorithm: 'SHA256' };
    const put = new PutSnapshotBlockCommand({ ...block, ChecksumAlgorithm: 'SHA256', SnapshotId: foreign });
    expect(foreign).toBeDefined();
    expect(await refusal(ebs.send(put))).toBe('AccessDeniedException');
    await until('its time is over', async () => (await refusal(s3.send(own))) === 'ExpiredToken', 20);
    await site.clearFaults();
    await completed(run.jobId);
  }, 120_000);

  it('is lent others before they end, and after the console was away', async () => {
    await site.control('/aws/sessionSeconds', { seconds: 3 });
    // Block by block: there is always something on its way to AWS.
    await slowExports(site, 400_000);
    const run = await copyUnderWay(site, await jobInto('web-01', there));
    const before = await lendings();
    await until('keys were renewed in mid-copy', async () => (await lendings()) > before + 1, 30);
    await site.gateway.stop();
    // Longer than what was lent last.
    await until('nothing is lent any more', async () => quiet(await lendings()), 30);
    await site.gateway.start();
    await site.clearFaults();
    await expectBytes(await completed(run.jobId), there);
  }, 150_000);
});

let last = { count: -1, since: 0 };
function quiet(count: number): boolean {
  if (count !== last.count) last = { count, since: Date.now() };
  return Date.now() - last.since > 3_500;
}
