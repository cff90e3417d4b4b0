// What has been chosen in the wizard so far: its shape, its rules, and how it survives a reload. Pure except for the storage.
import { z } from 'zod';
import {
  allowedLicenses,
  type ImageMethod,
  imageMethodSchema,
  type License,
  licenseSchema,
} from '../../../../replication/model/job.ts';
import type { CatalogServer } from '../../../../replication/model/server.ts';
import { NEW_SETTINGS, settingsDraftSchema } from '../settings-draft.ts';

type Family = CatalogServer['guestFamily'];

export const draftSchema = settingsDraftSchema.extend({
  /** Chosen servers in the order of choosing. */
  serverIds: z.array(z.string()),
  /** What differs from Auto, by server. */
  licenses: z.record(z.string(), licenseSchema),
  imageMethods: z.record(z.string(), imageMethodSchema),
  /** The AWS target; while none was chosen the workspace's first. */
  targetId: z.string().optional(),
});
export type Draft = z.infer<typeof draftSchema>;

export function newDraft(serverIds: string[]): Draft {
  return { serverIds, licenses: {}, imageMethods: {}, ...NEW_SETTINGS };
}

export const licenseOf = (draft: Pick<Draft, 'licenses'>, server: { id: string; guestFamily: Family }): License => {
  const chosen = draft.licenses[server.id] ?? 'auto';
  return allowedLicenses(server.guestFamily).includes(chosen) ? chosen : 'auto';
};

export const isWindows = (family: Family): boolean => family === 'windows-server' || family === 'windows-client';

/** Windows takes VM Import whatever was chosen; that is Auto to the server. */
export const imageMethodOf = (
  draft: Pick<Draft, 'imageMethods'>,
  server: { id: string; guestFamily: Family },
): ImageMethod => (isWindows(server.guestFamily) ? 'auto' : (draft.imageMethods[server.id] ?? 'auto'));

/** Whether a person would lose anything by leaving. */
export function isTouched(draft: Draft): boolean {
  // Parsed, both have their fields in the same order.
  return JSON.stringify(draftSchema.parse(draft)) !== JSON.stringify(draftSchema.parse(newDraft([])));
}

const KEY = 'landfall.create-replication-job';

/** Keeps the draft for this tab: a reload, or Back from another page, finds it again. */
export function keepDraft(draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // No storage, or it is full: the wizard still works, but a reload starts over.
  }
}

export function forgetDraft(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept then.
  }
}

/** What was kept; null when there is nothing, or nothing that this version understands. */
export function keptDraft(): Draft | null {
  try {
    const parsed = draftSchema.safeParse(JSON.parse(sessionStorage.getItem(KEY) ?? 'null'));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
