// How many runs may be active at once: in a workspace, into one AWS account and Region, by one connector. What is over waits, and
// says for what.

import { aliasedTable, and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import {
  awsTargetPlaces,
  type ConnectorRow,
  type RunRow,
  replicationRuns,
  runLimits,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { nudgeRun } from '../../queue/queue.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { type AtPlace, inSameAccount, isSameAccount, type PlaceRow } from '../targets/store.ts';

const runs = z.number().int().min(1, 'At least 1').max(1000, 'At most 1000');
export const runLimitsInput = z.object({ total: runs, perTarget: runs });
export type RunLimits = z.infer<typeof runLimitsInput>;

/** AWS lets 100 snapshots of an account be pending in a Region, and a run may have several disks. */
const DEFAULTS: RunLimits = { total: 40, perTarget: 20 };

const LIMITS_LOCK = 7_306_213;
const REGION_LOCK = 7_306_214;

const atPlaceOfRun = and(
  eq(awsTargetPlaces.targetId, replicationRuns.targetId),
  eq(awsTargetPlaces.revision, replicationRuns.targetRevision),
);

async function limitsOf(tx: Queries, workspaceId: WorkspaceId): Promise<RunLimits> {
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

/** A workspace's limits, and how many runs are active for each of its connectors, and in each account and Region by whomever. */
export interface Places {
  limits: RunLimits;
  active: { isOwn: boolean; connectorId: string; account: string | null; region: string; runs: number }[];
}

export async function placesOf(tx: Queries, workspaceId: WorkspaceId): Promise<Places> {
  const active = await tx
    .select({
      isOwn: sql<boolean>`${replicationRuns.workspaceId} = ${workspaceId}`,
      connectorId: replicationRuns.connectorId,
      account: awsTargetPlaces.account,
      region: awsTargetPlaces.region,
      runs: sql<number>`count(*)::int`,
    })
    .from(replicationRuns)
    .innerJoin(awsTargetPlaces, atPlaceOfRun)
    .where(sql`${replicationRuns.state} = 'active'`)
    .groupBy(sql`1, 2, 3, 4`);
  return { limits: await limitsOf(tx, workspaceId), active };
}

type Here = Pick<PlaceRow, 'account' | 'region'>;

/** Why a pending run that goes here finds no place among these; null when there is one. */
export function whyNoPlace(
  { limits, active }: Places,
  here: Here,
  connector: Pick<ConnectorRow, 'id' | 'name' | 'maxRuns'>,
): string | null {
  const count = (which: (of: Places['active'][number]) => boolean) =>
    active.filter(which).reduce((sum, { runs }) => sum + runs, 0);
  const full = (who: string, limit: number) =>
    `Queued: ${who} ${limit === 1 ? 'takes one run' : `takes ${limit} runs`} at a time, and ${limit === 1 ? 'one is' : 'they are'} going.`;
  if (count((of) => of.connectorId === connector.id) >= connector.maxRuns)
    return full(`the connector ${connector.name}`, connector.maxRuns);
  if (count((of) => isSameAccount(of, here)) >= limits.perTarget)
    return full(`the AWS target in ${here.region}`, limits.perTarget);
  if (count(({ isOwn }) => isOwn) >= limits.total) return full('the workspace', limits.total);
  return null;
}

/**
 * Why a pending run may not start now, or null when it may. Whoever asks holds the turn of the workspace, and then that of
 * the Region, until the end of the transaction, so that two runs never take the same free place. Runs of other workspaces
 * count too where they go into the same account and Region: AWS grants what it grants to all of them together.
 */
export async function whyQueued(
  tx: Queries,
  { workspaceId, place }: Pick<RunRow, 'workspaceId'> & { place: Here },
  connector: Pick<ConnectorRow, 'id' | 'name' | 'maxRuns'>,
): Promise<string | null> {
  await tx.execute(sql`select pg_advisory_xact_lock(${LIMITS_LOCK}, hashtext(${workspaceId}))`);
  await tx.execute(sql`select pg_advisory_xact_lock(${REGION_LOCK}, hashtext(${place.region}))`);
  return whyNoPlace(await placesOf(tx, workspaceId), place, connector);
}

/**
 * A place may be free in the workspace, or for others too, in the account and Region of the run that ended: the runs that
 * wait longest are asked to look.
 */
export async function nudgeQueued(tx: Queries, workspaceId: WorkspaceId, ended?: AtPlace): Promise<void> {
  const queued = sql`${replicationRuns.state} = 'pending' and ${replicationRuns.waitingKind} = 'queued'`;
  const waiting = await tx
    .select({ id: replicationRuns.id })
    .from(replicationRuns)
    .where(sql`${replicationRuns.workspaceId} = ${workspaceId} and ${queued}`)
    .orderBy(replicationRuns.createdAt)
    .limit(10);
  const others = ended ? await queuedElsewhere(tx, workspaceId, ended) : [];
  for (const { id } of [...waiting, ...others]) await nudgeRun(tx, id);
}

/** Of other workspaces, into the same account and Region. */
async function queuedElsewhere(tx: Queries, workspaceId: WorkspaceId, ended: AtPlace): Promise<{ id: string }[]> {
  const there = aliasedTable(awsTargetPlaces, 'there');
  return tx
    .select({ id: replicationRuns.id })
    .from(replicationRuns)
    .innerJoin(awsTargetPlaces, atPlaceOfRun)
    .innerJoin(there, and(eq(there.targetId, ended.targetId), eq(there.revision, ended.targetRevision)))
    .where(
      sql`${replicationRuns.state} = 'pending' and ${replicationRuns.waitingKind} = 'queued'
        and ${replicationRuns.workspaceId} <> ${workspaceId} and ${inSameAccount(awsTargetPlaces, there)}`,
    )
    .orderBy(replicationRuns.createdAt)
    .limit(10);
}
