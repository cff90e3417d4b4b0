// What every procedure of the API asks for, with an input that would do: the expected side of docs/authorization.md. A procedure
// without an entry does not compile. Imported by *.test.ts in server only.
import type { FaultCode } from '../../replication/model/fault-kinds.ts';
import type { Permission } from '../access/permissions.ts';
import type { AppRouter } from './root.ts';

type Nouns = AppRouter['_def']['record'];
export type ProcedurePath = { [N in keyof Nouns & string]: `${N}.${keyof Nouns[N] & string}` }[keyof Nouns & string];

/** Rows that an input names: those of one workspace, or ones that are nowhere. */
export interface NamedRows {
  connector: string;
  code: string;
  server: string;
  job: string;
  image: string;
  run: string;
  /** A run that goes on. */
  activeRun: string;
  instance: string;
  finalInstance: string;
  cutover: string;
  plannedCutover: string;
  leftOver: string;
  target: string;
  invitation: string;
  member: string;
  channel: string;
  /** One that failed. */
  delivery: string;
  /** Of somebody who is none of the callers. */
  session: string;
  /** Of a colleague. */
  accessKey: string;
}

export interface Entry {
  /** `link`: whoever holds one. */
  needs: Permission | 'link';
  input?: (rows: NamedRows) => unknown;
  /** Not by an access key, whatever its role. */
  sessionOnly?: true;
  /** Where a procedure asks for more than one, by what it is told. */
  when?: string;
  /** What somebody hears who may, in the state in which the rows are; else it is done. */
  says?: FaultCode;
  /** What somebody hears who may not, where it is not the refusal: as for what is nowhere. */
  otherwise?: FaultCode;
  /** What rows of another workspace are answered with, as unknown ones are: `not-found`, unless it is said here. */
  elsewhere?: FaultCode | 'nothing';
}

