// The baselines of a job as its page shows them, with what its disks are called. For the services that read jobs.
import { eq } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { baselines, replicationRuns } from '../../../db/schema/index.ts';

export interface ShownBaseline {
  diskId: string;
  /** As the run that made it found the disk: `Hard disk 1`. */
  label: string;
  runId: string;
  /** The moment whose bytes it holds. */
  pointInTime: Date;
  snapshotId: string;
  capacityBytes: number;
  /** Whether the source was tracking changes at that moment; without, the next run reads everything. */
  tracked: boolean;
  notTrackedBecause: string | null;
  /** Set once it no longer counts: the next run copies the disk whole. */
  revokedAt: Date | null;
  revokedBecause: string | null;
}

/** In the order of the disks. The caller has asked for the permission. */
export async function shownBaselines(db: Queries, jobId: string): Promise<ShownBaseline[]> {
  const rows = await db
    .select({ baseline: baselines, results: replicationRuns.results })
    .from(baselines)
    .innerJoin(replicationRuns, eq(replicationRuns.id, baselines.runId))
    .where(eq(baselines.jobId, jobId));
  return rows
    .map(({ baseline, results }) => {
      const disk = results['take-snapshot']?.disks.find((one) => one.id === baseline.diskId);
      const shown: ShownBaseline = {
        diskId: baseline.diskId,
        label: disk?.label ?? baseline.diskId,
        runId: baseline.runId,
        pointInTime: baseline.pointInTime,
        snapshotId: baseline.snapshotId,
        capacityBytes: baseline.capacityBytes,
        tracked: baseline.changeId !== null,
        notTrackedBecause: disk?.notTrackedBecause ?? null,
        revokedAt: baseline.revokedAt,
        revokedBecause: baseline.revokedBecause,
      };
      return { order: disk?.order ?? Number.MAX_SAFE_INTEGER, shown };
    })
    .sort((a, b) => a.order - b.order || a.shown.label.localeCompare(b.shown.label))
    .map(({ shown }) => shown);
}
