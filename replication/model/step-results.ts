// What each step leaves behind for the steps after it, kept with the run. Pure.
import { z } from 'zod';
import type { StepId } from './itinerary.ts';
import { catalogServerSchema, findingSchema } from './server.ts';

export const snapshotDiskSchema = z.object({
  id: z.string(),
  key: z.string(),
  label: z.string(),
  capacityBytes: z.number().int().positive(),
  order: z.number().int(),
  /** The source's change id at the snapshot, for the next landfall's deltas; null when it tracks nothing. */
  changeId: z.string().nullable(),
});

export const stepResultSchemas = {
  'check-server': z.object({ server: catalogServerSchema, findings: z.array(findingSchema) }),
  'take-snapshot': z.object({
    snapshotId: z.string(),
    name: z.string(),
    takenAt: z.iso.datetime(),
    quiesced: z.boolean(),
    /** Why the snapshot is only crash-consistent. */
    notQuiescedBecause: z.string().nullable(),
    disks: z.array(snapshotDiskSchema).min(1),
  }),
  'copy-disks': z.object({
    transport: z.enum(['nfc']),
    /** The OVF descriptor of the export. */
    descriptor: z.string().nullable(),
    disks: z.array(
      z.object({
        id: z.string(),
        bucket: z.string(),
        key: z.string(),
        capacityBytes: z.number().int(),
        bytesRead: z.number().int(),
        bytesSent: z.number().int(),
        /** Blocks of 512 KiB that hold anything but zeros. */
        blocks: z.number().int(),
        /** SHA-256 over ascending (index, digest) of those blocks, hex. */
        rootDigest: z.string(),
        seconds: z.number(),
      }),
    ),
  }),
  'release-snapshot': z.object({}),
  'make-snapshots': z.object({ disks: z.array(z.object({ id: z.string(), snapshotId: z.string() })) }),
  'delete-staging': z.object({ deleted: z.number().int() }),
  'create-image': z.object({
    imageId: z.string(),
    method: z.enum(['register-image', 'import-image']),
    /** Said to the person, e.g. why VM Import was not used. */
    note: z.string().nullable(),
  }),
  'prune-images': z.object({ images: z.array(z.string()) }),
} satisfies Record<StepId, z.ZodType>;

export type StepResults = { [S in StepId]: z.infer<(typeof stepResultSchemas)[S]> };

/** Results of the steps that have ended so far. */
export type ResultsSoFar = Partial<StepResults>;

/** Progress of one disk within a step; bytes count what the page shows. */
export const diskProgressSchema = z.object({
  id: z.string(),
  label: z.string(),
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
  note: z.string().max(300).nullable(),
  disks: z.array(diskProgressSchema),
});
export type StepProgress = z.infer<typeof stepProgressSchema>;
