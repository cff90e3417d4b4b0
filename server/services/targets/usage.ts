// What is in a target: jobs, runs, AMIs, instances and all else of ours at AWS, and in which of its places that lies.
import { and, asc, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import {
  artifacts,
  awsTargetPlaces,
  baselines,
  imageCopies,
  images,
  instances,
  replicationJobs,
  replicationRuns,
} from '../../../db/schema/index.ts';
import { guard, parseInput, type ServiceContext } from '../context.ts';
import { targetOf } from './store.ts';

/** Nobody counts further. */
export const MOST_COUNTED = 10_000;

export interface TargetUsage {
  jobs: number;
  /** Pending or active. */
  runs: number;
  images: number;
  instances: number;
  /** Copies of AMIs that wait or are under way. */
  copies: number;
  /** What is ours at AWS and not released: all of the above, and snapshots, digests, staged objects. */
  artifacts: number;
}

const LIVE = {
  images: isNull(images.deregisteredAt),
  instances: isNull(instances.terminatedAt),
  copies: inArray(imageCopies.state, ['pending', 'copying']),
  // In the words of the index.
  artifacts: sql`${artifacts.state} <> 'released' and ${artifacts.kind} not in ('vsphere-snapshot', 'nfc-lease')`,
};

async function countOf(tx: Queries, table: PgTable, where: SQL | undefined): Promise<number> {
  const some = tx
    .select({ one: sql`1` })
    .from(table)
    .where(where)
    .limit(MOST_COUNTED + 1);
  const { rows } = await tx.execute<{ count: number }>(sql`select count(*)::int as count from (${some}) found`);
  return rows[0]?.count ?? 0;
}

/** Its jobs that were not deleted. */
export const jobsInto = (tx: Queries, targetId: string): Promise<number> =>
  countOf(tx, replicationJobs, and(eq(replicationJobs.targetId, targetId), isNull(replicationJobs.deletedAt)));

/** Of all its places. */
export async function usageOf(tx: Queries, targetId: string): Promise<TargetUsage> {
  const goes = [eq(replicationRuns.targetId, targetId), inArray(replicationRuns.state, ['pending', 'active'])];
  return {
    jobs: await jobsInto(tx, targetId),
    runs: await countOf(tx, replicationRuns, and(...goes)),
    images: await countOf(tx, images, and(eq(images.targetId, targetId), LIVE.images)),
    instances: await countOf(tx, instances, and(eq(instances.targetId, targetId), LIVE.instances)),
    copies: await countOf(tx, imageCopies, and(eq(imageCopies.targetId, targetId), LIVE.copies)),
    artifacts: await countOf(tx, artifacts, and(eq(artifacts.targetId, targetId), LIVE.artifacts)),
  };
}

/** Whether a job, be it a deleted one, or a copy of an AMI names it: then its row is needed to say where that went. */
export async function wasEverUsed(tx: Queries, targetId: string): Promise<boolean> {
  if ((await countOf(tx, replicationJobs, eq(replicationJobs.targetId, targetId))) > 0) return true;
  return (await countOf(tx, imageCopies, eq(imageCopies.targetId, targetId))) > 0;
}

/** Disks that the next runs of its jobs would copy as deltas. */
export async function measuredDisks(tx: Queries, targetId: string): Promise<number> {
  const jobs = tx
    .select({ id: replicationJobs.id })
    .from(replicationJobs)
    .where(and(eq(replicationJobs.targetId, targetId), isNull(replicationJobs.deletedAt)));
  return countOf(tx, baselines, and(inArray(baselines.jobId, jobs), isNull(baselines.revokedAt)));
}

export const targetUsageInput = z.object({ targetId: z.string() });

/** What uses it now, and its places, the newest first, each with what lies there. */
export async function targetUsage(ctx: ServiceContext, input: z.input<typeof targetUsageInput>) {
  const workspaceId = guard(ctx, 'target.read');
  const { targetId } = parseInput(targetUsageInput, input);
  await targetOf(ctx.db, workspaceId, targetId);
  const rows = await ctx.db
    .select()
    .from(awsTargetPlaces)
    .where(eq(awsTargetPlaces.targetId, targetId))
    .orderBy(asc(awsTargetPlaces.revision));
  const places = [];
  for (const [at, { revision, account, region, bucket, prefix, createdAt }] of rows.entries()) {
    const here = (table: { targetId: SQL.Aliased | unknown; targetRevision: unknown }) =>
      sql`${table.targetId} = ${targetId} and ${table.targetRevision} = ${revision}`;
    places.push({
      ...{ revision, account, region, bucket, prefix, since: createdAt, until: rows[at + 1]?.createdAt ?? null },
      images: await countOf(ctx.db, images, and(here(images), LIVE.images)),
      instances: await countOf(ctx.db, instances, and(here(instances), LIVE.instances)),
      artifacts: await countOf(ctx.db, artifacts, and(here(artifacts), LIVE.artifacts)),
    });
  }
  return {
    now: await usageOf(ctx.db, targetId),
    everUsed: await wasEverUsed(ctx.db, targetId),
    places: places.reverse(),
  };
}
