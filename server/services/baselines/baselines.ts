// Baselines: read for a run, moved when its snapshots are complete, revoked when they cannot be relied upon.
import { and, eq, getTableColumns, isNull, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { awsTargetPlaces, baselines, type RunRow } from '../../../db/schema/index.ts';
import type { Baseline } from '../../../replication/model/baseline.ts';
import type { StepResults } from '../../../replication/model/step-results.ts';
import { releaseAfterBaselines } from '../artifacts/due.ts';
import type { Work } from '../context.ts';
import type { PlaceRow } from '../targets/store.ts';

export interface JobBaselines {
  baselines: Baseline[];
  /** Per disk, why there is a baseline that does not count. */
  revoked: Record<string, string>;
}

const PARTS = { snapshotId: baselines.snapshotId, digestPrefixes: baselines.digestPrefixes };

/** The baselines that a run of this job measures from when it goes to this place. A snapshot has children only where it lies. */
export async function baselinesOf(tx: Queries, jobId: string, here: PlaceRow): Promise<JobBaselines> {
  const rows = await tx
    .select({ ...getTableColumns(baselines), place: awsTargetPlaces })
    .from(baselines)
    .innerJoin(
      awsTargetPlaces,
      and(eq(awsTargetPlaces.targetId, baselines.targetId), eq(awsTargetPlaces.revision, baselines.targetRevision)),
    )
    .where(eq(baselines.jobId, jobId));
  const because = (row: (typeof rows)[number]) =>
    row.revokedAt ? (row.revokedBecause ?? 'The baseline was revoked.') : whyElsewhere(row.place, here);
  const live = rows.filter((row) => because(row) === null);
  return {
    baselines: live.map(({ diskId, capacityBytes, changeId, snapshotId, manifestKey, digestRoot }) => ({
      diskId,
      capacityBytes,
      changeId,
      snapshotId,
      manifestKey,
      digestRoot,
    })),
    revoked: Object.fromEntries(
      rows.flatMap((row) => {
        const why = because(row);
        return why === null ? [] : [[row.diskId, why]];
      }),
    ),
  };
}

/** Why what lies at a place cannot be built on from here; null when it can. Encryption is looked at when the snapshots are begun. */
function whyElsewhere(there: PlaceRow, here: PlaceRow): string | null {
  const other = (what: string, was: string, is: string) =>
    `The AWS target has another ${what} than at the last run: ${is} instead of ${was}.`;
  if (there.targetId !== here.targetId) return 'The last run of this job went into another AWS target.';
  if (there.account && here.account && there.account !== here.account)
    return other('account', there.account, here.account);
  if (there.region !== here.region) return other('Region', there.region, here.region);
  if (there.bucket !== here.bucket) return other('bucket', there.bucket, here.bucket);
  if (there.prefix !== here.prefix) return other('prefix', there.prefix, here.prefix);
  return null;
}

/**
 * Makes the run's candidates the baselines of its disks. Called in the transaction that records the completed
 * snapshots, and nowhere else: before that moment the old baseline is the true one.
 */
export async function moveBaselines(work: Work, run: RunRow, made: StepResults['make-snapshots']): Promise<void> {
  const copied = run.results['copy-disks'];
  const snapshot = run.results['take-snapshot'];
  if (!copied || !snapshot) return;
  const before = await work.tx.select(PARTS).from(baselines).where(eq(baselines.jobId, run.jobId));
  for (const { id, snapshotId } of made.disks) {
    const disk = copied.disks.find((one) => one.id === id);
    if (!disk?.manifestKey) continue;
    const row = {
      workspaceId: run.workspaceId,
      runId: run.id,
      capacityBytes: disk.capacityBytes,
      changeId: snapshot.disks.find((one) => one.id === id)?.changeId ?? null,
      snapshotId,
      manifestKey: disk.manifestKey,
      digestRoot: disk.rootDigest,
      digestPrefixes: disk.digestPrefixes,
      pointInTime: new Date(snapshot.takenAt),
      movedAt: sql`now()`,
      revokedAt: null,
      revokedBecause: null,
    };
    await work.tx
      .insert(baselines)
      .values({ jobId: run.jobId, diskId: id, ...row })
      .onConflictDoUpdate({ target: [baselines.jobId, baselines.diskId], set: row });
  }
  await releaseAfterBaselines(work.tx, before);
  work.event({ topic: 'jobs', subjectId: run.jobId, kind: 'changed' });
}

/** The baselines that a run made no longer count; the next run copies these disks whole, and says why. */
export async function revokeBaselines(work: Work, run: RunRow, because: string): Promise<void> {
  const revoked = await work.tx
    .update(baselines)
    .set({ revokedAt: sql`now()`, revokedBecause: because })
    .where(and(eq(baselines.jobId, run.jobId), eq(baselines.runId, run.id), isNull(baselines.revokedAt)))
    .returning(PARTS);
  await releaseAfterBaselines(work.tx, revoked);
  work.event({ topic: 'jobs', subjectId: run.jobId, kind: 'changed' });
}

/** A deleted job measures nothing any more. */
export async function dropBaselines(work: Work, jobId: string): Promise<void> {
  const dropped = await work.tx.delete(baselines).where(eq(baselines.jobId, jobId)).returning(PARTS);
  await releaseAfterBaselines(work.tx, dropped);
}
