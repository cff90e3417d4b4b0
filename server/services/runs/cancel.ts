// Asking a run to stop. Its holder hears it with the next extension of the lease and cleans up.
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { replicationRuns, runLog } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { isEnded } from '../../../replication/model/run.ts';
import { nudgeRun } from '../../queue/queue.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { lockRun } from './lock.ts';

export const cancelRunInput = z.object({ runId: z.string() });

export async function cancelRun(ctx: ServiceContext, input: z.infer<typeof cancelRunInput>): Promise<void> {
  const workspaceId = guard(ctx, 'run.cancel');
  const { runId } = parseInput(cancelRunInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const run = await lockRun(tx, runId, workspaceId);
    if (!run) throw faultError('not-found', { message: `There is no run ${runId}.` });
    // Somebody else was quicker, or the answer to a first try was lost.
    if (run.state === 'cancelled') return;
    if (isEnded(run.state)) {
      throw faultError('conflict', { message: `${runId} has ended already (${run.state}).`, remedy: 'Nothing to do.' });
    }
    if (run.cancelRequestedAt) return;
    await tx.update(replicationRuns).set({ cancelRequestedAt: ctx.now() }).where(eq(replicationRuns.id, runId));
    const who = ctx.principal.kind === 'member' ? ctx.principal.name : 'Landfall';
    await tx
      .insert(runLog)
      .values({ runId, at: ctx.now(), level: 'warning', step: run.step, text: `${who} cancelled the run.` });
    await nudgeRun(tx, runId);
    audit({ action: 'run.cancel', subjectKind: 'run', subjectId: runId, subjectName: run.serverName });
    event({ topic: 'runs', subjectId: runId, kind: 'changed', data: { jobId: run.jobId } });
  });
}
