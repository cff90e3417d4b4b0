// What the next delta of a disk is measured from, and how a run decides what it reads and where it writes. Pure.
import { z } from 'zod';

/** One disk's baseline: a completed EBS snapshot, the digests of exactly its bytes, and the source's change id of that moment. */
export const baselineSchema = z.object({
  diskId: z.string(),
  capacityBytes: z.number().int().positive(),
  /** Null when the source tracked nothing then: the next run reads everything and sends what differs. */
  changeId: z.string().nullable(),
  snapshotId: z.string(),
  /** Where the digest set's manifest is, and the SHA-256 of it, hex. */
  manifestKey: z.string(),
  digestRoot: z.string(),
});
export type Baseline = z.infer<typeof baselineSchema>;

/** How disks travel: staged in S3 (and written into snapshots by the worker), or written by the connector itself. */
export const TRANSFER_PATHS = ['s3', 'ebs-direct'] as const;
export const transferPathSchema = z.enum(TRANSFER_PATHS);
export type TransferPath = z.infer<typeof transferPathSchema>;

export interface WantedEncryption {
  encrypted: boolean;
  /** ARN of a key; null for the account's default key. */
  kmsKeyArn: string | null;
}

/**
 * full: the whole disk, into a snapshot without a parent.
 * compared: everything is read, and what differs from the baseline by digest is written over it.
 * delta: what the source calls changed is read, and what differs is written over the baseline.
 */
export const COPY_MODES = ['full', 'compared', 'delta'] as const;
export const copyModeSchema = z.enum(COPY_MODES);
export type CopyMode = z.infer<typeof copyModeSchema>;

export interface CopyPlan {
  mode: CopyMode;
  /** Why not less, for people; null for a delta. */
  reason: string | null;
  baseline: Baseline | null;
}

/**
 * Decides how one disk is copied. Any doubt about the baseline itself means a full copy; a source that cannot say what
 * changed means that everything is read, for the baseline's digests still tell what has to be sent.
 */
export function planCopy(
  disk: { id: string; capacityBytes: number; changeId: string | null; notTrackedBecause: string | null },
  baselines: readonly Baseline[],
  revokedBecause: string | null,
): CopyPlan {
  const full = (reason: string): CopyPlan => ({ mode: 'full', reason, baseline: null });
  const baseline = baselines.find((one) => one.diskId === disk.id);
  if (!baseline) {
    if (revokedBecause) return full(revokedBecause);
    return full(
      baselines.length === 0 ? 'It is the first copy of this disk.' : 'No run copied a disk of this identity before.',
    );
  }
  if (disk.capacityBytes < baseline.capacityBytes) return full('The disk has become smaller since the last run.');
  const compared = (reason: string): CopyPlan => ({ mode: 'compared', reason, baseline });
  if (disk.capacityBytes > baseline.capacityBytes) return compared('The disk has grown since the last run.');
  if (!disk.changeId) return compared(disk.notTrackedBecause ?? 'The source does not track the changes of this disk.');
  if (!baseline.changeId) return compared('The source did not track the changes of this disk at the last run.');
  return { mode: 'delta', reason: null, baseline };
}

/** Digest sets outlive their runs, so they lie outside of what expires in the staging bucket. */
export const DIGEST_PREFIX = 'landfall-digests/';

/** Where the digest sets of a run begin; ends with a slash. */
export function digestPrefix(jobId: string, runId: string): string {
  return `${DIGEST_PREFIX}${jobId}/${runId}/`;
}

/** Where a run stages its disks, under its target's prefix; ends with a slash. */
export function stagingPrefix(prefix: string, jobId: string, runId: string): string {
  return `${prefix}${jobId}/${runId}/`;
}
