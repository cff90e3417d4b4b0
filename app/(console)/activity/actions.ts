// What the audit trail's actions are called on the page.

export const ACTION_LABELS: Record<string, string> = {
  'access-key.create': 'Created access key',
  'access-key.revoke': 'Revoked access key',
  'access.refused': 'Was refused',
  'activity.export': 'Exported activity',
  'artifact.retry': 'Had left-over tried again of',
  'catalog.clear': 'Cleared server catalog',
  'catalog.import': 'Imported server catalog',
  'connector.associate': 'Associated connector',
  'connector.check': 'Asked for checks of connector',
  'connector.disassociate': 'Disassociated connector',
  'connector.edit': 'Changed limits of connector',
  'connector.enrol': 'Created enrolment code',
  'cutover.cancel': 'Cancelled cutover',
  'cutover.comment': 'Commented on cutover',
  'cutover.decide': 'Answered question of cutover',
  'cutover.finish': 'Finished cutover',
  'cutover.plan': 'Planned cutover',
  'cutover.roll-back': 'Rolled back cutover',
  'cutover.start': 'Started cutover',
  'image.create': 'Created AMI',
  'image.delete': 'Deleted AMI',
  'image.pin': 'Pinned AMI',
  'image.prune': 'Pruned AMI',
  'image.share': 'Shared AMI',
  'image.copy': 'Copied AMI',
  'image.copy-again': 'Tried again to share or copy AMI',
  'image.unpin': 'Unpinned AMI',
  'instance.launch': 'Launched instance',
  'instance.launch-refused': 'Launch refused by EC2',
  'instance.launch-test': 'Launched test instance',
  'instance.end-test': 'Ended test',
  'instance.terminate': 'Terminated instance',
  'job.create': 'Created replication job',
  'job.delete': 'Deleted replication job',
  'job.edit': 'Edited replication job',
  'job.pause': 'Paused replication job',
  'job.resume': 'Resumed replication job',
  'limits.update': 'Changed runs at once',
  'job.launch-configuration': 'Saved launch configuration',
  'job.launch-configuration-clear': 'Cleared launch configuration',
  'mail.test': 'Asked for a test mail',
  'notification.create': 'Created notification channel',
  'notification.delete': 'Deleted notification channel',
  'notification.own': 'Changed own notifications',
  'notification.replay': 'Replayed a notification of channel',
  'notification.test': 'Tested notification channel',
  'notification.update': 'Changed notification channel',
  'invitation.accept': 'Accepted invitation',
  'invitation.create': 'Invited member',
  'invitation.renew': 'Made new link for invitation',
  'invitation.revoke': 'Revoked invitation',
  'member.create': 'Added member',
  'member.join-by-email': 'Joined account by verified e-mail',
  'member.join-by-group': 'Joined by group',
  'member.kept-last-administrator': 'Kept last administrator',
  'member.leave': 'Left workspace',
  'member.name': 'Changed own name',
  'member.password': 'Set new password',
  'member.remove': 'Removed member',
  'member.remove-by-group': 'Removed: group is gone',
  'member.reset-link': 'Made link for new password',
  'member.role': 'Changed role of member',
  'member.role-by-group': 'Changed role by group',
  'run.cancel': 'Cancelled replication run',
  'run.start': 'Started replication run',
  'session.break-glass': 'Used emergency account',
  'session.end': 'Ended session',
  'session.end-all': 'Signed out everywhere',
  'session.end-others': 'Ended other sessions',
  'session.refused-sso': 'Refused single sign-on',
  'session.sign-in': 'Signed in',
  'session.sign-in-sso': 'Signed in by single sign-on',
  'session.sign-out': 'Signed out',
  'sso.groups': 'Changed roles of groups',
  'target.create': 'Created AWS target',
  'target.delete': 'Deleted AWS target',
  'target.lend': 'Lent AWS credentials to run',
  'target.move': 'Changed place of AWS target',
  'target.sign-in': 'Changed sign-in of AWS target',
  'target.test': 'Tested AWS target',
  'target.update': 'Changed AWS target',
  'totp.reset': 'Took away second step of member',
  'totp.rule': 'Changed whether a second step is asked for',
  'totp.turn-off': 'Turned off second step',
  'totp.turn-on': 'Turned on second step',
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

/** Field by field, what was different afterwards; what stayed the same is left out. Fields within fields are `outer.inner`. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const old = fieldsOf(before);
  const now = fieldsOf(after);
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((name) => {
    const change = { name, before: old.get(name) ?? null, after: now.get(name) ?? null };
    return change.before === change.after ? [] : [change];
  });
}

/** Deeper values and longer lists would be a wall of lines; they are shown as they are. */
const MAX_DEPTH = 3;
const MAX_ITEMS = 20;

function fieldsOf(value: unknown, path = '', depth = 0, found = new Map<string, string>()): Map<string, string> {
  if (value === undefined || value === null || value === '') return found;
  const parts = Array.isArray(value) ? value.every((item) => typeof item !== 'object') : typeof value !== 'object';
  if (parts || depth > MAX_DEPTH || Object.keys(value).length > MAX_ITEMS) {
    if (path) found.set(path, asText(value));
    return found;
  }
  for (const [name, inner] of Object.entries(value)) {
    const number = Array.isArray(value) ? String(Number(name) + 1) : name;
    fieldsOf(inner, path ? `${path}.${number}` : number, depth + 1, found);
  }
  return found;
}

function asText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(asText).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
