// The runbook without the wire: who may do what, what each outcome of the connector and of EC2 leads to, and where it waits.
import { and, eq, ne } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  connectors,
  cutovers,
  images,
  instances,
  replicationJobs,
  replicationRuns,
  servers,
  tasks,
} from '../../../db/schema/index.ts';
import type { CutoverOptions } from '../../../replication/model/cutover.ts';
import { fault, faultError } from '../../../replication/model/fault.ts';
import type { PowerResult } from '../../../replication/model/power.ts';
import { inTransaction } from '../context.ts';
import { createJobs } from '../jobs/create.ts';
import { needsAttention } from '../overview/attention.ts';
import { getOverview } from '../overview/get.ts';
import { logTask } from '../tasks/ledger.ts';
import { settleTask } from '../tasks/settle.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { advanceCutover, launchBegins, launchMade, outsideFailed } from './advance.ts';
import { answerCutover } from './answer.ts';
import { type CutoverChange, lockCutover } from './change.ts';
import { commentOnCutover, finishCutover } from './finish.ts';
import { instanceLooked } from './instance-checks.ts';
import { cutoverEvidence, getCutover, listCutovers } from './list.ts';
import { planCutover } from './plan.ts';
import { cancelCutover, rollBackCutover } from './roll-back.ts';

let site: TestWorkspace;
let jobId: string;
let firstRun: string;

beforeEach(async () => {
  site = await testWorkspace();
  await site.importServers([catalogServer('web')]);
  const [server] = await site.db.select().from(servers);
  const settings = { everyHours: 1, seedAt: null, description: '', keepImages: null };
  const made = await createJobs(site.as('operator'), { servers: [{ serverId: server?.id ?? '' }], settings });
  [jobId] = made.jobIds as [string];
  const [run] = await site.db.select().from(replicationRuns);
  firstRun = run?.id ?? '';
  await completed(firstRun, 'ami-1');
  await site.db
    .update(replicationJobs)
    .set({ launchConfiguration: { instanceType: 't3.small', subnetId: 'subnet-1' } as never })
    .where(eq(replicationJobs.id, jobId));
});
afterEach(() => site.close());

async function completed(runId: string, imageId: string): Promise<void> {
  const at = new Date();
  await site.db
    .update(replicationRuns)
    .set({ state: 'completed', startedAt: at, endedAt: at, imageId })
    .where(eq(replicationRuns.id, runId));
  await site.db.insert(images).values({
    id: imageId,
    workspaceId: site.workspaceId,
    jobId,
    runId,
    name: 'web',
    method: 'register-image',
    snapshotIds: [],
    pointInTime: at,
  });
}

const manager = () => site.as('cutover-manager');
const begin = async (options: Partial<CutoverOptions> = {}) =>
  (await planCutover(manager(), { jobId, start: 'now', options })).id;
const rowOf = async (id: string) => {
  const [row] = await site.db.select().from(cutovers).where(eq(cutovers.id, id));
  if (!row) throw new Error('no cutover');
  return row;
};
/** A look so many minutes from now. */
const advance = (id: string, minutes = 0) =>
  advanceCutover(
    { ...site.ctx, now: () => new Date(Date.now() + minutes * 60_000) },
    { id, workspaceId: site.workspaceId },
  );
const change = (id: string, work: (of: CutoverChange) => void | Promise<void>) =>
  inTransaction(site.ctx, site.workspaceId, async (within) => {
    const locked = await lockCutover(within, site.ctx, site.workspaceId, id);
    await work(locked);
    await locked.write();
  });
const answer = async (id: string, choice: Parameters<typeof answerCutover>[1]['choice']) =>
  answerCutover(manager(), { cutoverId: id, question: (await rowOf(id)).question?.number ?? 0, choice });

