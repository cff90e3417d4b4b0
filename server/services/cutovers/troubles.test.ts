// Where a cutover and its roll-back wait for what fails or does not answer, and what a person may say then.
import { and, eq, ne } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { replicationRuns, tasks } from '../../../db/schema/index.ts';
import { fault, faultError } from '../../../replication/model/fault.ts';
import { faultCode } from '../testing.ts';
import { launchBegins, outsideFailed } from './advance.ts';
import { rollBackCutover } from './roll-back.ts';
import {
  advance,
  answer,
  atChecks,
  atFinalRun,
  begin,
  change,
  completed,
  firstRun,
  manager,
  rowOf,
  site,
  withReadyJob,
} from './testing-cutover.ts';

withReadyJob();

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
