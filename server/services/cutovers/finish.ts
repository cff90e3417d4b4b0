// The end of a cutover: the job stops, its AMIs stay, what was only there for tests may go. And what people say on the way.
import { z } from 'zod';
import { cutoverLog } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { removeJob } from '../jobs/delete.ts';
import { lockCutover, personOf } from './change.ts';
import { type CutoverInput, cutoverInput } from './plan.ts';

/** After it there is no way back from here: the baselines go with the job. The AMIs and the instance stay. */
export async function finishCutover(ctx: ServiceContext, input: CutoverInput): Promise<void> {
  const workspaceId = guard(ctx, 'cutover.decide');
  const { cutoverId } = parseInput(cutoverInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const change = await lockCutover(work, ctx, workspaceId, cutoverId);
    const { row } = change;
    if (row.state === 'finished') return;
    if (row.state !== 'cut-over')
      throw faultError('conflict', {
        message: 'The instance has not taken over yet.',
        remedy: 'Cut over first; then finish.',
      });
    change.say('decision', 'Finished: the replication job ends, its AMIs stay.', personOf(ctx));
    change.end('finished', personOf(ctx));
    await change.write();
    await removeJob(ctx, work, workspaceId, row.jobId);
    work.audit({ action: 'cutover.finish', subjectKind: 'cutover', subjectId: row.id, subjectName: row.serverName });
  });
}

export const commentInput = cutoverInput.extend({ text: z.string().trim().min(1, 'Say something').max(2000) });

/** A line in the cutover's log, kept in its evidence. */
export async function commentOnCutover(ctx: ServiceContext, input: z.infer<typeof commentInput>): Promise<void> {
  const workspaceId = guard(ctx, 'cutover.comment');
  const { cutoverId, text } = parseInput(commentInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const { row } = await lockCutover(work, ctx, workspaceId, cutoverId);
    await work.tx.insert(cutoverLog).values({
      cutoverId,
      at: ctx.now(),
      step: row.step,
      level: 'comment',
      who: personOf(ctx),
      text,
    });
    const subject = { subjectKind: 'cutover', subjectId: cutoverId, subjectName: row.serverName };
    work.audit({ action: 'cutover.comment', ...subject, after: { text } });
    work.event({ topic: 'cutovers', subjectId: cutoverId, kind: 'changed', data: { jobId: row.jobId } });
  });
}