/** What the connector was asked to do last; settled with this. */
async function power(outcome: PowerResult | 'fault'): Promise<string> {
  const [claimed] = await site.claim(`${site.connectorId}/1`);
  if (claimed?.task.kind !== 'power') throw new Error(`claimed ${claimed?.task.kind}`);
  const held = { taskId: claimed.task.id, fence: claimed.task.fence, holder: `${site.connectorId}/1` };
  const line = { at: new Date().toISOString(), level: 'info' as const, text: 'The guest was asked.' };
  await logTask(site.ctx, site.workspaceId, held, [line]);
  const settled =
    outcome === 'fault'
      ? { ok: false as const, fault: fault('vcenter-unreachable') }
      : { ok: true as const, result: outcome };
  await settleTask(site.ctx, site.workspaceId, held, settled);
  return claimed.task.power?.action ?? '';
}

const off = { power: 'off' as const, note: null };

/** Up to the final run, which is pending. */
async function atFinalRun(): Promise<{ id: string; runId: string }> {
  const id = await begin();
  await advance(id);
  await advance(id);
  expect(await power(off)).toBe('shut-down');
  await advance(id);
  await advance(id);
  return { id, runId: (await rowOf(id)).finalRunId ?? '' };
}

/** Up to the checks of a launched instance. */
async function atChecks(options: Partial<CutoverOptions> = {}): Promise<{ id: string; launchId: string }> {
  const { id, runId } = await atFinalRun();
  await site.db.update(cutovers).set({ options: { ...(await rowOf(id)).options, ...options } });
  await completed(runId, 'ami-2');
  await advance(id);
  expect(await advance(id)).toMatchObject({ do: 'launch', runId });
  const launchId = 'launch-1';
  await site.db.insert(instances).values({
    id: launchId,
    workspaceId: site.workspaceId,
    instanceId: 'i-1',
    imageId: 'ami-2',
    runId,
    name: 'web',
    purpose: 'final',
    input: { instanceType: 't3.small' } as never,
    state: 'running',
    detail: { systemStatus: 'ok', instanceStatus: 'ok', state: 'running' } as never,
    launchedBy: 'Landfall',
  });
  await change(id, (of) => launchMade(of, launchId));
  return { id, launchId };
}

async function look(id: string, output: string | null, detail = {}, tcp: Parameters<typeof instanceLooked>[3] = null) {
  const [instance] = await site.db.select().from(instances);
  if (!instance) throw new Error('no instance');
  const seen = { ...instance, detail: { ...instance.detail, ...detail } as never };
  await change(id, (of) => instanceLooked(of, seen, output, tcp));
  return rowOf(id);
}

describe('who may', () => {
  it('plan, decide and comment goes by the role', async () => {
    const plan = (role: 'viewer' | 'operator') => planCutover(site.as(role), { jobId, start: null, options: {} });
    expect(await faultCode(plan('viewer'))).toBe('permission-denied');
    expect(await faultCode(plan('operator'))).toBe('permission-denied');
    const { id } = await planCutover(manager(), { jobId, start: null, options: {} });
    const say = (role: 'viewer' | 'operator') => commentOnCutover(site.as(role), { cutoverId: id, text: 'ready' });
    expect(await faultCode(say('viewer'))).toBe('permission-denied');
    await say('operator');
    const refused = [cancelCutover, rollBackCutover, finishCutover].map((verb) =>
      faultCode(verb(site.as('operator'), { cutoverId: id })),
    );
    expect(await Promise.all(refused)).toEqual(['permission-denied', 'permission-denied', 'permission-denied']);
    expect((await getCutover(site.as('viewer'), id)).log.map(({ who, text }) => [who, text])).toEqual([
      ['cutover-manager', 'Planned the cutover.'],
      ['operator', 'ready'],
    ]);
    expect((await listCutovers(site.as('viewer'), all)).total).toBe(1);
  });

  it('a time in the past or far ahead, and a port that is none, are refused and change nothing', async () => {
    const at = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    for (const start of [at(-5), at(60 * 24 * 31)])
      expect(await faultCode(planCutover(manager(), { jobId, start, options: {} }))).toBe('input-invalid');
    const options = { tcp: { host: null, port: 70_000 } };
    expect(await faultCode(planCutover(manager(), { jobId, start: null, options }))).toBe('input-invalid');
    expect(await site.db.$count(cutovers)).toBe(0);
  });
});

