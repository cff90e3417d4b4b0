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

/** A workspace's limits, and how many of its runs are active for each connector and target. */
export interface Places {
  limits: RunLimits;
  active: { connectorId: string; region: string; bucket: string; runs: number }[];
}

export async function placesOf(tx: Queries, workspaceId: string): Promise<Places> {
  const target = (name: string) => sql<string>`${replicationRuns.settings} -> 'target' ->> ${sql.raw(`'${name}'`)}`;
  const active = await tx
    .select({
      connectorId: replicationRuns.connectorId,
      region: target('region'),
      bucket: target('bucket'),
      runs: sql<number>`count(*)::int`,
    })
    .from(replicationRuns)
    .where(sql`${replicationRuns.workspaceId} = ${workspaceId} and ${replicationRuns.state} = 'active'`)
    .groupBy(sql`1, 2, 3`);
  return { limits: await limitsOf(tx, workspaceId), active };
}

/** Why a pending run finds no place among these; null when there is one. */
export function whyNoPlace(
  { limits, active }: Places,
  run: Pick<RunRow, 'settings'>,
  connector: Pick<ConnectorRow, 'id' | 'name' | 'maxRuns'>,
): string | null {
  const { region, bucket } = run.settings.target;
  const count = (which: (of: Places['active'][number]) => boolean) =>
    active.filter(which).reduce((sum, { runs }) => sum + runs, 0);
  const full = (who: string, limit: number) =>
    `Queued: ${who} ${limit === 1 ? 'takes one run' : `takes ${limit} runs`} at a time, and ${limit === 1 ? 'one is' : 'they are'} going.`;
  if (count((of) => of.connectorId === connector.id) >= connector.maxRuns)
    return full(`the connector ${connector.name}`, connector.maxRuns);
  if (count((of) => of.region === region && of.bucket === bucket) >= limits.perTarget)
    return full(`the AWS target ${bucket}`, limits.perTarget);
  if (count(() => true) >= limits.total) return full('the workspace', limits.total);
  return null;
}

/**
 * Why a pending run may not start now, or null when it may. Whoever asks holds the workspace's turn until the end of
 * the transaction, so that two runs never take the same free place.
 */
export async function whyQueued(
  tx: Queries,
  run: Pick<RunRow, 'workspaceId' | 'settings'>,
  connector: Pick<ConnectorRow, 'id' | 'name' | 'maxRuns'>,
): Promise<string | null> {
  await tx.execute(sql`select pg_advisory_xact_lock(${LIMITS_LOCK}, hashtext(${run.workspaceId}))`);
  return whyNoPlace(await placesOf(tx, run.workspaceId), run, connector);
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
