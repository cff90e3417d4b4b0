// The one mapping from states to what a person sees. Pure.

export type StatusKind = 'pending' | 'in-progress' | 'success' | 'stopped' | 'warning' | 'error';

interface Shown {
  kind: StatusKind;
  label: string;
}

const shown = (kind: StatusKind, label: string): Shown => ({ kind, label });

const STATES = {
  connector: {
    waiting: shown('pending', 'Waiting for its first report'),
    healthy: shown('success', 'Healthy'),
    unhealthy: shown('error', 'Unhealthy'),
    disassociated: shown('stopped', 'Disassociated'),
  },
  check: {
    ok: shown('success', 'Passed'),
    passed: shown('success', 'Passed'),
    warning: shown('warning', 'Warning'),
    failed: shown('error', 'Failed'),
    unknown: shown('pending', 'Not checked yet'),
  },
  catalog: {
    importing: shown('in-progress', 'Importing'),
    available: shown('success', 'Imported'),
    failed: shown('error', 'Import failed'),
    'not-imported': shown('stopped', 'Not imported'),
  },
  power: {
    on: shown('success', 'On'),
    off: shown('stopped', 'Off'),
    suspended: shown('stopped', 'Suspended'),
  },
  readiness: {
    ready: shown('success', 'Ready'),
    warnings: shown('warning', 'Ready, with warnings'),
    blocked: shown('error', 'Blocked'),
  },
  finding: {
    blocking: shown('error', 'Blocking'),
    warning: shown('warning', 'Warning'),
  },
  target: {
    ready: shown('success', 'Ready'),
    unknown: shown('pending', 'Not reached yet'),
    incomplete: shown('warning', 'Not known in full'),
    retired: shown('stopped', 'Deleted'),
  },
  job: {
    pending: shown('pending', 'Pending'),
    active: shown('in-progress', 'Active'),
    completed: shown('success', 'Completed'),
    failed: shown('error', 'Failed'),
    failing: shown('warning', 'Failing'),
    'paused-on-failure': shown('error', 'Paused on failure'),
    paused: shown('stopped', 'Paused'),
    deleting: shown('in-progress', 'Deleting'),
    deleted: shown('stopped', 'Deleted'),
  },
  run: {
    pending: shown('pending', 'Pending'),
    active: shown('in-progress', 'Active'),
    completed: shown('success', 'Completed'),
    failed: shown('error', 'Failed'),
    cancelled: shown('stopped', 'Cancelled'),
    missed: shown('warning', 'Missed'),
    deleting: shown('in-progress', 'Deleting'),
    deleted: shown('stopped', 'Deleted'),
  },
  step: {
    waiting: shown('pending', 'Waiting'),
    pending: shown('pending', 'Waiting'),
    active: shown('in-progress', 'Running'),
    completed: shown('success', 'Done'),
    skipped: shown('stopped', 'Not needed'),
    failed: shown('error', 'Failed'),
    cancelled: shown('stopped', 'Cancelled'),
  },
  image: {
    pending: shown('pending', 'Pending'),
    available: shown('success', 'Available'),
    failed: shown('error', 'Failed'),
    deregistered: shown('stopped', 'Deregistered'),
  },
  instance: {
    launching: shown('in-progress', 'Launching'),
    pending: shown('in-progress', 'Pending'),
    running: shown('success', 'Running'),
    'shutting-down': shown('in-progress', 'Shutting down'),
    stopping: shown('in-progress', 'Stopping'),
    stopped: shown('stopped', 'Stopped'),
    terminated: shown('stopped', 'Terminated'),
    failed: shown('error', 'Launch failed'),
  },
  /** EC2's status checks. */
  'instance-check': {
    ok: shown('success', 'Passed'),
    initializing: shown('in-progress', 'Initializing'),
    impaired: shown('error', 'Impaired'),
    'insufficient-data': shown('warning', 'Insufficient data'),
    'not-applicable': shown('stopped', 'Not applicable'),
  },
  delivery: {
    waiting: shown('pending', 'Waiting'),
    sending: shown('in-progress', 'Sending'),
    delivered: shown('success', 'Delivered'),
    failed: shown('error', 'Failed'),
    dropped: shown('stopped', 'Dropped'),
  },
  cutover: {
    planned: shown('pending', 'Planned'),
    active: shown('in-progress', 'In progress'),
    'asks-you': shown('warning', 'Waiting for you'),
    asks: shown('warning', 'Waiting for a cutover manager'),
    'cut-over': shown('success', 'Cut over'),
    'rolling-back': shown('in-progress', 'Rolling back'),
    finished: shown('success', 'Finished'),
    'rolled-back': shown('stopped', 'Rolled back'),
    cancelled: shown('stopped', 'Cancelled'),
  },
  'cutover-step': {
    'to-come': shown('pending', 'Upcoming'),
    running: shown('in-progress', 'Running'),
    waits: shown('warning', 'Waiting for a person'),
    done: shown('success', 'Done'),
    skipped: shown('stopped', 'Skipped'),
    failed: shown('error', 'Failed'),
    'rolled-back': shown('stopped', 'Rolled back from here'),
    cancelled: shown('stopped', 'Cancelled'),
    'not-reached': shown('stopped', 'Not reached'),
  },
  'cutover-check': {
    pass: shown('success', 'Passes'),
    warn: shown('warning', 'Warning'),
    fail: shown('error', 'Does not pass'),
    wait: shown('pending', 'Waits'),
  },
} as const satisfies Record<string, Record<string, Shown>>;

export type StatusNoun = keyof typeof STATES;

/** Kind and label of a state. A state that is not in the table is shown by its own name, as pending. */
export function statusOf(noun: StatusNoun, state: string): Shown {
  const states: Record<string, Shown> = STATES[noun];
  return states[state] ?? shown('pending', state.charAt(0).toUpperCase() + state.slice(1).replaceAll('-', ' '));
}

/** Every state of a noun, for filters. */
export function statesOf(noun: StatusNoun): { value: string; label: string }[] {
  return Object.entries(STATES[noun]).map(([value, { label }]) => ({ value, label }));
}
