// The shape of a replication run as one piece of data: engine, time line, percentage and docs all read it. Pure.

export const SMS_STAGES = ['Scheduled', 'Uploading', 'Converting', 'Creating AMI'] as const;
export type SmsStage = (typeof SMS_STAGES)[number];

export const CONNECTOR_STEPS = [
  'check-server',
  'take-snapshot',
  'find-changes',
  'copy-disks',
  'release-snapshot',
] as const;
export const CLOUD_STEPS = [
  'start-snapshots',
  'make-snapshots',
  'verify',
  'delete-staging',
  'create-image',
  'prune-images',
] as const;
export type ConnectorStepId = (typeof CONNECTOR_STEPS)[number];
export type CloudStepId = (typeof CLOUD_STEPS)[number];
export type StepId = ConnectorStepId | CloudStepId;

export interface StepPlan {
  id: StepId;
  stage: SmsStage;
  /** What a person reads on the time line. */
  label: string;
  place: 'connector' | 'cloud';
  /** Share of the percentage; all weights add up to 100. */
  weight: number;
  /** Tries in all when a fault says `now` or the holder of the lease was lost. */
  attempts: number;
}

export const ITINERARY: readonly StepPlan[] = [
  { id: 'check-server', stage: 'Scheduled', label: 'Check server', place: 'connector', weight: 2, attempts: 3 },
  { id: 'take-snapshot', stage: 'Uploading', label: 'Take snapshot', place: 'connector', weight: 3, attempts: 3 },
  { id: 'find-changes', stage: 'Uploading', label: 'Find changes', place: 'connector', weight: 2, attempts: 3 },
  { id: 'start-snapshots', stage: 'Uploading', label: 'Start EBS snapshots', place: 'cloud', weight: 1, attempts: 3 },
  { id: 'copy-disks', stage: 'Uploading', label: 'Copy disks', place: 'connector', weight: 52, attempts: 5 },
  { id: 'release-snapshot', stage: 'Uploading', label: 'Release snapshot', place: 'connector', weight: 2, attempts: 5 },
  { id: 'make-snapshots', stage: 'Converting', label: 'Make EBS snapshots', place: 'cloud', weight: 23, attempts: 3 },
  { id: 'verify', stage: 'Converting', label: 'Verify', place: 'cloud', weight: 2, attempts: 3 },
  { id: 'delete-staging', stage: 'Converting', label: 'Delete staged disks', place: 'cloud', weight: 1, attempts: 5 },
  { id: 'create-image', stage: 'Creating AMI', label: 'Create AMI', place: 'cloud', weight: 11, attempts: 3 },
  { id: 'prune-images', stage: 'Creating AMI', label: 'Prune old AMIs', place: 'cloud', weight: 1, attempts: 5 },
];

export function stepPlan(id: StepId): StepPlan {
  const plan = ITINERARY.find((step) => step.id === id);
  if (!plan) throw new Error(`The itinerary has no step ${id}`);
  return plan;
}

/** The step after this one; undefined after the last. */
export function nextStep(id: StepId): StepPlan | undefined {
  return ITINERARY[ITINERARY.findIndex((step) => step.id === id) + 1];
}

/** Percentage 0–100 of a run whose current step stands at `fraction` (0–1). */
export function runPercent(current: StepId, fraction: number): number {
  const at = ITINERARY.findIndex((step) => step.id === current);
  const before = ITINERARY.slice(0, at).reduce((sum, step) => sum + step.weight, 0);
  const weight = ITINERARY[at]?.weight ?? 0;
  return Math.min(100, Math.max(0, before + weight * Math.min(1, Math.max(0, fraction))));
}
