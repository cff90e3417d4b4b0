// How many runs may be active at once: in all, into one AWS target, by one connector. What is over waits, and says for what.
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import { type ConnectorRow, type RunRow, replicationRuns, runLimits } from '../../../db/schema/index.ts';
import { nudgeRun } from '../../queue/queue.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';

const runs = z.number().int().min(1, 'At least 1').max(1000, 'At most 1000');
export const runLimitsInput = z.object({ total: runs, perTarget: runs });
export type RunLimits = z.infer<typeof runLimitsInput>;

/** AWS lets 100 snapshots of an account be pending, and a run may have several disks. */
const DEFAULTS: RunLimits = { total: 40, perTarget: 20 };

const LIMITS_LOCK = 7_306_213;

async function limitsOf(tx: Queries, workspaceId: string): Promise<RunLimits> {
  const [row] = await tx.select().from(runLimits).where(eq(runLimits.workspaceId, workspaceId));
  return row ? { total: row.total, perTarget: row.perTarget } : DEFAULTS;
}

export async function getRunLimits(ctx: ServiceContext): Promise<RunLimits> {
  return limitsOf(ctx.db, guard(ctx, 'limit.read'));
}

export async function updateRunLimits(ctx: ServiceContext, input: RunLimits): Promise<RunLimits> {
  const workspaceId = guard(ctx, 'limit.manage');
  const after = parseInput(runLimitsInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const before = await limitsOf(tx, workspaceId);
    const changedBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'landfall';
    const row = { ...after, changedBy, changedAt: ctx.now() };
    await tx
      .insert(runLimits)
      .values({ workspaceId, ...row })
      .onConflictDoUpdate({ target: runLimits.workspaceId, set: row });
    audit({
      action: 'limits.update',
      subjectKind: 'workspace',
      subjectId: workspaceId,
      subjectName: 'Runs at once',
      before,
      after,
    });
    event({ topic: 'limits', subjectId: null, kind: 'changed' });
    event({ topic: 'runs', subjectId: null, kind: 'changed' });
    await nudgeQueued(tx, workspaceId);
  });
  return after;
}

/**
 * Why a pending run may not start now, or null when it may. Whoever asks holds the workspace's turn until the end of
 * the transaction, so that two runs never take the same free place.
 */
export async function whyQueued(
  tx: Queries,
  run: RunRow,
  connector: Pick<ConnectorRow, 'id' | 'name' | 'maxRuns'>,
): Promise<string | null> {
  await tx.execute(sql`select pg_advisory_xact_lock(${LIMITS_LOCK}, hashtext(${run.workspaceId}))`);
  const limits = await limitsOf(tx, run.workspaceId);
  const { region, bucket } = run.settings.target;
  const [active] = await tx
    .select({
      total: sql<number>`count(*)::int`,
      target: sql<number>`count(*) filter (where ${replicationRuns.settings} -> 'target' ->> 'region' = ${region} and ${replicationRuns.settings} -> 'target' ->> 'bucket' = ${bucket})::int`,
      connector: sql<number>`count(*) filter (where ${replicationRuns.connectorId} = ${connector.id})::int`,
    })
    .from(replicationRuns)
    .where(sql`${replicationRuns.workspaceId} = ${run.workspaceId} and ${replicationRuns.state} = 'active'`);
  if (!active) return null;
  const full = (who: string, limit: number) =>
    `Queued: ${who} ${limit === 1 ? 'takes one run' : `takes ${limit} runs`} at a time, and ${limit === 1 ? 'one is' : 'they are'} going.`;
  if (active.connector >= connector.maxRuns) return full(`the connector ${connector.name}`, connector.maxRuns);
  if (active.target >= limits.perTarget) return full(`the AWS target ${bucket}`, limits.perTarget);
  if (active.total >= limits.total) return full('the workspace', limits.total);
  return null;
}

/** A place may be free: the runs that wait longest are asked to look. */
export async function nudgeQueued(tx: Queries, workspaceId: string): Promise<void> {
  const waiting = await tx
    .select({ id: replicationRuns.id })
    .from(replicationRuns)
    .where(
      sql`${replicationRuns.workspaceId} = ${workspaceId} and ${replicationRuns.state} = 'pending' and ${replicationRuns.waitingKind} = 'queued'`,
    )
    .orderBy(replicationRuns.createdAt)
    .limit(10);
  for (const { id } of waiting) await nudgeRun(tx, id);
}