const all = { page: 1, pageSize: 10, sort: null, filter: { operation: 'and' as const, tokens: [] } };

describe('before anything is touched', () => {
  it('it stops at checks that do not pass, says why, and is cancelled without a trace', async () => {
    await site.db.update(connectors).set({ lastSeenAt: new Date(Date.now() - 600_000) });
    const id = await begin();
    await advance(id);
    const asked = await rowOf(id);
    expect(asked.question).toMatchObject({ choices: ['check-again'], detail: expect.stringMatching(/not healthy/) });
    const [attention] = await needsAttention(site.as('viewer'));
    expect(attention).toMatchObject({ kind: 'cutover', things: [{ id, name: 'web' }] });
    await site.db.update(connectors).set({ lastSeenAt: new Date() });
    await answer(id, 'check-again');
    await advance(id);
    expect((await rowOf(id)).step).toBe('stop-source');
    expect(await faultCode(cancelCutover(manager(), { cutoverId: id }))).toBe('conflict');

    await site.db.update(cutovers).set({ state: 'cancelled' });
    const planned = await planCutover(manager(), { jobId, start: null, options: {} });
    expect(await faultCode(rollBackCutover(manager(), { cutoverId: planned.id }))).toBe('conflict');
    await cancelCutover(manager(), { cutoverId: planned.id });
    expect((await rowOf(planned.id)).state).toBe('cancelled');
    expect(await site.db.$count(tasks, eq(tasks.kind, 'power'))).toBe(0);
  });

  it('it waits for a run that is under way', async () => {
    await site.db.update(replicationRuns).set({ state: 'active' }).where(eq(replicationRuns.id, firstRun));
    const id = await begin();
    await advance(id);
    expect(await rowOf(id)).toMatchObject({ step: 'check', waitingFor: expect.stringContaining(firstRun) });
    await site.db.update(replicationRuns).set({ state: 'completed' }).where(eq(replicationRuns.id, firstRun));
    await advance(id);
    expect((await rowOf(id)).step).toBe('stop-source');
  });
});

describe('the source', () => {
  it('that stays on, or cannot be reached, is a question; every answer is a new order', async () => {
    const id = await begin({ shutdownMinutes: 3 });
    await advance(id);
    await advance(id);
    const [order] = await site.db.select().from(tasks).where(eq(tasks.cutoverId, id));
    expect(order?.power).toMatchObject({ action: 'shut-down', deadlineSeconds: 180 });
    expect((await rowOf(id)).downtimeStartedAt).not.toBeNull();
    await power({ power: 'on', note: 'It takes too long.' });
    await advance(id);
    expect((await rowOf(id)).question).toMatchObject({
      detail: 'It takes too long.',
      choices: ['keep-waiting', 'power-off'],
    });
    await answer(id, 'keep-waiting');
    await advance(id);
    expect((await rowOf(id)).question).toBeNull();
    await power('fault');
    await advance(id);
    expect((await rowOf(id)).question?.choices).toEqual(['try-again', 'power-off']);
    await answer(id, 'try-again');
    await advance(id);
    await power({ power: 'on', note: null });
    await advance(id);
    await answer(id, 'power-off');
    expect(await power(off)).toBe('power-off');
    await advance(id);
    expect((await rowOf(id)).step).toBe('final-run');
    const { log } = await getCutover(manager(), id);
    expect(log.some(({ text, step }) => text === 'The guest was asked.' && step === 'stop-source')).toBe(true);
  });

  it('is given its power back by a roll-back, by hand where that fails', async () => {
    const id = await begin();
    await advance(id);
    await advance(id);
    await rollBackCutover(manager(), { cutoverId: id });
    await advance(id);
    await advance(id);
    await advance(id);
    await power('fault').then((action) => expect(action).toBe('power-on'));
    await advance(id);
    expect((await rowOf(id)).question?.choices).toEqual(['try-again', 'done-by-hand']);
    await answer(id, 'try-again');
    await advance(id);
    await power({ power: 'on', note: null });
    await advance(id);
    expect(await rowOf(id)).toMatchObject({ state: 'rolled-back', downtimeEndedAt: expect.any(Date) });
  });
});

