// Cutovers over the wire: the whole runbook, a guest that does not go down, the way back from every step, a worker that
// is killed in the middle. Seen from outside: vCenter's power, AWS's instances, the job's next run.
import { eq, sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { cutovers, images, instances, replicationJobs } from '../db/schema/index.ts';
import type { Choice, CutoverOptions } from '../replication/model/cutover.ts';
import { launchChoices } from '../server/services/cloud/launch-choices.ts';
import { answerCutover } from '../server/services/cutovers/answer.ts';
import { commentOnCutover, finishCutover } from '../server/services/cutovers/finish.ts';
import { cutoverEvidence, getCutover } from '../server/services/cutovers/list.ts';
import { planCutover } from '../server/services/cutovers/plan.ts';
import { cancelCutover, rollBackCutover } from '../server/services/cutovers/roll-back.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { setLaunchConfiguration } from '../server/services/jobs/launch-configuration.ts';
import { startRun } from '../server/services/jobs/start-run.ts';
import { expectNothingLeft, expectSameBytes } from './comparisons.ts';
import { endedRun, newJob, runOf, until } from './runs.ts';
import { site, withClock, withInstallationWithoutJobs } from './site.ts';

const clock = withClock();
withInstallationWithoutJobs({ labArguments: ['--guest-writes', '0', '--clock-scale', '0.1'] });

afterEach(() =>
  site.db
    .update(cutovers)
    .set({ state: 'cancelled' })
    .where(sql`state in ('planned', 'active', 'cut-over', 'rolling-back')`),
);

/** Our clock is ahead by so many minutes, for every program. */
const clockAhead = (minutes: number) => clock(minutes * 60_000);

/** A job with one completed run and a launch configuration. */
async function readyJob(server: string): Promise<{ job: string; vm: string; runId: string }> {
  const job = await newJob(site, server);
  const run = await endedRun(site, job);
  expect(run.state).toBe('completed');
  const choices = await launchChoices(site.ctx, run.id);
  const subnet = choices.networks.subnets[0];
  const group = choices.networks.securityGroups.find(({ vpcId }) => vpcId === subnet?.vpcId);
  await setLaunchConfiguration(site.ctx, {
    jobId: job,
    configuration: {
      instanceType: choices.types.recommended?.name ?? '',
      subnetId: subnet?.id ?? '',
      securityGroupIds: [group?.id ?? ''],
      keyName: null,
      publicAddress: null,
      instanceProfile: null,
      volumes: [],
      tags: [],
      userData: null,
    },
  });
  return { job, vm: run.settings.vmId, runId: run.id };
}

async function begin(job: string, options: Partial<CutoverOptions> = {}): Promise<string> {
  const { id } = await planCutover(site.ctx, { jobId: job, start: 'now', options });
  return id;
}

const rowOf = async (id: string) => {
  const [row] = await site.db.select().from(cutovers).where(eq(cutovers.id, id));
  if (!row) throw new Error(`no cutover ${id}`);
  return row;
};

/** Waits for a question that offers this choice; everything that was seen is told when it does not come. */
async function asked(id: string, choice: Choice, seconds = 60) {
  return until(
    `${id} asks for ${choice}`,
    async () => {
      const row = await rowOf(id);
      return row.question?.choices.includes(choice) ? row : null;
    },
    seconds,
  ).catch(async (error) => {
    const { log, state, step, question, waitingFor } = await getCutover(site.ctx, id);
    throw new Error(
      `${error.message}\n${JSON.stringify({ state, step, question, waitingFor, log }, null, 1)}\n${site.worker.output}`,
    );
  });
}

async function answer(id: string, choice: Choice): Promise<void> {
  const row = await asked(id, choice);
  await answerCutover(site.ctx, { cutoverId: id, question: row.question?.number ?? 0, choice });
}

const inState = (id: string, state: string, seconds = 60) =>
  until(`${id} is ${state}`, async () => (await rowOf(id)).state === state, seconds).catch(async (error) => {
    throw new Error(`${error.message}\n${JSON.stringify(await rowOf(id), null, 1)}`);
  });

const powerOf = async (vm: string) => {
  const { vms } = await site.control<{ vms: { id: string; power: string }[] }>('/vcenter/vms');
  return vms.find(({ id }) => id === vm)?.power;
};

const write = (vm: string, offset: number, bytes: number) =>
  site.control('/vcenter/write', { vm, disk: 0, offset, seed: String(offset), length: bytes });

describe('a cutover', () => {
  it('shuts the guest down, copies the rest, launches, checks, cuts over, finishes, and keeps the evidence', async () => {
    const { job, vm, runId } = await readyJob('web-01');
    await write(vm, 5 * 524_288, 600);
    const id = await begin(job);
    const ready = await asked(id, 'cut-over');
    expect(await powerOf(vm)).toBe('poweredOff');
    const final = await runOf(site, job, runId);
    expect(final).toMatchObject({ id: ready.finalRunId, state: 'completed' });
    expect(final?.results['copy-disks']?.disks[0]).toMatchObject({ mode: 'delta', blocks: 1 });
    expect(final?.results['check-server']?.server.power).toBe('off');
    if (final) await expectSameBytes(site, final);
    const [instance] = await site.db
      .select()
      .from(instances)
      .where(eq(instances.id, ready.launchId ?? ''));
    expect(instance).toMatchObject({ purpose: 'final', runId: final?.id, state: 'running' });
    expect(ready.instanceChecks.map(({ id: check, state }) => [check, state])).toContainEqual(['status', 'pass']);
    expect(ready.downtimeStartedAt).not.toBeNull();
    expect(ready.downtimeEndedAt).toBeNull();

    // An answer to another question, or given twice, changes nothing.
    await expect(answerCutover(site.ctx, { cutoverId: id, question: 99, choice: 'cut-over' })).rejects.toMatchObject({
      fault: { code: 'conflict' },
    });
    await expect(finishCutover(site.ctx, { cutoverId: id })).rejects.toMatchObject({ fault: { code: 'conflict' } });
    await commentOnCutover(site.ctx, { cutoverId: id, text: 'DNS is switched.' });
    await answer(id, 'cut-over');
    const over = await rowOf(id);
    expect(over.state).toBe('cut-over');
    expect(over.downtimeEndedAt?.getTime()).toBeGreaterThan(over.downtimeStartedAt?.getTime() ?? 0);
    // The job is the cutover's own until it is over.
    await expect(startRun(site.ctx, { jobId: job })).rejects.toMatchObject({ fault: { code: 'conflict' } });
    await expect(deleteJob(site.ctx, { jobId: job })).rejects.toMatchObject({ fault: { code: 'conflict' } });

    await finishCutover(site.ctx, { cutoverId: id });
    const [gone] = await site.db.select().from(replicationJobs).where(eq(replicationJobs.id, job));
    expect(gone).toMatchObject({ state: 'deleted' });
    const kept = await site.db.select().from(images).where(eq(images.jobId, job));
    expect(kept.filter(({ deregisteredAt }) => deregisteredAt === null)).toHaveLength(2);
    expect(await powerOf(vm)).toBe('poweredOff');

    const evidence = await cutoverEvidence(site.ctx, id);
    expect(evidence).toMatchObject({ cutover: { state: 'finished' }, run: { id: final?.id, image: final?.imageId } });
    expect(evidence.disks[0]?.rootDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(evidence.disks[0]?.verified).toMatchObject({ checked: expect.any(Number) });
    expect(evidence.log.map(({ text }) => text)).toContain('DNS is switched.');
    expect(Object.keys(evidence.steps)).toEqual(
      expect.arrayContaining(['check', 'stop-source', 'final-run', 'launch', 'check-instance', 'cut-over', 'finish']),
    );
    await site.control('/vcenter/power', { vm, on: true });
  }, 180_000);

  it('asks before it takes the power of a guest that does not go down; rolled back, the next run is a delta', async () => {
    const { job, vm } = await readyJob('web-01');
    await site.control('/vcenter/vm', { vm, shutdown: 'refused' });
    const id = await begin(job);
    const question = await asked(id, 'power-off');
    expect(question.question?.choices).toContain('keep-waiting');
    expect(await powerOf(vm)).toBe('poweredOn');
    await answer(id, 'keep-waiting');
    await until(
      'it asks again',
      async () => ((await rowOf(id)).question?.number ?? 0) > (question.question?.number ?? 0),
    );
    await answer(id, 'power-off');
    const ready = await asked(id, 'cut-over');
    expect(await powerOf(vm)).toBe('poweredOff');

    await rollBackCutover(site.ctx, { cutoverId: id });
    await inState(id, 'rolled-back');
    expect(await powerOf(vm)).toBe('poweredOn');
    const [instance] = await site.db
      .select()
      .from(instances)
      .where(eq(instances.id, ready.launchId ?? ''));
    expect(instance?.state).toBe('stopped');
    expect((await rowOf(id)).downtimeEndedAt).not.toBeNull();

    await write(vm, 7 * 524_288, 600);
    await startRun(site.ctx, { jobId: job });
    const next = await endedRun(site, job, ready.finalRunId ?? '');
    expect(next.state).toBe('completed');
    expect(next.results['copy-disks']?.disks[0]).toMatchObject({ mode: 'delta', blocks: 1 });
    await expectSameBytes(site, next);
    await site.control('/vcenter/vm', { vm, shutdown: 'accepted' });
    await deleteJob(site.ctx, { jobId: job });
    await expectNothingLeft(site);
  }, 180_000);

  it('is rolled back in the middle of the shutdown and of the final run, and the server is on again', async () => {
    const { job, vm } = await readyJob('web-01');
    await site.control('/vcenter/vm', { vm, shutdown: 'never-ends' });
    const waiting = await begin(job, { shutdownMinutes: 60 });
    await until(
      'the connector waits',
      async () => (await rowOf(waiting)).waitingFor === 'Waits for the guest to shut down.',
    );
    await rollBackCutover(site.ctx, { cutoverId: waiting });
    await inState(waiting, 'rolled-back');
    expect(await powerOf(vm)).toBe('poweredOn');

    await site.control('/vcenter/vm', { vm, shutdown: 'accepted' });
    await site.control('/faults', { side: 'aws', operation: 'ec2:RegisterImage', effect: { kind: 'hang' } });
    const copying = await begin(job);
    await until('the final run makes its AMI', async () => (await runOf(site, job))?.step === 'create-image', 60);
    await rollBackCutover(site.ctx, { cutoverId: copying });
    await site.clearFaults();
    await inState(copying, 'rolled-back');
    expect((await runOf(site, job))?.state).toBe('cancelled');
    expect(await powerOf(vm)).toBe('poweredOn');
    await write(vm, 9 * 524_288, 600);
    await startRun(site.ctx, { jobId: job });
    const next = await endedRun(site, job, (await rowOf(copying)).finalRunId ?? '');
    expect(next.results['copy-disks']?.disks[0]).toMatchObject({ mode: 'delta' });
    await expectSameBytes(site, next);
  }, 180_000);

  it('goes on where it was when the worker is killed, with one final run and one instance', async () => {
    const { job, vm } = await readyJob('web-01');
    const before = await site.db.$count(instances);
    await site.control('/faults', { side: 'aws', operation: 'ec2:RunInstances', effect: { kind: 'delay', ms: 3000 } });
    const id = await begin(job);
    await until('the launch is under way', async () => (await site.db.$count(instances)) > before, 60);
    await site.worker.end('SIGKILL');
    await site.clearFaults();
    site.worker.start();
    const ready = await asked(id, 'cut-over', 120);
    expect(await site.db.$count(instances)).toBe(before + 1);
    const state = await site.control<{ id: string }[]>('/aws/instances');
    const ours = await site.db
      .select()
      .from(instances)
      .where(eq(instances.id, ready.launchId ?? ''));
    expect(state.filter((one) => one.id === ours[0]?.instanceId)).toHaveLength(1);
    await rollBackCutover(site.ctx, { cutoverId: id });
    await inState(id, 'rolled-back');
    expect(await powerOf(vm)).toBe('poweredOn');
  }, 240_000);

  it('touches nothing where the team stops the source itself', async () => {
    const { job, vm } = await readyJob('web-01');
    const id = await begin(job, { touchSource: false });
    await asked(id, 'source-stopped');
    expect(await powerOf(vm)).toBe('poweredOn');
    expect((await rowOf(id)).downtimeStartedAt).toBeNull();
    await site.control('/vcenter/power', { vm, on: false });
    await answer(id, 'source-stopped');
    await asked(id, 'cut-over');
    await rollBackCutover(site.ctx, { cutoverId: id });
    await answer(id, 'done-by-hand');
    await inState(id, 'rolled-back');
    expect(await powerOf(vm)).toBe('poweredOff');
    await site.control('/vcenter/power', { vm, on: true });
  }, 180_000);

  it('begins at its time, but not long after it, and never without a launch configuration', async () => {
    const { job, vm } = await readyJob('web-01');
    await setLaunchConfiguration(site.ctx, { jobId: job, configuration: null });
    clockAhead(0);
    const at = new Date(site.ctx.now().getTime() + 60 * 60_000);
    const { id } = await planCutover(site.ctx, { jobId: job, start: at, options: {} });
    await expect(planCutover(site.ctx, { jobId: job, start: null, options: {} })).rejects.toMatchObject({
      fault: { code: 'conflict' },
    });
    expect((await rowOf(id)).state).toBe('planned');
    clockAhead(61);
    const stopped = await asked(id, 'check-again');
    expect(stopped.question?.detail).toMatch(/launch configuration/i);
    expect(await powerOf(vm)).toBe('poweredOn');
    await cancelCutover(site.ctx, { cutoverId: id });
    expect((await rowOf(id)).state).toBe('cancelled');

    const late = await planCutover(site.ctx, {
      jobId: job,
      start: new Date(site.ctx.now().getTime() + 60_000),
      options: {},
    });
    clockAhead(200);
    await until('it waits for a person', async () => /by hand/.test((await rowOf(late.id)).waitingFor ?? ''));
    expect((await rowOf(late.id)).state).toBe('planned');
    await cancelCutover(site.ctx, { cutoverId: late.id });
    clockAhead(0);
  }, 120_000);
});
