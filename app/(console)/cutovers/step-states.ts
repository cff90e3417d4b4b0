// What the time line of a cutover says about each step of its runbook. Pure.
import {
  type CutoverOptions,
  type CutoverState,
  type CutoverStepId,
  type CutoverStepPlan,
  type CutoverTimeline,
  isOver,
  rollBackSteps,
  runbook,
  type StepRecord,
} from '../../../replication/model/cutover.ts';

/** As in the table `cutover-step` of status-kinds.ts. */
export type StepState =
  | 'to-come'
  | 'running'
  | 'waits'
  | 'done'
  | 'skipped'
  | 'failed'
  | 'rolled-back'
  | 'cancelled'
  | 'not-reached';

export interface ShownStep extends CutoverStepPlan {
  state: StepState;
  record: StepRecord | null;
  /** Where the cutover is; false for every step once it is over. */
  current: boolean;
}

export interface WhereItIs {
  state: CutoverState;
  step: CutoverStepId;
  question: object | null;
  timeline: CutoverTimeline;
  options: Pick<CutoverOptions, 'touchSource'>;
}

/** The steps of the runbook in their order, followed by those of the roll-back, if there was one. */
export function shownSteps(cutover: WhereItIs): ShownStep[] {
  const left = cutover.timeline['end-final-run'] !== undefined;
  const open = !isOver(cutover.state);
  const shown = (plan: CutoverStepPlan, ahead: boolean): ShownStep => {
    const record = cutover.timeline[plan.id] ?? null;
    const current = cutover.step === plan.id && cutover.state !== 'planned' && open;
    return { ...plan, record, current, state: stateOf(cutover, record, { current, ahead }) };
  };
  return [
    ...runbook(cutover.options.touchSource).map((plan) => shown(plan, open && !left)),
    ...(left ? rollBackSteps() : []).map((plan) => shown(plan, open)),
  ];
}

/** The step that it is in, or the one that it ended in. */
export function currentStep(cutover: WhereItIs): ShownStep | undefined {
  return shownSteps(cutover).find(({ id }) => id === cutover.step);
}

function stateOf(
  cutover: WhereItIs,
  record: StepRecord | null,
  { current, ahead }: { current: boolean; ahead: boolean },
): StepState {
  // After the cut-over only a person can continue it, though nothing is asked.
  if (current) return cutover.question || cutover.state === 'cut-over' ? 'waits' : 'running';
  if (!record) return ahead ? 'to-come' : 'not-reached';
  if (cutover.state === 'cancelled') return 'cancelled';
  const left = cutover.timeline['end-final-run'];
  if (record.outcome === 'failed' && left && left.startedAt === record.endedAt) return 'rolled-back';
  if (!record.endedAt) return 'running';
  return record.outcome ?? 'done';
}
