// Leaving a cutover: cancelled while nothing was touched, rolled back at any later step.
import { eq } from 'drizzle-orm';
import { replicationRuns, runLog } from '../../../db/schema/index.ts';
import { canCancel, canRollBack } from '../../../replication/model/cutover.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { isEnded } from '../../../replication/model/run.ts';
import { nudgeRun } from '../../queue/queue.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { lockRun } from '../runs/lock.ts';
import { type CutoverChange, lockCutover, personOf } from './change.ts';
import { type CutoverInput, cutoverInput } from './plan.ts';
import { endPowerTasks } from './power.ts';

/** @throws `conflict` once something was touched: then it is rolled back */
export async function cancelCutover(ctx: ServiceContext, input: CutoverInput): Promise<void> {
  const workspaceId = guard(ctx, 'cutover.cancel');
  const { cutoverId } = parseInput(cutoverInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const change = await lockCutover(work, ctx, workspaceId, cutoverId);
    const { row } = change;
    if (!canCancel(row))
      throw faultError('conflict', {
        message: 'The cutover has gone too far to be cancelled.',
        remedy: canRollBack(row) ? 'Roll it back.' : 'Look at where it is now.',
      });
    change.say('decision', 'Cancelled the cutover. Nothing was touched.', personOf(ctx));
    change.end('cancelled', personOf(ctx));
    await change.write();
    work.audit({ action: 'cutover.cancel', subjectKind: 'cutover', subjectId: row.id, subjectName: row.serverName });
  });
}

/** Begins the way back; the engine goes it. Whatever is under way ends first. */
export async function rollBackCutover(ctx: ServiceContext, input: CutoverInput): Promise<void> {
  const workspaceId = guard(ctx, 'cutover.roll-back');
  const { cutoverId } = parseInput(cutoverInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const change = await lockCutover(work, ctx, workspaceId, cutoverId);
    const { row } = change;
    if (row.state === 'rolling-back') return;
    if (!canRollBack(row))
      throw faultError('conflict', {
        message: canCancel(row) ? 'Nothing was touched yet, so there is nothing to roll back.' : 'The cutover is over.',
        remedy: canCancel(row) ? 'Cancel it.' : 'Nothing to do.',
      });
    change.say('decision', `Rolled back, at "${change.stepLabel}".`, personOf(ctx));
    await endPowerTasks(work, row.id);
    await cancelFinalRun(change);
    change.begin('end-final-run', { outcome: 'failed', by: personOf(ctx) });
    change.set({ state: 'rolling-back' });
    await change.write();
    work.audit({ action: 'cutover.roll-back', subjectKind: 'cutover', subjectId: row.id, subjectName: row.serverName });
  });
}

async function cancelFinalRun({ row, work, at }: CutoverChange): Promise<void> {
  const run = row.finalRunId ? await lockRun(work.tx, row.finalRunId) : null;
  if (!run || isEnded(run.state) || run.cancelRequestedAt) return;
  await work.tx.update(replicationRuns).set({ cancelRequestedAt: at }).where(eq(replicationRuns.id, run.id));
  await work.tx
    .insert(runLog)
    .values({ runId: run.id, at, level: 'warning', step: run.step, text: 'The cutover was rolled back.' });
  await nudgeRun(work.tx, run.id);
  work.event({ topic: 'runs', subjectId: run.id, kind: 'changed', data: { jobId: run.jobId } });
}