const page = { page: 1, pageSize: 10, sort: null, filter: { operation: 'and', tokens: [] } };
const list = () => page;
const token = 'x'.repeat(43);
const requestId = '0123456789abcdef0123456789abcdef';
const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
const signIn = {
  signIn: { kind: 'access-key', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x'.repeat(40) },
  connectorSignIn: 'own',
};
/** Nobody answers there, at once. */
export const away = Object.fromEntries(['ec2', 's3', 'ebs', 'sts'].map((service) => [service, 'http://127.0.0.1:1']));
const configuration = {
  instanceType: 't3.micro',
  subnetId: 'subnet-0123456789abcdef0',
  securityGroupIds: ['sg-0123456789abcdef0'],
  ...{ keyName: null, publicAddress: null, volumes: [], tags: [], userData: null },
};
const job = ({ job: jobId }: NamedRows) => ({ jobId });
const cutover = ({ cutover: cutoverId }: NamedRows) => ({ cutoverId });
const oneTarget = ({ target: targetId }: NamedRows) => ({ targetId });
const planned = ({ plannedCutover: cutoverId }: NamedRows) => ({ cutoverId });

export const PROCEDURES: Record<ProcedurePath, Entry | readonly Entry[]> = {
  'accessKeys.list': { needs: 'access-key.manage', sessionOnly: true, input: list },
  'accessKeys.own': { needs: 'profile.manage', sessionOnly: true },
  'accessKeys.create': {
    needs: 'profile.manage',
    sessionOnly: true,
    input: () => ({ requestId, name: 'Script', role: 'viewer', days: 30 }),
  },
  'accessKeys.revoke': [
    {
      needs: 'profile.manage',
      sessionOnly: true,
      when: 'none of this id',
      input: () => ({ keyId: 'LFKA0' }),
      says: 'not-found',
    },
    {
      needs: 'access-key.manage',
      sessionOnly: true,
      when: "somebody else's",
      input: ({ accessKey }) => ({ keyId: accessKey }),
      otherwise: 'not-found',
    },
  ],

  'activity.list': { needs: 'activity.read', input: list },
  'attention.count': { needs: 'workspace.read' },
  'attention.list': { needs: 'workspace.read' },

  'connectors.list': { needs: 'connector.read', input: list },
  'connectors.get': { needs: 'connector.read', input: ({ connector }) => ({ connectorId: connector }) },
  'connectors.createCode': { needs: 'connector.enrol' },
  'connectors.codeResult': { needs: 'connector.enrol', input: ({ code }) => ({ codeId: code }) },
  'connectors.checkNow': { needs: 'catalog.import', input: ({ connector }) => ({ connectorId: connector }) },
  'connectors.edit': {
    needs: 'connector.edit',
    input: ({ connector }) => ({ connectorId: connector, maxRuns: 5, bandwidth: null }),
  },
  'connectors.disassociate': {
    needs: 'connector.disassociate',
    input: ({ connector }) => ({ connectorId: connector }),
    says: 'conflict',
  },

  'cutovers.list': { needs: 'cutover.read', input: list },
  'cutovers.get': { needs: 'cutover.read', input: cutover },
  'cutovers.readiness': { needs: 'cutover.read', input: (rows) => ({ ...job(rows), touchSource: true }) },
  'cutovers.evidence': { needs: 'cutover.read', input: cutover },
  'cutovers.plan': [
    { when: 'later', needs: 'cutover.plan', input: (rows) => ({ ...job(rows), start: null, options: {} }) },
    { when: 'now', needs: 'cutover.start', input: (rows) => ({ ...job(rows), start: 'now', options: {} }) },
  ],
  'cutovers.start': { needs: 'cutover.start', input: planned },
  'cutovers.answer': {
    needs: 'cutover.decide',
    input: (rows) => ({ ...cutover(rows), question: 1, choice: 'try-again' }),
    says: 'conflict',
  },
  'cutovers.comment': { needs: 'cutover.comment', input: (rows) => ({ ...cutover(rows), text: 'Looks well' }) },
  'cutovers.cancel': { needs: 'cutover.cancel', input: planned },
  'cutovers.rollBack': { needs: 'cutover.roll-back', input: cutover, says: 'conflict' },
  'cutovers.finish': { needs: 'cutover.decide', input: cutover, says: 'conflict' },

  'deliveries.list': { needs: 'notification.read', input: list },
  'deliveries.replay': {
    needs: 'notification.manage',
    input: ({ delivery }) => ({ deliveryId: delivery, requestId: 'f'.repeat(32) }),
  },
  'events.follow': { needs: 'workspace.read' },

  'images.list': { needs: 'image.read', input: list },
  'images.copies': { needs: 'image.read', input: ({ image }) => ({ imageId: image }) },
  'images.retryCopies': { needs: 'image.copy', input: ({ image }) => ({ imageId: image }) },
  'images.pin': { needs: 'image.pin', input: ({ image }) => ({ imageId: image, pinned: true }) },

  'instances.list': { needs: 'instance.read', input: list },
  'instances.get': { needs: 'instance.read', input: ({ instance }) => ({ id: instance }) },
  'instances.console': {
    needs: 'instance.read',
    input: ({ instance }) => ({ id: instance }),
    says: 'aws-unreachable',
  },
  'instances.choices': {
    needs: 'instance.launch-test',
    input: ({ run }) => ({ runId: run }),
    says: 'aws-unreachable',
  },
  'instances.launch': [
    {
      when: 'a test',
      needs: 'instance.launch-test',
      input: ({ run }) => ({ ...configuration, requestId, runId: run, purpose: 'test' }),
    },
    {
      when: 'for good',
      needs: 'instance.launch',
      input: ({ run }) => ({ ...configuration, requestId, runId: run, purpose: 'final' }),
    },
  ],
  'instances.launchAsConfigured': [
    {
      when: 'a test',
      needs: 'instance.launch-test',
      input: ({ run }) => ({ requestId, runId: run, purpose: 'test' }),
      says: 'conflict',
    },
    {
      when: 'for good',
      needs: 'instance.launch',
      input: ({ run }) => ({ requestId, runId: run, purpose: 'final' }),
      says: 'conflict',
    },
  ],
  'instances.endTests': {
    needs: 'instance.end-test',
    input: ({ instance }) => ({ ids: [instance] }),
    says: 'aws-unreachable',
    elsewhere: 'input-invalid',
  },
  'instances.terminate': [
    {
      when: 'a test',
      needs: 'instance.end-test',
      input: ({ instance }) => ({ id: instance }),
      says: 'aws-unreachable',
    },
    {
      when: 'one for good',
      needs: 'instance.terminate',
      input: ({ finalInstance }) => ({ id: finalInstance }),
      says: 'aws-unreachable',
    },
  ],

  'jobs.list': { needs: 'job.read', input: list },
  'jobs.some': { needs: 'job.read', input: (rows) => ({ jobIds: [rows.job] }), elsewhere: 'nothing' },
  'jobs.get': { needs: 'job.read', input: job },
  'jobs.candidates': {
    needs: 'server.read',
    input: ({ server }) => ({ serverIds: [server] }),
    elsewhere: 'nothing',
  },
  'jobs.target': { needs: 'target.read', input: ({ target }) => ({ targetId: target }) },
  'jobs.create': {
    needs: 'job.create',
    input: ({ server }) => ({ servers: [{ serverId: server }], settings }),
    says: 'input-invalid',
    elsewhere: 'input-invalid',
  },
  'jobs.startRun': { needs: 'run.start', input: job },
  'jobs.edit': {
    needs: 'job.edit',
    input: (rows) => ({
      ...job(rows),
      settings: { everyHours: 12, description: 'Edited', keepImages: 3, license: 'auto', imageMethod: 'auto' },
    }),
  },
  'jobs.pause': { needs: 'job.pause', input: job },
  'jobs.resume': { needs: 'job.pause', input: job },
  'jobs.setLaunchConfiguration': { needs: 'job.edit', input: (rows) => ({ ...job(rows), configuration }) },
  'jobs.delete': { needs: 'job.delete', input: job },

  'limits.get': { needs: 'limit.read' },
  'limits.update': { needs: 'limit.manage', input: () => ({ total: 7, perTarget: 6 }) },

  'links.invitation': { needs: 'link', input: () => ({ token }) },
  'links.acceptInvitation': { needs: 'link', input: () => ({ token }), says: 'link-dead' },
  'links.firstRun': { needs: 'link', input: () => ({ token }) },
  'links.createFirstAdministrator': {
    needs: 'link',
    input: () => ({ token, name: 'First', email: 'first@example.com', password: 'four words from nowhere' }),
    says: 'link-dead',
  },
  'links.reset': { needs: 'link', input: () => ({ token }) },
  'links.setPassword': {
    needs: 'link',
    input: () => ({ token, password: 'four words from nowhere' }),
    says: 'link-dead',
  },

  'members.list': { needs: 'member.read', input: list },
  'members.changeRole': {
    needs: 'member.manage',
    sessionOnly: true,
    input: ({ member }) => ({ memberId: member, role: 'viewer' }),
  },
  'members.remove': { needs: 'member.manage', input: ({ member }) => ({ memberId: member }) },
  'members.leave': { needs: 'member.read', sessionOnly: true },
  'members.resetLink': { needs: 'member.manage', sessionOnly: true, input: ({ member }) => ({ memberId: member }) },
  'members.invitations': { needs: 'member.read' },
  'members.invite': {
    needs: 'member.manage',
    sessionOnly: true,
    input: () => ({ email: 'new@example.com', role: 'viewer' }),
  },
  'members.renewInvitation': {
    needs: 'member.manage',
    sessionOnly: true,
    input: ({ invitation }) => ({ invitationId: invitation }),
  },
  'members.revokeInvitation': {
    needs: 'member.manage',
    input: ({ invitation }) => ({ invitationId: invitation }),
  },

  'notifications.channels': { needs: 'notification.read' },
  'notifications.create': {
    needs: 'notification.manage',
    input: () => ({
      requestId,
      kind: 'email',
      name: 'On call',
      destination: 'ops@example.com',
      kinds: ['run-failed'],
    }),
  },
  'notifications.update': {
    needs: 'notification.manage',
    input: ({ channel }) => ({
      ...{ channelId: channel, version: 1, destination: 'other@example.com', name: 'Other', enabled: true },
      ...{ quietHours: null, kinds: ['run-failed'] },
    }),
  },
  'notifications.delete': { needs: 'notification.manage', input: ({ channel }) => ({ channelId: channel }) },
  'notifications.test': { needs: 'notification.manage', input: ({ channel }) => ({ channelId: channel, requestId }) },
  'notifications.testMail': { needs: 'notification.manage', says: 'mail-not-set' },
  'notifications.own': { needs: 'profile.manage' },
  'notifications.saveOwn': {
    needs: 'profile.manage',
    input: () => ({ enabled: true, kinds: ['run-failed'], quietHours: null }),
  },
  'notifications.testOwn': { needs: 'profile.manage', input: () => ({ requestId }), says: 'conflict' },
  'overview.get': { needs: 'workspace.read' },
  'overview.leftOvers': { needs: 'workspace.read' },
  'overview.retryRelease': {
    needs: 'artifact.retry',
    input: ({ leftOver }) => ({ artifactIds: [leftOver] }),
    elsewhere: 'nothing',
  },
  'overview.forgetLeftOvers': {
    needs: 'artifact.forget',
    input: ({ leftOver }) => ({ artifactIds: [leftOver] }),
    elsewhere: 'conflict',
  },
  'overview.replicateSmallest': { needs: 'catalog.import' },

  'runs.list': { needs: 'run.read', input: (rows) => ({ ...page, jobId: rows.job }), elsewhere: 'nothing' },
  'runs.get': { needs: 'run.read', input: ({ run }) => ({ runId: run }) },
  'runs.log': { needs: 'run.read', input: ({ run }) => ({ runId: run }) },
  'runs.cancel': { needs: 'run.cancel', input: ({ activeRun }) => ({ runId: activeRun }) },

  'search.find': { needs: 'workspace.read', input: () => ({ text: 'server-7' }) },

  'servers.list': { needs: 'server.read', input: list },
  'servers.get': { needs: 'server.read', input: ({ server }) => ({ serverId: server }) },
  'servers.catalog': { needs: 'server.read' },
  'servers.importCatalog': { needs: 'catalog.import', input: ({ connector }) => ({ connectorId: connector }) },
  'servers.clearCatalog': { needs: 'catalog.clear' },

  'session.me': { needs: 'workspace.read' },
  'session.providerSignOut': { needs: 'profile.manage', sessionOnly: true },
  'session.setPreferences': { needs: 'profile.manage', sessionOnly: true, input: () => ({ theme: 'dark' }) },
  'session.list': { needs: 'profile.manage', sessionOnly: true },
  'session.end': {
    needs: 'profile.manage',
    sessionOnly: true,
    input: ({ session }) => ({ sessionId: session }),
    says: 'not-found',
  },
  'session.changeName': { needs: 'profile.manage', sessionOnly: true, input: () => ({ name: 'Another name' }) },
  'session.changePassword': {
    needs: 'profile.manage',
    sessionOnly: true,
    input: () => ({ present: 'wrong', password: 'four words from nowhere' }),
    says: 'password-wrong',
  },
  'session.endOthers': { needs: 'profile.manage', sessionOnly: true },
  'session.signOutEverywhere': { needs: 'profile.manage', sessionOnly: true },

  'sso.get': { needs: 'member.read' },
  'sso.setGroups': {
    needs: 'member.manage',
    sessionOnly: true,
    input: () => ({ groups: [{ group: 'Engineers', role: 'operator' }] }),
  },

  'targets.list': { needs: 'target.read' },
  'targets.all': { needs: 'target.read' },
  'targets.get': { needs: 'target.read', input: oneTarget },
  'targets.permissions': { needs: 'target.read', input: oneTarget },
  'targets.test': { needs: 'target.manage', input: (rows) => ({ ...oneTarget(rows), requestId }) },
  'targets.lastTest': { needs: 'target.read', input: oneTarget },
  'targets.usage': { needs: 'target.read', input: oneTarget },
  'targets.create': {
    needs: 'target.manage',
    input: () => ({ name: 'Second', region: 'eu-central-1', bucket: 'another-bucket', ...signIn, endpoints: away }),
    says: 'aws-unreachable',
  },
  'targets.previewChange': {
    needs: 'target.manage',
    input: (rows) => ({ ...oneTarget(rows), verification: 'full' }),
  },
  'targets.update': { needs: 'target.manage', input: (rows) => ({ ...oneTarget(rows), verification: 'full' }) },
  'targets.delete': { needs: 'target.manage', input: oneTarget, says: 'conflict' },
  'targets.signIn': { needs: 'target.read', input: oneTarget },
  'targets.changeSignIn': {
    needs: 'target.manage',
    input: (rows) => ({ ...oneTarget(rows), ...signIn }),
    says: 'aws-unreachable',
  },
  'targets.externalId': { needs: 'target.manage', input: () => ({ requestId }) },
  'totp.status': { needs: 'profile.manage', sessionOnly: true },
  'totp.begin': { needs: 'profile.manage', sessionOnly: true },
  'totp.confirm': { needs: 'profile.manage', sessionOnly: true, input: () => ({ code: '000000' }), says: 'code-wrong' },
  'totp.turnOff': {
    needs: 'profile.manage',
    sessionOnly: true,
    input: () => ({ present: 'x', code: '000000' }),
    says: 'code-wrong',
  },
  'totp.resetMember': {
    needs: 'member.manage',
    sessionOnly: true,
    input: ({ member }) => ({ memberId: member }),
    says: 'conflict',
  },
  'totp.rule': { needs: 'member.read' },
  'totp.setRule': { needs: 'member.manage', sessionOnly: true, input: () => ({ required: false }) },

  'views.mine': { needs: 'workspace.read' },
  'views.save': {
    needs: 'workspace.read',
    input: () => ({
      requestId,
      list: 'jobs',
      name: 'Mine',
      view: { filter: page.filter, sort: null, pageSize: 20, columns: null },
    }),
  },
  // Nobody has any, so whoever may hears that there is none of this id.
  'views.change': { needs: 'workspace.read', input: () => ({ viewId: 'view-0', name: 'Other' }), says: 'not-found' },
  'views.delete': { needs: 'workspace.read', input: () => ({ viewId: 'view-0' }), says: 'not-found' },
};

/** Of every procedure one line, or one for each way to call it. */
export const ENTRIES: readonly { path: ProcedurePath; entry: Entry }[] = Object.entries(PROCEDURES).flatMap(
  ([path, given]) => [given].flat().map((entry) => ({ path: path as ProcedurePath, entry: entry as Entry })),
);
