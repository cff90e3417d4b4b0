// Settings of a replication job and the rules between them. Pure; screens and server both read it.
import { z } from 'zod';
import type { CatalogServer } from './server.ts';

/** As in SMS: unset is Auto. */
export const licenseSchema = z.enum(['auto', 'aws', 'byol']);
export type License = z.infer<typeof licenseSchema>;

/** RegisterImage takes the disks as they are; VM Import also puts AWS drivers into the guest. Auto: VM Import for Windows. */
export const imageMethodSchema = z.enum(['auto', 'register-image', 'import-image']);
export type ImageMethod = z.infer<typeof imageMethodSchema>;

export function effectiveImageMethod(
  method: ImageMethod,
  family: CatalogServer['guestFamily'],
): 'register-image' | 'import-image' {
  const windows = family === 'windows-server' || family === 'windows-client';
  // An AMI that RegisterImage makes of a Windows disk does not launch.
  if (windows) return 'import-image';
  return method === 'auto' ? 'register-image' : method;
}

export const jobStateSchema = z.enum([
  'pending',
  'active',
  'completed',
  'failed',
  'failing',
  /** By a person. */
  'paused',
  /** By itself, after so many failures in a row as its settings say. */
  'paused-on-failure',
  'deleting',
  'deleted',
]);
export type JobState = z.infer<typeof jobStateSchema>;

export const MAX_SEED_DAYS = 30;

/** What a person sets on a job (SMS: seedReplicationTime, frequency, runOnce, numberOfRecentAmisToKeep, description). */
export const jobSettingsSchema = z
  .object({
    /** Hours between runs, 1–24; null runs once. */
    everyHours: z.number().int().min(1, 'At least every hour is 1').max(24, 'At most 24 hours').nullable(),
    /** First run: null is now. */
    seedAt: z.date().nullable(),
    description: z.string().trim().max(255, 'At most 255 characters').default(''),
    /** Number of AMIs to keep, 1–270; null keeps all. */
    keepImages: z.number().int().min(1, 'At least 1').max(270, 'At most 270').nullable(),
    /** How many blocks each run reads back; null: as the AWS target's settings say. */
    verification: z.enum(['sampled', 'full']).nullable().default(null),
    /** Failed runs in a row after which the job pauses, 1–20; null: never. */
    pauseAfterFailures: z.number().int().min(1, 'At least 1').max(20, 'At most 20').nullable().default(3),
  })
  .strict();
export type JobSettings = z.infer<typeof jobSettingsSchema>;

/** The licences that a guest system may take (SMS guide: Linux BYOL only, Windows Server AWS or BYOL, clients BYOL). */
export function allowedLicenses(family: CatalogServer['guestFamily']): License[] {
  if (family === 'windows-server') return ['auto', 'aws', 'byol'];
  return ['auto', 'byol'];
}

/** What Auto means for a guest system. */
export function effectiveLicense(license: License, family: CatalogServer['guestFamily']): 'aws' | 'byol' {
  if (license !== 'auto') return license;
  return family === 'windows-server' ? 'aws' : 'byol';
}

/** Why a seed time is refused, or null. */
export function seedTimeProblem(seedAt: Date | null, now: Date): string | null {
  if (!seedAt) return null;
  if (seedAt.getTime() < now.getTime() - 60_000) return 'The time is in the past.';
  if (seedAt.getTime() > now.getTime() + MAX_SEED_DAYS * 86_400_000) return `At most ${MAX_SEED_DAYS} days ahead.`;
  return null;
}

/** Nothing starts by itself while a job is in one of these. */
export function isPaused(state: JobState): boolean {
  return state === 'paused' || state === 'paused-on-failure';
}

/** Nothing can be done with a job any more that is in one of these. */
export function isDeleting(state: JobState): boolean {
  return state === 'deleting' || state === 'deleted';
}