describe('what does not answer', () => {
  it('a connector that takes nothing up, on the way there and on the way back', async () => {
    const id = await begin();
    await advance(id);
    await advance(id);
    await advance(id, 0.5);
    expect((await rowOf(id)).question).toBeNull();
    await advance(id, 2);
    expect((await rowOf(id)).question).toMatchObject({ choices: ['try-again', 'power-off'] });
    await rollBackCutover(manager(), { cutoverId: id });
    await advance(id);
    await advance(id);
    await advance(id);
    await advance(id, 2);
    expect((await rowOf(id)).question?.choices).toEqual(['try-again', 'done-by-hand']);
    await answer(id, 'done-by-hand');
    expect((await rowOf(id)).state).toBe('rolled-back');
    expect(await site.db.$count(tasks, and(eq(tasks.kind, 'power'), eq(tasks.state, 'open')))).toBe(0);
  });

  it('a final run that does not end, and an instance that EC2 does not stop', async () => {
    const { id, launchId } = await atChecks();
    await site.db.update(replicationRuns).set({ state: 'active' }).where(ne(replicationRuns.id, firstRun));
    await rollBackCutover(manager(), { cutoverId: id });
    await advance(id, 1);
    expect((await rowOf(id)).question).toBeNull();
    await advance(id, 4);
    await answer(id, 'done-by-hand');
    expect(await advance(id, 1)).toEqual({ do: 'stop-instance', launchId });
    await advance(id, 4);
    expect((await rowOf(id)).question).toMatchObject({
      text: 'i-1 is running.',
      choices: ['try-again', 'done-by-hand'],
    });
    await answer(id, 'done-by-hand');
    expect((await rowOf(id)).step).toBe('start-source');
  });

  it('a launch that comes after a roll-back is refused, and its failure asks nothing', async () => {
    const { id, runId } = await atFinalRun();
    await completed(runId, 'ami-2');
    await advance(id);
    const launch = await advance(id);
    await rollBackCutover(manager(), { cutoverId: id });
    expect(await faultCode(change(id, (of) => launchBegins(of, 'launch-1')))).toBe('conflict');
    if (launch) await change(id, (of) => outsideFailed(of, launch, faultError('launch-refused')));
    expect(await rowOf(id)).toMatchObject({ launchId: null, question: null });
  });
});

describe('the final run', () => {
  it('that fails is asked about, and tried again as another run', async () => {
    const { id, runId } = await atFinalRun();
    const [run] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.id, runId));
    expect(run?.settings.cutoverId).toBe(id);
    await site.db
      .update(replicationRuns)
      .set({ state: 'failed', fault: fault('snapshot-failed') })
      .where(eq(replicationRuns.id, runId));
    await advance(id);
    expect((await rowOf(id)).question).toMatchObject({ choices: ['try-again'] });
    await answer(id, 'try-again');
    await advance(id);
    const second = (await rowOf(id)).finalRunId;
    expect(second).not.toBe(runId);
    await advance(id);
    expect((await rowOf(id)).finalRunId).toBe(second);
  });

  it('is cancelled by a roll-back, which waits until it has cleaned up', async () => {
    const { id, runId } = await atFinalRun();
    await rollBackCutover(manager(), { cutoverId: id });
    const [run] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.id, runId));
    expect(run?.cancelRequestedAt).not.toBeNull();
    await advance(id);
    expect(await rowOf(id)).toMatchObject({ step: 'end-final-run', waitingFor: expect.stringContaining(runId) });
    await site.db.update(replicationRuns).set({ state: 'cancelled' }).where(eq(replicationRuns.id, runId));
    await advance(id);
    await advance(id);
    expect((await rowOf(id)).step).toBe('start-source');
  });
});

