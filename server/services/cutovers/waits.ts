// What a cutover waits for by itself, as people read it. A worker that goes round asks this of what it read without a lock,
// and leaves alone whatever waits for the same as before.
import type { CutoverRow, RunRow, TaskRow } from '../../../db/schema/index.ts';
import { stepPlan } from '../../../replication/model/itinerary.ts';

/** A connector that is alive takes a task up at once, and says soon after its deadline what came of it. */
const UNCLAIMED_MS = 60_000;
const OVERDUE_MS = 60_000;
/** A run that is cancelled may clean up for so long; then a person is asked, since the source is down meanwhile. */
const CANCELLED_RUN_MS = 3 * 60_000;

type Waiting = Pick<CutoverRow, 'step' | 'timeline' | 'options' | 'finalRunId' | 'sourceStopped'>;
type OpenRun = Pick<RunRow, 'id' | 'state' | 'step' | 'percent' | 'waitingFor'>;
type PowerTask = Pick<TaskRow, 'holder' | 'power'>;

/** Milliseconds since its step, or its newest try, began. */
export function timeInStep({ timeline, step }: Pick<Waiting, 'timeline' | 'step'>, at: Date): number {
  const record = timeline[step];
  return at.getTime() - new Date(record?.since ?? record?.startedAt ?? at).getTime();
}

/** Nobody has it, or nobody has said anything long after its deadline. */
function isStuck(row: Waiting, task: PowerTask, at: Date): boolean {
  const deadline = (task.power?.deadlineSeconds ?? 0) * 1000 + OVERDUE_MS;
  return timeInStep(row, at) > (task.holder === null ? UNCLAIMED_MS : deadline);
}

/**
 * Null where there may be something to do, or to ask.
 * @param around `run`: the job's run that is pending or active; `power`: its power task that is open
 */
export function waitsByItself(
  row: Waiting,
  { run, power }: { run?: OpenRun | null; power?: PowerTask | null },
  at: Date,
): string | null {
  switch (row.step) {
    case 'check':
      return run ? `Waits until ${run.id} has ended; nothing is shut down before.` : null;
    case 'stop-source': {
      if (!row.options.touchSource || !power || isStuck(row, power, at)) return null;
      const what = power.power?.action === 'power-off' ? 'the server to be powered off' : 'the guest to shut down';
      return power.holder ? `Waits for ${what}.` : NOT_TAKEN_UP;
    }
    case 'final-run': {
      if (!run) return null;
      if (!row.finalRunId) return `Waits until ${run.id} has ended.`;
      if (run.id !== row.finalRunId) return null;
      const where = run.state === 'pending' ? (run.waitingFor ?? 'it waits to start') : stepPlan(run.step).label;
      return `${run.id}: ${Math.floor(run.percent)} %, ${where}`;
    }
    case 'end-final-run':
      if (!run || run.id !== row.finalRunId || timeInStep(row, at) > CANCELLED_RUN_MS) return null;
      return `Waits until ${run.id} has cleaned up.`;
    case 'start-source':
      if (row.sourceStopped !== 'by-landfall' || power?.power?.action !== 'power-on' || isStuck(row, power, at))
        return null;
      return power.holder ? 'Waits for the server to be on.' : NOT_TAKEN_UP;
    default:
      return null;
  }
}

const NOT_TAKEN_UP = 'Waits for the connector to take it up.';
