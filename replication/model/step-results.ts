// What each step leaves behind for the steps after it, kept with the run. Pure.
import { z } from 'zod';
import { copyModeSchema } from './baseline.ts';
import { foreignString, MOST } from './foreign-text.ts';
import type { StepId } from './itinerary.ts';
import { catalogServerSchema, findingSchema } from './server.ts';

const snapshotDiskSchema = z.object({
  id: z.string(),
  key: z.string(),
  label: foreignString(MOST.name),
  capacityBytes: z.number().int().positive(),
  order: z.number().int(),
  /** The source's change id at the snapshot, from which the next run's delta begins; null when it tracks nothing. */
  changeId: z.string().nullable(),
  notTrackedBecause: foreignString().nullable().default(null),
});

export const stepResultSchemas = {
  'check-server': z.object({ server: catalogServerSchema, findings: z.array(findingSchema) }),
  'take-snapshot': z.object({
    snapshotId: z.string(),
    name: z.string(),
    takenAt: z.iso.datetime(),
    quiesced: z.boolean(),
    /** The server was off, so there was nothing to quiesce. */
    atRest: z.boolean().default(false),
    /** Why the snapshot is only crash-consistent. */
    notQuiescedBecause: foreignString().nullable(),
    disks: z.array(snapshotDiskSchema).min(1),
  }),
  'find-changes': z.object({
    disks: z.array(
      z.object({
        id: z.string(),
        mode: copyModeSchema,
        /** Why not less; null for a delta. */
        reason: foreignString().nullable(),
        /** Bytes of the areas that the source calls changed; null when it was not asked or cannot say. */
        changedBytes: z.number().int().nullable(),
        /** The digest set of the baseline that was found. */
        baseline: z.object({ manifestKey: z.string(), root: z.string() }).nullable(),
      }),
    ),
  }),
  'start-snapshots': z.object({
    disks: z.array(
      z.object({
        id: z.string(),
        mode: copyModeSchema,
        reason: foreignString().nullable(),
        /** vmdk: staged, and imported by AWS; pack: staged, and written by the worker; ebs-direct: written by the connector. */
        via: z.enum(['vmdk', 'pack', 'ebs-direct']),
        /** The baseline's snapshot that the new one is a child of. */
        parentSnapshotId: z.string().nullable(),
        /** The started snapshot that a pack is written into. */
        snapshotId: z.string().nullable(),
        /** For a snapshot without a parent; a child is encrypted as its parent is. */
        encryption: z
          .object({ encrypted: z.literal(true), kmsKeyArn: z.string().optional() })
          .nullable()
          .default(null),
      }),
    ),
  }),
  'copy-disks': z.object({
    transport: z.enum(['nfc', 'folder', 'nbd']),
    /** Why this transport, for people. */
    transportWhy: foreignString().default(''),
    /** The OVF descriptor of the export. */
    descriptor: z.string().nullable(),
    disks: z.array(
      z.object({
        id: z.string(),
        mode: copyModeSchema.default('full'),
        reason: foreignString().nullable().default(null),
        via: z.enum(['vmdk', 'pack', 'ebs-direct']).default('vmdk'),
        /** The baseline's snapshot below what was copied; null for a full copy. */
        parentSnapshotId: z.string().nullable().default(null),
        bucket: z.string(),
        /** The staged object; empty when nothing was staged. */
        key: z.string(),
        /** The snapshot that the connector wrote itself and sealed; null when the worker makes it. */
        snapshotId: z.string().nullable().default(null),
        capacityBytes: z.number().int(),
        bytesRead: z.number().int(),
        bytesSent: z.number().int(),
        /** Blocks of 512 KiB that were sent. */
        blocks: z.number().int(),
        /** Blocks that the source called changed, and whose bytes were the baseline's. */
        unchangedBlocks: z.number().int().default(0),
        /** The candidate's digest set. */
        manifestKey: z.string().default(''),
        /** Root of the digest set, hex. */
        rootDigest: z.string(),
        /** Prefixes in which the digest set's chunks lie. */
        digestPrefixes: z.array(z.string()).default([]),
        seconds: z.number(),
      }),
    ),
  }),
  'release-snapshot': z.object({}),
  'make-snapshots': z.object({ disks: z.array(z.object({ id: z.string(), snapshotId: z.string() })) }),
  verify: z.object({
    disks: z.array(
      z.object({
        id: z.string(),
        /** Blocks read back and found as sent, of all blocks that are not zeros. */
        checked: z.number().int(),
        blocks: z.number().int(),
        full: z.boolean(),
      }),
    ),
  }),
  'delete-staging': z.object({ deleted: z.number().int() }),
  'create-image': z.object({
    imageId: z.string(),
    method: z.enum(['register-image', 'import-image']),
    /** Said to the person, e.g. why VM Import was not used. */
    note: foreignString().nullable(),
  }),
  'prune-images': z.object({ images: z.array(z.string()) }),
} satisfies Record<StepId, z.ZodType>;

export type StepResults = { [S in StepId]: z.infer<(typeof stepResultSchemas)[S]> };

/** Results of the steps that have ended so far. */
export type ResultsSoFar = Partial<StepResults>;

/** Progress of one disk within a step; bytes count what the page shows. */
export const diskProgressSchema = z.object({
  id: z.string(),
  label: foreignString(MOST.name),
  capacityBytes: z.number().int(),
  /** Position in the disk up to which it is done. */
  doneBytes: z.number().int(),
  bytesRead: z.number().int(),
  bytesSent: z.number().int(),
  /** Bytes a second over the last seconds. */
  rate: z.number(),
  secondsLeft: z.number().nullable(),
  state: z.enum(['waiting', 'running', 'done']),
});
export type DiskProgress = z.infer<typeof diskProgressSchema>;

export const stepProgressSchema = z.object({
  /** 0–1 within the step. */
  fraction: z.number().min(0).max(1),
  note: foreignString(MOST.name).nullable(),
  disks: z.array(diskProgressSchema),
});
export type StepProgress = z.infer<typeof stepProgressSchema>;
