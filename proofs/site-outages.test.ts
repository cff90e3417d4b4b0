// vCenter or AWS is away in the middle of a run: the run waits with the reason shown, and goes on with what it has.
import { eq } from 'drizzle-orm';
import { afterEach, expect, it } from 'vitest';
import { artifacts, type RunRow, runLog } from '../db/schema/index.ts';
import { expectNothingLeft, expectSameBytes } from './comparisons.ts';
import { copyUnderWay, endedRun, newJob, runOf, slowExports, until } from './runs.ts';
import { site, withInstallation } from './site.ts';

withInstallation();

afterEach(async () => {
  delete process.env.LANDFALL_OUTAGE_SECONDS;
  await site.control('/vcenter/up');
});

const fault = (side: 'vcenter' | 'aws', operation: string, effect: object) =>
  site.control('/faults', { side, operation, effect });
const slowly = () => slowExports(site, 2_000_000);
/** Nothing answers any more: connections are closed at once. */
const takeAwsAway = () => fault('aws', '*', { kind: 'cut', afterBytes: 0 });

const at = (job: string, what: string, look: (run: RunRow) => boolean) =>
  until(
    what,
    async () => {
      const run = await runOf(site, job);
      return run && look(run) ? run : null;
    },
    60,
  );
const copying = (job: string) => copyUnderWay(site, job);
const waiting = (job: string) => at(job, 'the run waits', (run) => run.waitingFor?.includes('waits until') === true);

/** Away until the run says so, and for some seconds more: longer than five quick tries last. */
async function outage(job: string): Promise<void> {
  const seen = await waiting(job);
  const end = Date.now() + 8_000;
  await until('the outage lasts', async () => Date.now() > end);
  expect(await runOf(site, job)).toMatchObject({ state: 'active', step: seen.step });
  await site.control('/vcenter/up');
  await site.clearFaults();
}

it('waits for AWS in the copy, and sends nothing again', async () => {
  await slowly();
  const job = await newJob(site, 'web-01');
  await copying(job);
  await takeAwsAway();
  await outage(job);
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'completed', fault: null, waitingFor: null });
  expect(run.timeline['copy-disks']?.attempts).toBe(1);
  await expectSameBytes(site, run);
  await expectNothingLeft(site);
}, 180_000);

it('waits for AWS while it makes the snapshots and the AMI', async () => {
  const job = await newJob(site, 'web-02');
  await at(job, 'AWS imports', (run) => run.step === 'make-snapshots' && run.timeline['make-snapshots'] !== undefined);
  await takeAwsAway();
  await outage(job);
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'completed', fault: null });
  expect(run.timeline['make-snapshots']?.attempts).toBe(1);
  await expectSameBytes(site, run);
}, 180_000);

it('waits for a vCenter that breaks off in the copy, and copies no disk again that was copied', async () => {
  await slowly();
  const job = await newJob(site, 'app-01');
  const before = await copying(job);
  await site.control('/vcenter/down');
  await outage(job);
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'completed', fault: null });
  expect(run.results['take-snapshot']?.snapshotId).toBe(before.results['take-snapshot']?.snapshotId);
  await expectSameBytes(site, run);
  await expectNothingLeft(site);
}, 180_000);

it('goes on when the source snapshot cannot be removed; the ledger has it removed beside the run', async () => {
  await fault('vcenter', 'task:RemoveSnapshot_Task', { kind: 'fail', code: 'GenericVmConfigFault' });
  const job = await newJob(site, 'cache-01');
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'completed', fault: null });
  const log = await site.db.select().from(runLog).where(eq(runLog.runId, run.id));
  expect(log.map(({ text }) => text).join('\n')).toContain('The source snapshot could not be removed yet');
  const kept = await site.db.select().from(artifacts).where(eq(artifacts.runId, run.id));
  expect(kept.find(({ kind }) => kind === 'vsphere-snapshot')?.state).toBe('created');
  await site.clearFaults();
  await expectNothingLeft(site);
}, 180_000);

it('fails with the outage when it lasts longer than runs wait, and leaves nothing', async () => {
  process.env.LANDFALL_OUTAGE_SECONDS = '4';
  await slowly();
  const job = await newJob(site, 'mail-01');
  await copying(job);
  await takeAwsAway();
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'failed', fault: { code: 'aws-unreachable', retry: 'later' } });
  expect(run.fault?.message).toContain('The run waited for 4 s.');
  await site.clearFaults();
  await expectNothingLeft(site);
}, 180_000);
