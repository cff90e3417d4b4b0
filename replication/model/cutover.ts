// A cutover's runbook as one piece of data, the questions that it asks, and what each state allows. Pure.
// Engine, pages and the evidence report all read it.
import { z } from 'zod';

/**
 * planned: waits for its time or for a person. active: in the runbook. cut-over: the instance has taken over, and there
 * is still a way back. The others are final.
 */
export const cutoverStateSchema = z.enum([
  'planned',
  'active',
  'cut-over',
  'rolling-back',
  'finished',
  'rolled-back',
  'cancelled',
]);
export type CutoverState = z.infer<typeof cutoverStateSchema>;

export const CUTOVER_STEPS = [
  'check',
  'stop-source',
  'final-run',
  'launch',
  'check-instance',
  'cut-over',
  'finish',
] as const;
export const ROLL_BACK_STEPS = ['end-final-run', 'stop-instance', 'start-source'] as const;
export type CutoverStepId = (typeof CUTOVER_STEPS)[number] | (typeof ROLL_BACK_STEPS)[number];

export interface CutoverStepPlan {
  id: CutoverStepId;
  label: string;
  /** What it does, in a sentence for whoever watches. */
  what: string;
}

const LABELS: Record<CutoverStepId, [string, string]> = {
  check: ['Check', 'The last run, the launch configuration and the way to the source are looked at once more.'],
  'stop-source': ['Shut the server down', 'The guest is asked to shut down. From here on the service is down.'],
  'final-run': ['Final run', 'What changed since the last run is copied, verified and made an AMI.'],
  launch: ['Launch', 'An instance of the final AMI is launched as the launch configuration says.'],
  'check-instance': ['Check the instance', 'Its status checks, its console output and, where asked for, a TCP port.'],
  'cut-over': ['Cut over', 'A person says that the instance has taken over. The downtime ends.'],
  finish: ['Finish', 'The replication job ends; its AMIs stay. After that there is no way back from here.'],
  'end-final-run': ['End the final run', 'A final run that is still going is cancelled and cleans up after itself.'],
  'stop-instance': ['Stop the instance', 'The launched instance is stopped, not terminated.'],
  'start-source': ['Start the server', 'The server is powered on again at its source.'],
};

export function cutoverStep(id: CutoverStepId): CutoverStepPlan {
  const [label, what] = LABELS[id];
  return { id, label, what };
}

/** The steps in their order; where the team stops the source itself, the words of that step differ. */
export function runbook(touchSource: boolean): CutoverStepPlan[] {
  return CUTOVER_STEPS.map((id) => {
    const step = cutoverStep(id);
    if (id !== 'stop-source' || touchSource) return step;
    return {
      id,
      label: 'The server is stopped',
      what: 'Your team stops the server and says so here. From then on the service is down.',
    };
  });
}

export function rollBackSteps(): CutoverStepPlan[] {
  return ROLL_BACK_STEPS.map(cutoverStep);
}

/** What a person may answer. Dangerous ones are asked twice. */
export const CHOICES = {
  'check-again': { label: 'Check again', danger: false },
  'keep-waiting': { label: 'Keep waiting', danger: false },
  'power-off': { label: 'Power off', danger: true },
  'source-stopped': { label: 'The server is stopped', danger: false },
  'try-again': { label: 'Try again', danger: false },
  'go-on': { label: 'Go on all the same', danger: true },
  'cut-over': { label: 'Cut over', danger: false },
  'done-by-hand': { label: 'I did it by hand', danger: false },
} as const satisfies Record<string, { label: string; danger: boolean }>;
export type Choice = keyof typeof CHOICES;
export const choiceSchema = z.enum(Object.keys(CHOICES) as [Choice, ...Choice[]]);

export const questionSchema = z.object({
  /** Grows with each question of a cutover: an answer names the one that it is for. */
  number: z.number().int(),
  text: z.string(),
  /** More of it: a fault's remedy, what was seen. */
  detail: z.string().nullable(),
  choices: z.array(choiceSchema).min(1),
  askedAt: z.iso.datetime(),
});
export type Question = z.infer<typeof questionSchema>;

const tcpCheckSchema = z.object({
  /** Null: the instance's own address, the public one where it has one. */
  host: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'A host name or an address')
    .nullable(),
  port: z.number().int().min(1, 'From 1 to 65535').max(65_535, 'From 1 to 65535'),
});

export const cutoverOptionsSchema = z.object({
  /** False: the team stops the source itself, and nothing of ours switches it. */
  touchSource: z.boolean().default(true),
  /** How long the guest may take to shut down before a person is asked. */
  shutdownMinutes: z.number().int().min(1, 'At least 1 minute').max(120, 'At most 120 minutes').default(10),
  /** How long the instance's checks may take before a person is asked. */
  checkMinutes: z.number().int().min(1, 'At least 1 minute').max(240, 'At most 240 minutes').default(20),
  /** Must stand in the instance's console output; null: its output is only kept. */
  consoleText: z.string().trim().min(1).max(200).nullable().default(null),
  tcp: tcpCheckSchema.nullable().default(null),
});
export type CutoverOptions = z.infer<typeof cutoverOptionsSchema>;

/** One line of what was looked at, before or after. */
export const cutoverCheckSchema = z.object({
  id: z.string(),
  label: z.string(),
  /** fail: the cutover does not go on; warn: it does; wait: not known yet. */
  state: z.enum(['pass', 'warn', 'fail', 'wait']),
  text: z.string(),
});
export type CutoverCheck = z.infer<typeof cutoverCheckSchema>;

export interface StepRecord {
  startedAt: string;
  /** When its latest try began, where there were several. */
  since?: string;
  endedAt?: string;
  /** How it ended: done, skipped because there was nothing to do, or failed. */
  outcome?: 'done' | 'skipped' | 'failed';
  /** Who took the decision in it. */
  by?: string;
}
export type CutoverTimeline = Partial<Record<CutoverStepId, StepRecord>>;

/** Nothing outside was touched yet: it can be dropped, and there is nothing to roll back. */
export function canCancel(cutover: { state: CutoverState; step: CutoverStepId }): boolean {
  return cutover.state === 'planned' || (cutover.state === 'active' && cutover.step === 'check');
}

export function canRollBack(cutover: { state: CutoverState; step: CutoverStepId }): boolean {
  return cutover.state === 'cut-over' || (cutover.state === 'active' && cutover.step !== 'check');
}

export function isOver(state: CutoverState): boolean {
  return state === 'finished' || state === 'rolled-back' || state === 'cancelled';
}

/** While it lasts, no run of the job starts but the cutover's own. */
export function holdsJob(state: CutoverState): boolean {
  return state === 'active' || state === 'cut-over' || state === 'rolling-back';
}

/** Milliseconds of downtime so far; null before it began. It ends with the cut-over, or with the source on again. */
export function downtime(
  cutover: { downtimeStartedAt: Date | null; downtimeEndedAt: Date | null },
  now: Date,
): number | null {
  if (!cutover.downtimeStartedAt) return null;
  return Math.max(0, (cutover.downtimeEndedAt ?? now).getTime() - cutover.downtimeStartedAt.getTime());
}
