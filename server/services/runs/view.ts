// A run as screens show it: state, stage, label, percentage, time left, what it waits for. Computed here, rendered there.
import type { RunRow } from '../../../db/schema/index.ts';
import type { CopyMode } from '../../../replication/model/baseline.ts';
import { ITINERARY, type SmsStage, stepPlan } from '../../../replication/model/itinerary.ts';

export interface RunStatus {
  state: RunRow['state'];
  stage: SmsStage;
  /** "Copy disks", "Cancelling"… */
  label: string;
  percent: number;
  secondsLeft: number | null;
  rate: number;
  waitingFor: string | null;
  cancelling: boolean;
}

/** What is read of a run for its status. */
export type RunOfStatus = Pick<RunRow, 'state' | 'step' | 'percent' | 'progress' | 'waitingFor' | 'cancelRequestedAt'>;

export function runStatus(run: RunOfStatus): RunStatus {
  const plan = stepPlan(run.step);
  const disks = run.progress?.disks ?? [];
  const running = disks.filter((disk) => disk.state === 'running');
  const left = running.map((disk) => disk.secondsLeft);
  const cancelling = run.cancelRequestedAt !== null && run.state === 'active';
  return {
    state: run.state,
    stage: plan.stage,
    label: cancelling ? 'Cancelling' : plan.label,
    percent: run.state === 'completed' ? 100 : Math.floor(run.percent),
    secondsLeft: left.length > 0 && left.every((seconds) => seconds !== null) ? Math.max(...left.map(Number)) : null,
    rate: running.reduce((sum, disk) => sum + disk.rate, 0),
    waitingFor: run.waitingFor,
    cancelling,
  };
}

export interface RunStep {
  id: string;
  stage: SmsStage;
  label: string;
  place: 'connector' | 'cloud';
  state: 'waiting' | 'active' | 'completed' | 'failed' | 'cancelled';
  startedAt: string | null;
  endedAt: string | null;
  attempts: number;
}

/** The whole itinerary with where this run is on it. */
export function runSteps(run: RunRow): RunStep[] {
  const at = ITINERARY.findIndex((step) => step.id === run.step);
  return ITINERARY.map((step, index) => {
    const seen = run.timeline[step.id];
    const state = seen?.endedAt
      ? 'completed'
      : index === at && run.state === 'active'
        ? 'active'
        : index === at && (run.state === 'failed' || run.state === 'cancelled') && seen
          ? run.state
          : 'waiting';
    return {
      id: step.id,
      stage: step.stage,
      label: step.label,
      place: step.place,
      state,
      startedAt: seen?.startedAt ?? null,
      endedAt: seen?.endedAt ?? null,
      attempts: seen?.attempts ?? 0,
    };
  });
}

/** Bytes of the copy: what was read from the source and what was sent. */
export function copiedBytes(run: RunRow): { read: number | null; sent: number | null } {
  const disks = run.results['copy-disks']?.disks;
  if (!disks) return { read: null, sent: null };
  return {
    read: disks.reduce((sum, disk) => sum + disk.bytesRead, 0),
    sent: disks.reduce((sum, disk) => sum + disk.bytesSent, 0),
  };
}

/** How a run copies its disks: one word when all are alike, `mixed` when not, null until it is decided. */
export function copyModeOf(run: Pick<RunRow, 'results'>): CopyMode | 'mixed' | null {
  const { results } = run;
  const decided = results['copy-disks'] ?? results['start-snapshots'] ?? results['find-changes'];
  const modes = new Set(decided?.disks.map(({ mode }) => mode));
  const [mode] = modes;
  if (!mode) return null;
  return modes.size > 1 ? 'mixed' : mode;
}

/** Bytes of what the source called changed, over the disks that it was asked about; null when it was asked about none. */
export function changedBytesOf(run: Pick<RunRow, 'results'>): number | null {
  const known = (run.results['find-changes']?.disks ?? []).flatMap(({ changedBytes }) => changedBytes ?? []);
  return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0);
}

/** How much of a run's disks was read back and found as sent; null when nothing was. */
export function verifiedOf(
  disks: readonly { checked: number; blocks: number; full: boolean }[],
): { checked: number; blocks: number; full: boolean } | null {
  if (disks.length === 0) return null;
  return {
    checked: disks.reduce((sum, disk) => sum + disk.checked, 0),
    blocks: disks.reduce((sum, disk) => sum + disk.blocks, 0),
    full: disks.every((disk) => disk.full),
  };
}
