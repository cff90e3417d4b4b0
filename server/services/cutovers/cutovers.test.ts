// The runbook without the wire: who may do what, and what each outcome of the connector and of EC2 leads to.
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { connectors, cutovers, instances, replicationRuns, tasks } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { needsAttention } from '../overview/attention.ts';
import { getOverview } from '../overview/get.ts';
import { faultCode } from '../testing.ts';
import { outsideFailed } from './advance.ts';
import { commentOnCutover, finishCutover } from './finish.ts';
import { cutoverEvidence, getCutover, listCutovers } from './list.ts';
import { planCutover } from './plan.ts';
import { cancelCutover, rollBackCutover } from './roll-back.ts';
import {
  advance,
  answer,
  atChecks,
  begin,
  change,
  firstRun,
  jobId,
  look,
  manager,
  off,
  power,
  rowOf,
  site,
  withReadyJob,
} from './testing-cutover.ts';

withReadyJob();

const all = { page: 1, pageSize: 10, cursor: null, sort: null, filter: { operation: 'and' as const, tokens: [] } };

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
