// What is looked at before a cutover begins, and what its downtime will be about. Reads only what the database knows.
import { and, desc, eq, inArray } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { connectors, images, replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import type { CutoverCheck } from '../../../replication/model/cutover.ts';
import { baselinesOf } from '../baselines/baselines.ts';
import { connectorStatus } from '../connectors/status.ts';
import { type TestLaunchTime, testLaunchTime } from '../instances/test-launch-time.ts';
import { launchDefaultsOf } from '../targets/settings.ts';
import { targetOf } from '../targets/store.ts';

export interface Readiness {
  checks: CutoverCheck[];
  /** Seconds that the last run of this kind took; null when none completed. */
  lastRunSeconds: number | null;
  rehearsed: TestLaunchTime | null;
  /** Seconds of both together, without the guest's shutdown; null while one of them is unknown. */
  estimatedSeconds: number | null;
}

const HOUR = 3_600_000;

/** All checks, also when the first fails: a person wants to see every reason at once. */
export async function cutoverReadiness(
  tx: Queries,
  jobId: string,
  options: { touchSource: boolean },
  now: Date,
): Promise<Readiness> {
  const [found] = await tx
    .select({ job: replicationJobs, server: servers, connector: connectors })
    .from(replicationJobs)
    .innerJoin(servers, eq(servers.id, replicationJobs.serverId))
    .innerJoin(connectors, eq(connectors.id, replicationJobs.connectorId))
    .where(eq(replicationJobs.id, jobId));
  if (!found) return { checks: [], lastRunSeconds: null, rehearsed: null, estimatedSeconds: null };
  const { job, server, connector } = found;
  const [last] = await tx
    .select({ run: replicationRuns, image: images })
    .from(images)
    .innerJoin(replicationRuns, eq(replicationRuns.id, images.runId))
    // A job's runs go one after another, so their AMIs are in the order of their ends.
    .where(and(eq(images.jobId, jobId), eq(replicationRuns.state, 'completed')))
    .orderBy(desc(images.createdAt))
    .limit(1);
  const [going] = await tx
    .select({ id: replicationRuns.id })
    .from(replicationRuns)
    .where(and(eq(replicationRuns.jobId, jobId), inArray(replicationRuns.state, ['pending', 'active'])));
  const { target, place } = await targetOf(tx, job.workspaceId, job.targetId);
  const measured = (await baselinesOf(tx, jobId, place)).baselines.length;
  const rehearsed = await testLaunchTime(tx, jobId);

  const checks: CutoverCheck[] = [];
  const check = (id: string, label: string, state: CutoverCheck['state'], text: string) =>
    void checks.push({ id, label, state, text });

  if (!last)
    check('last-run', 'Last run', 'fail', 'No run of this job has made an AMI yet. Replicate the server first.');
  else {
    const hours = (now.getTime() - last.image.pointInTime.getTime()) / HOUR;
    const age =
      hours < 1 ? 'less than an hour' : hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} days`;
    const late = hours > 24 ? ' The final run has that much to copy: a run before the cutover shortens it.' : '';
    check('last-run', 'Last run', late ? 'warn' : 'pass', `${last.image.id} holds the state of ${age} ago.${late}`);
    const { verified } = last.image;
    check(
      'verified',
      'Verified',
      verified ? 'pass' : 'warn',
      verified
        ? `${verified.checked} of ${verified.blocks} blocks of it were read back and are right${verified.full ? ', all that hold data' : ''}.`
        : 'Its snapshots were not read back.',
    );
  }
  const whole = last && measured < (last.run.results['take-snapshot']?.disks.length ?? 1);
  if (last)
    check(
      'baseline',
      'Baseline',
      whole ? 'warn' : 'pass',
      whole
        ? 'The baseline of a disk no longer counts, so the final run copies it whole. Run the job once before the cutover.'
        : 'The final run only sends what changed since the last one.',
    );
  if (going)
    check('no-run', 'No run under way', 'wait', `${going.id} is under way; the cutover waits until it has ended.`);
  const defaults = launchDefaultsOf(target);
  check(
    'launch-configuration',
    'Launch configuration',
    job.launchConfiguration || defaults ? 'pass' : 'fail',
    job.launchConfiguration
      ? `${job.launchConfiguration.instanceType} in ${job.launchConfiguration.subnetId}.`
      : defaults
        ? `From the AWS target ${target.name}: ${defaults.instanceType ?? 'the type that fits the server'} in ${defaults.subnetId}.`
        : 'The job has none. Launch a test with the wizard and save its settings as the launch configuration.',
  );
  check(
    'rehearsed',
    'Rehearsed',
    rehearsed ? 'pass' : 'warn',
    rehearsed
      ? `A test launch passed its checks after ${minutes(rehearsed.seconds)}.`
      : 'No test launch of this job has passed its checks. Rehearse at least once.',
  );
  const status = connectorStatus(connector, now);
  const reachable = status.status === 'healthy' && !connector.disassociatedAt && !server.goneAt;
  check(
    'source',
    'Source',
    reachable ? 'pass' : 'fail',
    server.goneAt
      ? `${server.name} was no longer there at the last import of the catalog.`
      : reachable
        ? `The connector ${connector.name} is healthy and reaches ${connector.vmManagerName}.`
        : `The connector ${connector.name} is not healthy: ${status.reason ?? 'it does not report'}.`,
  );
  if (options.touchSource && server.power === 'on' && server.record.tools !== 'running')
    check(
      'guest-tools',
      'Guest tools',
      'warn',
      'VMware Tools was not running when the catalog was imported: the guest may not be able to shut down by itself, and you will be asked.',
    );
  if (options.touchSource) {
    const lacks = connector.checks.filter(({ ok, id }) => !ok && /Interact\.Power/.test(id));
    for (const { id, label, detail } of lacks) check(id, label, 'warn', detail);
  }
  const lastRunSeconds =
    last?.run.startedAt && last.run.endedAt
      ? Math.round((last.run.endedAt.getTime() - last.run.startedAt.getTime()) / 1000)
      : null;
  return {
    checks,
    lastRunSeconds,
    rehearsed,
    estimatedSeconds: lastRunSeconds !== null && rehearsed ? lastRunSeconds + rehearsed.seconds : null,
  };
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
