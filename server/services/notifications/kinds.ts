// The kinds of notification: what each is called, from what it arises, and how it is told. Another one is a line here (and, where
// nothing writes it into the outbox yet, a trigger in a migration).

export interface NotificationKind {
  label: string;
  description: string;
  /** Under what the outbox has it: a kind of `attention`, `connector`, `target` or `job-state`. */
  about: string;
  /** Seconds for which signs of one cause are gathered before it is told: several runs fail of it, and what passes by itself is not told. */
  gatherSeconds: number;
  /** Quiet hours may let it through. */
  urgent: boolean;
  /** `machines`: each is told by itself, however many there are, so only by ways that a program reads. */
  readers: 'everybody' | 'machines';
}

export const NOTIFICATION_KINDS = {
  'run-failed': {
    label: 'Replication runs failed',
    description: 'The latest run of a replication job failed. Jobs that failed of one cause are one notification.',
    about: 'failed-runs',
    gatherSeconds: 30,
    urgent: false,
    readers: 'everybody',
  },
  'job-paused': {
    label: 'Replication jobs paused',
    description: 'Too many runs failed one after another: no run starts until somebody resumes the job.',
    about: 'paused-jobs',
    gatherSeconds: 30,
    urgent: false,
    readers: 'everybody',
  },
  'runs-waiting': {
    label: 'Replication runs cannot start',
    description: 'Something that runs need is missing. They start by themselves once it is there.',
    about: 'waiting-runs',
    gatherSeconds: 60,
    urgent: false,
    readers: 'everybody',
  },
  'connector-unhealthy': {
    label: 'Connector unhealthy',
    description: 'A connector does not answer, or one of its required checks fails.',
    about: 'connector',
    gatherSeconds: 30,
    urgent: false,
    readers: 'everybody',
  },
  'target-out-of-order': {
    label: 'AWS target out of order',
    description:
      'Runs fail since AWS refuses the target or cannot be reached, or its latest test found something wrong.',
    about: 'target',
    gatherSeconds: 30,
    urgent: false,
    readers: 'everybody',
  },
  'cutover-waits': {
    label: 'Cutover waits for an answer',
    description: 'A service is down until somebody decides. Told at once.',
    about: 'cutover',
    gatherSeconds: 0,
    urgent: true,
    readers: 'everybody',
  },
  'left-over': {
    label: 'Something is left over',
    description: 'What a run made outside could not be taken away again.',
    about: 'left-over',
    gatherSeconds: 60,
    urgent: false,
    readers: 'everybody',
  },
  'job-state-change': {
    label: 'Job state change',
    description:
      "One for each run that completed or failed and each job that was deleted, with what SMS's own event had.",
    about: 'job-state',
    gatherSeconds: 0,
    urgent: false,
    readers: 'machines',
  },
} as const satisfies Record<string, NotificationKind>;

export type NotificationKindId = keyof typeof NOTIFICATION_KINDS;

export const KIND_IDS = Object.keys(NOTIFICATION_KINDS) as NotificationKindId[];

/** The kind that tells of what the outbox has under this. */
export function kindAbout(about: string): (NotificationKind & { id: NotificationKindId }) | null {
  const id = KIND_IDS.find((one) => NOTIFICATION_KINDS[one].about === about);
  return id ? { id, ...NOTIFICATION_KINDS[id] } : null;
}
