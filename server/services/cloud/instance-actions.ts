// What is asked of EC2 about one instance: its console output, its end.

import { and, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import { instances } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { cloudDeadline, targetPool } from './target-pool.ts';

export const instanceInput = z.object({ id: z.string() });
export type InstanceInput = z.infer<typeof instanceInput>;

async function launchedInstance(ctx: ServiceContext, workspaceId: WorkspaceId, input: InstanceInput) {
  const { id } = parseInput(instanceInput, input);
  const [row] = await ctx.db
    .select()
    .from(instances)
    .where(and(eq(instances.id, id), eq(instances.workspaceId, workspaceId)));
  if (!row) throw faultError('not-found', { message: `There is no instance ${id}.` });
  return row;
}

/** What the instance wrote to its serial console; empty as long as EC2 has nothing. */
export async function consoleOutput(
  ctx: ServiceContext,
  input: InstanceInput,
): Promise<{ text: string; at: string | null }> {
  const workspaceId = guard(ctx, 'instance.read');
  const row = await launchedInstance(ctx, workspaceId, input);
  if (!row.instanceId) return { text: '', at: null };
  const target = await targetPool().at(ctx.db, row);
  return target.instances.consoleOutput(row.instanceId, cloudDeadline());
}

/** Ends an instance for good; one that has ended is fine. A test may be ended by whoever may launch tests. */
export async function terminateInstance(ctx: ServiceContext, input: InstanceInput): Promise<void> {
  const reader = guard(ctx, 'instance.read');
  const row = await launchedInstance(ctx, reader, input);
  const workspaceId = guard(ctx, row.purpose === 'test' ? 'instance.end-test' : 'instance.terminate');
  if (!row.instanceId)
    throw faultError('conflict', {
      message: 'The instance is not launched yet.',
      remedy: 'Wait a moment and try again.',
    });
  // Somebody else was quicker, or the answer to a first try was lost.
  if (row.terminatedAt) return;
  await inTransaction(ctx, workspaceId, async ({ audit }) => {
    audit({
      action: row.purpose === 'test' ? 'instance.end-test' : 'instance.terminate',
      subjectKind: 'instance',
      subjectId: row.id,
      subjectName: row.name,
    });
  });
  const target = await targetPool().at(ctx.db, row);
  await target.instances.terminate(row.instanceId, cloudDeadline());
  await inTransaction(ctx, workspaceId, async ({ tx, event }) => {
    const own = and(eq(instances.id, row.id), eq(instances.workspaceId, workspaceId));
    await tx.update(instances).set({ state: 'shutting-down' }).where(own);
    event({ topic: 'instances', subjectId: row.id, kind: 'changed' });
  });
}

export const endTestsInput = z.object({ ids: z.array(z.string()).min(1).max(200) });

/** Ends several tests at once; one that has ended meanwhile is fine. Answers how many were ended. */
export async function endTests(ctx: ServiceContext, input: z.infer<typeof endTestsInput>): Promise<{ ended: number }> {
  const workspaceId = guard(ctx, 'instance.end-test');
  const { ids } = parseInput(endTestsInput, input);
  const rows = await ctx.db
    .select({ id: instances.id, purpose: instances.purpose, terminatedAt: instances.terminatedAt })
    .from(instances)
    .where(and(inArray(instances.id, ids), eq(instances.workspaceId, workspaceId)));
  const forGood = rows.filter((row) => row.purpose !== 'test');
  if (forGood.length > 0 || rows.length < ids.length) {
    throw faultError('input-invalid', {
      message: forGood.length > 0 ? 'Not all of these are tests.' : 'Not all of these instances are there.',
      remedy: 'Choose tests only. Nothing was ended.',
    });
  }
  let ended = 0;
  for (const row of rows) {
    if (row.terminatedAt) continue;
    await terminateInstance(ctx, { id: row.id });
    ended += 1;
  }
  return { ended };
}
