// Who may do what: the one table that the server's guard and the screens both read. Pure.

export const ROLES = ['viewer', 'operator', 'cutover-manager', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

/** What a person reads for a role. */
export const ROLE_LABELS: Record<Role, string> = {
  viewer: 'Viewer',
  operator: 'Operator',
  'cutover-manager': 'Cutover manager',
  administrator: 'Administrator',
};

const everybody: readonly Role[] = ROLES;
const operators: readonly Role[] = ['operator', 'cutover-manager', 'administrator'];
const cutoverManagers: readonly Role[] = ['cutover-manager', 'administrator'];
const administrators: readonly Role[] = ['administrator'];

/** A permission joins the table with the verb that asks for it; one that nobody asks for fails the tests. */
export const PERMISSIONS = {
  'workspace.read': everybody,
  /** One's own account: name, password, sessions, and what the screens remember. */
  'profile.manage': everybody,

  'connector.read': everybody,
  'connector.enrol': administrators,
  'connector.edit': administrators,
  'connector.disassociate': administrators,

  'catalog.import': operators,
  'catalog.clear': operators,
  'server.read': everybody,

  'job.read': everybody,
  'job.create': operators,
  'job.edit': operators,
  'job.delete': operators,
  'job.pause': operators,

  'run.read': everybody,
  'run.start': operators,
  'run.cancel': operators,

  /** What runs left outside and could not be taken away: another try, and the word that it is gone or is to stay. */
  'artifact.retry': operators,
  'artifact.forget': administrators,

  'image.read': everybody,
  'image.pin': operators,
  /** Another try at sharing or copying one; that it is shared or copied at all is a setting of its target. */
  'image.copy': operators,
  'image.delete': cutoverManagers,

  'instance.read': everybody,
  /** A launch whose purpose is a test, and its end. */
  'instance.launch-test': operators,
  'instance.end-test': operators,
  /** A launch for good, and the end of such an instance. */
  'instance.launch': cutoverManagers,
  'instance.terminate': cutoverManagers,

  'cutover.read': everybody,
  'cutover.comment': operators,
  'cutover.plan': cutoverManagers,
  'cutover.start': cutoverManagers,
  'cutover.decide': cutoverManagers,
  'cutover.cancel': cutoverManagers,
  'cutover.roll-back': cutoverManagers,

  'activity.read': everybody,

  'member.read': everybody,
  /** Invitations, roles, removal, and links for a new password. */
  'member.manage': administrators,

  /** Those of all members. */
  'access-key.manage': administrators,

  'target.read': everybody,
  'target.manage': administrators,
  'notification.read': everybody,
  /** Channels, tests of them, and replays. */
  'notification.manage': administrators,

  'limit.read': everybody,
  'limit.manage': administrators,
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

/** Whether a role carries a permission. */
export function may(role: Role, permission: Permission): boolean {
  const roles: readonly Role[] = PERMISSIONS[permission];
  return roles.includes(role);
}

/** What two roles both allow: the one whose permissions the other has too, and the least of all where neither has. */
export function lowerRole(a: Role, b: Role): Role {
  const holds = (more: Role, less: Role) =>
    (Object.keys(PERMISSIONS) as Permission[]).every((permission) => !may(less, permission) || may(more, permission));
  if (holds(b, a)) return a;
  return holds(a, b) ? b : 'viewer';
}