describe('the instance', () => {
  it('goes on when all passes; its console is kept', async () => {
    const { id } = await atChecks();
    expect(await look(id, 'login:')).toMatchObject({ step: 'cut-over', consoleOutput: 'login:' });
    await advance(id);
    await answer(id, 'cut-over');
    expect(await rowOf(id)).toMatchObject({ state: 'cut-over', downtimeEndedAt: expect.any(Date) });
    await finishCutover(manager(), { cutoverId: id });
    const evidence = await cutoverEvidence(site.as('viewer'), id);
    expect(evidence.decisions.map(({ who }) => who)).toEqual(Array(evidence.decisions.length).fill('cutover-manager'));
    expect((await getOverview(site.as('viewer'))).cutovers).toMatchObject([{ id, state: 'finished', asks: false }]);
  });

  it('waits for text and for a port, and asks when a console shows trouble or the time is over', async () => {
    const tcp = { id: 'tcp', label: 'TCP port 22', state: 'wait' as const, text: '10.0.0.1:22 does not answer.' };
    const { id } = await atChecks({ consoleText: 'READY' });
    expect(await look(id, 'booting', {}, tcp)).toMatchObject({
      step: 'check-instance',
      waitingFor: expect.stringMatching(/READY.*10\.0\.0\.1/),
    });
    expect((await look(id, 'Kernel panic - not syncing')).question?.choices).toEqual(['check-again', 'go-on']);
    await answer(id, 'check-again');
    expect((await look(id, 'booting', { systemStatus: 'impaired' })).question?.detail).toMatch(/impaired/);
    await answer(id, 'check-again');
    await site.db.update(cutovers).set({ options: { ...(await rowOf(id)).options, checkMinutes: 1 } });
    const record = (await rowOf(id)).timeline['check-instance'];
    await site.db.update(cutovers).set({
      timeline: {
        ...(await rowOf(id)).timeline,
        'check-instance': { startedAt: '', ...record, since: '2020-01-01T00:00:00Z' },
      },
    });
    expect((await look(id, 'booting')).question?.text).toMatch(/within 1 min/);
    await answer(id, 'go-on');
    expect(await rowOf(id)).toMatchObject({
      step: 'cut-over',
      timeline: { 'check-instance': { outcome: 'failed', by: 'cutover-manager' } },
    });
  });

  it('is stopped by a roll-back before the source starts; what AWS refuses is asked', async () => {
    const { id, launchId } = await atChecks();
    await rollBackCutover(manager(), { cutoverId: id });
    await advance(id);
    expect(await advance(id)).toEqual({ do: 'stop-instance', launchId });
    await change(id, (of) => outsideFailed(of, { do: 'stop-instance', launchId }, faultError('aws-access-denied')));
    expect((await rowOf(id)).question?.choices).toEqual(['try-again', 'done-by-hand']);
    await answer(id, 'try-again');
    expect(await advance(id)).toEqual({ do: 'stop-instance', launchId });
    await change(id, (of) => outsideFailed(of, { do: 'stop-instance', launchId }, faultError('aws-unreachable')));
    expect(await rowOf(id)).toMatchObject({ question: null, waitingFor: expect.stringMatching(/tried again/) });
    await site.db.update(instances).set({ state: 'stopped' });
    await advance(id);
    expect((await rowOf(id)).step).toBe('start-source');
  });
});
