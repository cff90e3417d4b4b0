// AMIs as our database knows them: recorded when a run made one, pruned when there are too many.

import { and, asc, desc, eq, inArray, isNull, not, notExists, sql } from 'drizzle-orm';
import {
  artifacts,
  baselines,
  imageCopies,
  images,
  instances,
  type RunRow,
  replicationJobs,
  replicationRuns,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { inTransaction, type ProgramContext } from '../context.ts';
import { type Held, lockHeldRun } from '../leases/lease.ts';
import { verifiedOf } from '../runs/view.ts';
import type { AtPlace } from '../targets/store.ts';
import { MOST_COPY_HOURS, planCopies, releaseCopiesOf } from './copies.ts';

/** Records the AMI of a run under the lease of its create-image step. Repeating it changes nothing. */
export async function recordImage(
  ctx: ProgramContext,
  run: RunRow,
  held: Held,
  result: { imageId: string; method?: 'register-image' | 'import-image'; note?: string | null },
): Promise<void> {
  await inTransaction(ctx, run.workspaceId, async ({ tx, event }) => {
    const { run: now } = await lockHeldRun(tx, held);
    const verify = now?.results.verify?.disks ?? [];
    const snapshots = await tx
      .select({ externalId: artifacts.externalId })
      .from(artifacts)
      .where(and(eq(artifacts.runId, run.id), eq(artifacts.kind, 'ebs-snapshot'), eq(artifacts.state, 'created')));
    const takenAt = run.results['take-snapshot']?.takenAt;
    const [made] = await tx
      .insert(images)
      .values({
        id: result.imageId,
        workspaceId: run.workspaceId,
        jobId: run.jobId,
        runId: run.id,
        name: run.serverName,
        method: result.method ?? 'register-image',
        note: result.note ?? null,
        snapshotIds: snapshots.flatMap((row) => (row.externalId ? [row.externalId] : [])),
        verified: verifiedOf(verify),
        pointInTime: takenAt ? new Date(takenAt) : ctx.now(),
        createdAt: ctx.now(),
      })
      .onConflictDoNothing()
      .returning({ id: images.id });
    if (made) await planCopies(tx, run, made.id);
    await tx
      .update(replicationRuns)
      .set({ imageId: result.imageId, note: result.note ?? null })
      .where(eq(replicationRuns.id, run.id));
    await tx
      .update(replicationJobs)
      .set({ latestImageId: result.imageId, latestImageAt: takenAt ? new Date(takenAt) : ctx.now() })
      .where(eq(replicationJobs.id, run.jobId));
    event({ topic: 'images', subjectId: result.imageId, kind: 'changed' });
    event({ topic: 'jobs', subjectId: run.jobId, kind: 'changed' });
  });
}

/**
 * Condition on an AMI of a job: a copy of it is still being made, or it has the last finished one at a place where a copy of the job's
 * newest AMI is to be and is not yet.
 */
function copyIsNeeded(jobId: string) {
  const newest = sql`(select i.id from ${images} i where i.job_id = ${jobId} and i.deregistered_at is null order by i.created_at desc limit 1)`;
  const samePlace = sql`n.kind = c.kind and n.region = c.region and coalesce(n.account = c.account, true)
    and (c.kind <> 'target' or n.target_id = c.target_id)`;
  const awaited = sql`exists (select from ${imageCopies} n where n.image_id = ${newest} and n.state <> 'available' and ${samePlace})`;
  const replaced = sql`exists (select from ${images} i join ${imageCopies} n on n.image_id = i.id where i.job_id = ${jobId}
    and i.created_at > ${images.createdAt} and i.deregistered_at is null and n.state = 'available' and ${samePlace})`;
  return sql`exists (select from ${imageCopies} c where c.image_id = ${images.id} and (
    (c.state in ('pending', 'copying') and coalesce(c.started_at, c.created_at) > now() - make_interval(hours => ${MOST_COPY_HOURS}))
    or (c.state = 'available' and c.kind <> 'share' and ${awaited} and not ${replaced})))`;
}

/**
 * The job's AMIs beyond the newest `keep`, oldest first. One that an instance runs from, that the baseline is made of, or whose copies are
 * needed, is left alone.
 */
export async function imagesToPrune(
  ctx: ProgramContext,
  jobId: string,
  keep: number | null,
): Promise<{ imageId: string; snapshotIds: string[]; at: AtPlace }[]> {
  if (keep === null) return [];
  const kept = ctx.db
    .select({ id: images.id })
    .from(images)
    .where(and(eq(images.jobId, jobId), isNull(images.deregisteredAt)))
    .orderBy(desc(images.createdAt))
    .limit(keep);
  const inUse = ctx.db
    .select({ one: sql`1` })
    .from(instances)
    .where(and(eq(instances.imageId, images.id), isNull(instances.terminatedAt)));
  const measured = ctx.db
    .select({ one: sql`1` })
    .from(baselines)
    .where(
      and(
        isNull(baselines.revokedAt),
        sql`${baselines.snapshotId} in (select jsonb_array_elements_text(${images.snapshotIds}))`,
      ),
    );
  const rows = await ctx.db
    .select({
      imageId: images.id,
      snapshotIds: images.snapshotIds,
      at: { targetId: images.targetId, targetRevision: images.targetRevision },
    })
    .from(images)
    .where(
      and(
        eq(images.jobId, jobId),
        isNull(images.deregisteredAt),
        sql`${images.id} not in ${kept}`,
        isNull(images.pinnedAt),
        notExists(inUse),
        notExists(measured),
        not(copyIsNeeded(jobId)),
      ),
    )
    .orderBy(asc(images.createdAt));
  return rows;
}

export async function imagePruned(ctx: ProgramContext, workspaceId: WorkspaceId, imageId: string): Promise<void> {
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const [image] = await tx
      .update(images)
      .set({ deregisteredAt: ctx.now() })
      .where(and(eq(images.id, imageId), isNull(images.deregisteredAt)))
      .returning();
    if (!image) return;
    await tx
      .update(artifacts)
      .set({ state: 'released', releasedAt: ctx.now() })
      .where(
        and(
          eq(artifacts.workspaceId, workspaceId),
          inArray(artifacts.externalId, [imageId, ...image.snapshotIds]),
          sql`${artifacts.state} <> 'released'`,
        ),
      );
    await releaseCopiesOf(tx, imageId, ctx.now());
    audit({ action: 'image.prune', subjectKind: 'image', subjectId: imageId, subjectName: image.name });
    event({ topic: 'images', subjectId: imageId, kind: 'removed' });
  });
}
