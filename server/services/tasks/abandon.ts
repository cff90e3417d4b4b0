// The end of work without a run (an import, a release, a power task) whose holders fell silent one after another.
// Steps of runs are ended by runs/advance.ts, which knows what follows for the run.
import { and, eq, gte, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import { tasks } from '../../../db/schema/index.ts';
import { FaultError, fault } from '../../../replication/model/fault.ts';
import type { ProgramContext } from '../context.ts';
import { MOST_LOSSES } from '../leases/lease.ts';
import { settleTask } from './settle.ts';

/** Settles each as its last holder would have, with `work-abandoned`. Called by the sweep. */
export async function endAbandoned(ctx: ProgramContext): Promise<void> {
  const rows = await ctx.db
    .select({ id: tasks.id, workspaceId: tasks.workspaceId, fence: tasks.fence, holder: tasks.holder })
    .from(tasks)
    .where(
      and(
        eq(tasks.state, 'open'),
        isNull(tasks.runId),
        isNotNull(tasks.holder),
        lt(tasks.leaseUntil, sql`now()`),
        gte(tasks.losses, MOST_LOSSES - 1),
      ),
    )
    .limit(100);
  for (const { id, workspaceId, fence, holder } of rows) {
    const held = { taskId: id, fence, holder: holder ?? '' };
    const outcome = { ok: false as const, fault: fault('work-abandoned', { blame: 'connector' }) };
    await settleTask(ctx, workspaceId, held, outcome).catch((error) => {
      // Its last holder woke up and ended it meanwhile.
      if (!(error instanceof FaultError && error.fault.code === 'lease-lost')) throw error;
    });
  }
}
