// What a baseline means for the next run of its disk. Pure.
import type { Baseline } from './types.ts';

interface Outlook {
  /** Whether the source says what changed, as a status. */
  tracking: { type: 'success' | 'info' | 'warning'; text: string };
  /** What the next run does with this disk. */
  next: string;
  why: string | null;
}

export function outlookOf(
  baseline: Pick<Baseline, 'tracked' | 'notTrackedBecause' | 'revokedAt' | 'revokedBecause'>,
): Outlook {
  if (baseline.revokedAt) {
    return {
      tracking: { type: 'warning', text: 'Revoked' },
      next: 'Copies the disk whole',
      why: baseline.revokedBecause,
    };
  }
  if (baseline.tracked) {
    return { tracking: { type: 'success', text: 'Tracked' }, next: 'Reads and sends what changed', why: null };
  }
  return {
    tracking: { type: 'info', text: 'Not tracked' },
    next: 'Reads the whole disk, sends what differs',
    why: baseline.notTrackedBecause ?? 'The source does not track the changes of this disk.',
  };
}
