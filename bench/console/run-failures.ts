// What runs of the filled database failed of, and in which step.
import { type FaultCode, fault } from '../../replication/model/fault.ts';
import { ITINERARY, runPercent, type StepId } from '../../replication/model/itinerary.ts';

/** About as often as in life: troubles of the source and of a busy AWS first. */
const OFTEN: [FaultCode, StepId, times: number][] = [
  ['snapshot-failed', 'take-snapshot', 5],
  ['snapshot-no-space', 'take-snapshot', 4],
  ['esxi-unreachable', 'copy-disks', 4],
  ['export-cut', 'copy-disks', 3],
  ['staging-failed', 'copy-disks', 2],
  ['aws-limit', 'make-snapshots', 3],
  ['aws-access-denied', 'make-snapshots', 2],
  ['import-snapshot-failed', 'make-snapshots', 1],
  ['verification-failed', 'verify', 1],
  ['import-image-failed', 'create-image', 3],
  ['server-not-ready', 'check-server', 2],
];

export const FAILURES = OFTEN.flatMap(([code, step, times]) =>
  Array.from({ length: times }, () => ({ ...endedIn(step), fault: fault(code) })),
);

/** What a run that ended in a step never came to: the results from this step on, and the time line after it. */
export function endedIn(step: StepId) {
  const at = ITINERARY.findIndex(({ id }) => id === step);
  return {
    step,
    percent: runPercent(step, 0),
    noResults: ITINERARY.slice(at).map(({ id }) => id),
    notBegun: ITINERARY.slice(at + 1).map(({ id }) => id),
  };
}
