// Keeps the draft of a launch in this tab: a reload, or Back from another page, finds it again.
import { type Draft, draftSchema } from './draft.ts';

const keyOf = (runId: string) => `landfall.launch-instance.${runId}`;

export function keepDraft(runId: string, draft: Draft): void {
  try {
    sessionStorage.setItem(keyOf(runId), JSON.stringify(draft));
  } catch {
    // No storage, or it is full: the wizard still works, but a reload starts over.
  }
}

export function forgetDraft(runId: string): void {
  try {
    sessionStorage.removeItem(keyOf(runId));
  } catch {
    // Nothing was kept then.
  }
}

/** What was kept; null when there is nothing, or nothing that this version understands. */
export function keptDraft(runId: string): Draft | null {
  try {
    const parsed = draftSchema.safeParse(JSON.parse(sessionStorage.getItem(keyOf(runId)) ?? 'null'));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
