// Jobs deleted while their runs go on: their connector stays until the source is clean, their servers' next jobs wait for that,
// and a snapshot that will not go holds up no other server.
import { EC2 } from '@aws-sdk/client-ec2';
import { and, eq, inArray, ne } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { artifacts, connectors, servers } from '../db/schema/index.ts';
import { FaultError } from '../replication/model/fault.ts';
import { retryRelease } from '../server/services/artifacts/left-overs.ts';
import { disassociateConnector } from '../server/services/connectors/disassociate.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { needsAttention } from '../server/services/overview/attention.ts';
import { expectNothingLeft } from './comparisons.ts';
import { endedRun, newJob, runOf, until } from './runs.ts';
import { site, withInstallation } from './site.ts';

withInstallation({ labArguments: ['--guest-writes', '0'] });

/** Starts jobs, and deletes them when the snapshot of each run stands. */
async function deletedInMidRun(servers: string[]): Promise<void> {
  const jobs: string[] = [];
  for (const server of servers) jobs.push(await newJob(site, server));
  for (const job of jobs) {
    await until('the snapshot stands', async () => (await runOf(site, job))?.results['take-snapshot'], 60);
    await deleteJob(site.ctx, { jobId: job });
    await endedRun(site, job);
  }
}

const openAtSource = () =>
  site.db
    .select()
    .from(artifacts)
    .where(and(ne(artifacts.state, 'released'), inArray(artifacts.kind, ['vsphere-snapshot', 'nfc-lease'])));

const snapshots = async () =>
  (await site.labState()).vcenter.snapshots.filter(({ name }) => name.startsWith('landfall'));

/** AWS as somebody beside us uses it. */
function ec2(): EC2 {
  const { endpoint, region, accessKeyId, secretAccessKey } = site.lab.aws;
  return new EC2({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
}

describe('jobs that are deleted while their runs go on', () => {
  it('leave a snapshot that somebody made an AMI of: its reason names the AMI, it is tried less and less often, then a person is asked', async () => {
    const aws = ec2();
    // The run waits where its snapshots are made and its AMI is not.
    await site.control('/faults', {
      side: 'aws',
      operation: 's3:DeleteObject',
      effect: { kind: 'fail', code: 'SlowDown', message: 'Slow down.', status: 503 },
    });
    const job = await newJob(site, 'cache-01');
    const run = await until('the snapshots are made', async () => {
      const found = await runOf(site, job);
      return found?.results['make-snapshots'] ? found : null;
    });
    const SnapshotId = run.results['make-snapshots']?.disks[0]?.snapshotId as string;
    const { ImageId } = await aws.registerImage({
      Name: 'made by hand',
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId } }],
    });
    await deleteJob(site.ctx, { jobId: job });
    await site.clearFaults();
    expect(await endedRun(site, job)).toMatchObject({ state: 'cancelled' });

    const row = async () => (await site.db.select().from(artifacts).where(eq(artifacts.externalId, SnapshotId)))[0];
    const tried = (times: number) =>
      until(`it was tried ${times} times`, async () => {
        const found = await row();
        return found && found.releaseAttempts >= times ? found : null;
      });
    const { id, ...first } = await tried(2);
    expect(first.releaseFault).toMatchObject({
      code: 'snapshot-in-use',
      message: expect.stringContaining(`${ImageId}`),
    });
    const { releaseNotBefore } = await tried(3);
    expect(releaseNotBefore.getTime() - Date.now()).toBeGreaterThan(4_000);
    expect(await needsAttention(site.ctx)).toEqual([]);
    await site.db.update(artifacts).set({ releaseAttempts: 6 }).where(eq(artifacts.id, id));
    expect(await needsAttention(site.ctx)).toContainEqual(
      expect.objectContaining({ kind: 'left-over', fault: expect.objectContaining({ code: 'snapshot-in-use' }) }),
    );

    await aws.deregisterImage({ ImageId });
    await retryRelease(site.ctx, { artifactIds: [id] });
    await until('it is gone', async () => (await row())?.state === 'released');
    await expectNothingLeft(site);
    aws.destroy();
  }, 180_000);

  it('hold their connector until what they left is gone; one server that is stuck holds up none of the others', async () => {
    const [server] = await site.db.select().from(servers).where(eq(servers.name, 'mail-01'));
    const vm = server?.vmId;
    await site.control('/faults', {
      side: 'vcenter',
      operation: 'nfc:GET',
      effect: { kind: 'rate', bytesPerSecond: 200_000 },
    });
    await site.control('/faults', {
      id: 'stuck',
      side: 'vcenter',
      operation: 'task:RemoveSnapshot_Task',
      match: { vm },
      effect: { kind: 'fail', code: 'GenericVmConfigFault', message: 'The file is locked.' },
    });
    await deletedInMidRun(['mail-01', 'web-01']);
    const [connector] = await site.db.select().from(connectors);
    const connectorId = connector?.id as string;
    const refusal = await disassociateConnector(site.ctx, { connectorId }).catch((error) => error);
    expect(refusal).toBeInstanceOf(FaultError);
    expect(refusal.fault).toMatchObject({ code: 'left-at-source', message: expect.stringContaining('mail-01') });
    // Two servers' worth of snapshots, and only the stuck one's stays.
    await until('the other snapshot is gone', async () => (await snapshots()).length === 1, 60);
    expect((await snapshots())[0]?.vm).toBe(vm);

    // A new job for the same server does not begin beside the old job's snapshot, and says so.
    const again = await newJob(site, 'mail-01');
    await until('the new run says what it waits for', async () => {
      const run = await runOf(site, again);
      return run?.state === 'pending' && run.waitingFor?.includes('source snapshot');
    });
    await until(
      'the reason is told',
      async () => {
        const [row] = await openAtSource();
        return row?.releaseFault?.code === 'snapshot-removal-failed' && row.releaseAttempts > 1;
      },
      60,
    );
    await site.db.update(artifacts).set({ releaseAttempts: 6 }).where(eq(artifacts.kind, 'vsphere-snapshot'));
    expect(await needsAttention(site.ctx)).toContainEqual(expect.objectContaining({ kind: 'left-over' }));

    await site.clearFaults();
    await site.db.update(artifacts).set({ releaseNotBefore: new Date() }).where(eq(artifacts.kind, 'vsphere-snapshot'));
    expect(await endedRun(site, again)).toMatchObject({ state: 'completed', fault: null });
    await deleteJob(site.ctx, { jobId: again });
    await expectNothingLeft(site);
    await disassociateConnector(site.ctx, { connectorId });
    expect(await openAtSource()).toEqual([]);
  }, 240_000);
});
