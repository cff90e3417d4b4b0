// What the audit trail's actions are called on the page.

export const ACTION_LABELS: Record<string, string> = {
  'catalog.clear': 'Cleared server catalog',
  'catalog.import': 'Imported server catalog',
  'connector.associate': 'Associated connector',
  'connector.disassociate': 'Disassociated connector',
  'connector.enrol': 'Made enrolment code',
  'image.create': 'Created AMI',
  'image.delete': 'Deleted AMI',
  'image.prune': 'Pruned AMI',
  'instance.launch': 'Launched instance',
  'instance.launch-test': 'Launched test instance',
  'instance.end-test': 'Ended test',
  'instance.terminate': 'Terminated instance',
  'job.create': 'Created replication job',
  'job.delete': 'Deleted replication job',
  'job.edit': 'Edited replication job',
  'member.create': 'Added member',
  'run.cancel': 'Cancelled replication run',
  'run.start': 'Started replication run',
  'session.end-all': 'Signed out everywhere',
};

/** The label of an action; one without is shown as it is written in the trail. */
export function actionLabel(action: string): string {
  return ACTION_LABELS[action] ?? action;
}

export interface Change {
  name: string;
  before: string | null;
  after: string | null;
}

/** Field by field, what was different afterwards; what stayed the same is left out. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const old = asRecord(before);
  const now = asRecord(after);
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].sort().flatMap((name) => {
    const change = { name, before: asText(old[name]), after: asText(now[name]) };
    return change.before === change.after ? [] : [change];
  });
}

function asRecord(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
