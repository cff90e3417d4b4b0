// Every kind of failure that a run may meet, as rules of the lab aimed at one server alone.
import type { FaultEffect, FaultRule } from '../lab/faults/rules.ts';
import type { Installation } from './installation.ts';

/** By what a rule finds the requests of one server's runs. */
type Aim = 'vm' | 'key' | 'description' | 'Description' | 'Name';

interface FaultKind {
  side: FaultRule['side'];
  operation: string;
  aim: Aim;
  /** What else a request must have. */
  match?: Record<string, string>;
  effect: FaultEffect;
  /** Requests that are hit; all of them unless given. */
  count?: number;
  /** So many requests may be let pass first; none unless given. */
  mostSkipped?: number;
  /** Only runs of this kind make such requests. */
  when?: Partial<AboutRun>;
}

/** What is known of a run before it begins. */
export interface AboutRun {
  transfer: 's3' | 'ebs-direct';
  /** The first of its server: change tracking is turned on, and everything is copied. */
  first: boolean;
  /** Its changes can be tracked. */
  tracked: boolean;
  vmImport: boolean;
  /** The disks' files may be read by ranges. */
  ranges: boolean;
}

const fail = (code: string, status?: number): FaultEffect => ({ kind: 'fail', code, ...(status && { status }) });
const cut = (afterBytes: number): FaultEffect => ({ kind: 'cut', afterBytes });

/** By name. What hits every request must be nothing that is tried again for minutes. */
export const FAULTS = {
  'no snapshot': {
    side: 'vcenter',
    operation: 'task:CreateSnapshot_Task',
    aim: 'vm',
    effect: fail('SnapshotFault'),
    count: 1,
  },
  'no quiescing': {
    side: 'vcenter',
    operation: 'task:CreateSnapshot_Task',
    aim: 'vm',
    match: { quiesce: 'true' },
    effect: fail('ApplicationQuiesceFault'),
    count: 1,
  },
  'no tracking': {
    side: 'vcenter',
    operation: 'task:ReconfigVM_Task',
    aim: 'vm',
    effect: fail('NoPermission'),
    count: 1,
    when: { first: true, tracked: true },
  },
  'changes unknown': {
    side: 'vcenter',
    operation: 'QueryChangedDiskAreas',
    aim: 'vm',
    effect: fail('FileFault'),
    when: { first: false, tracked: true },
  },
  'changes unknown midway': {
    side: 'vcenter',
    operation: 'QueryChangedDiskAreas',
    aim: 'vm',
    effect: fail('FileFault'),
    count: 1,
    when: { first: false, tracked: true },
    mostSkipped: 1,
  },
  'changes cut': {
    side: 'vcenter',
    operation: 'QueryChangedDiskAreas',
    aim: 'vm',
    effect: cut(100),
    count: 1,
    when: { first: false, tracked: true },
  },
  'no removal': {
    side: 'vcenter',
    operation: 'task:RemoveSnapshot_Task',
    aim: 'vm',
    effect: fail('GenericVmConfigFault'),
    count: 1,
  },
  'no export': {
    side: 'vcenter',
    operation: 'ExportSnapshot',
    aim: 'vm',
    effect: fail('FileLocked'),
    when: { ranges: false },
  },
  'stream cut': {
    side: 'vcenter',
    operation: 'nfc:GET',
    aim: 'vm',
    effect: cut(60_000),
    count: 1,
    when: { ranges: false },
    mostSkipped: 1,
  },
  'stream refused': {
    side: 'vcenter',
    operation: 'nfc:GET',
    aim: 'vm',
    effect: fail('NotFound', 404),
    count: 1,
    when: { ranges: false },
  },
  'range cut': {
    side: 'vcenter',
    operation: 'folder:GET',
    aim: 'vm',
    effect: cut(70_000),
    count: 2,
    when: { first: false, tracked: true, ranges: true },
    mostSkipped: 3,
  },
  'ranges refused midway': {
    side: 'vcenter',
    operation: 'folder:GET',
    aim: 'vm',
    effect: fail('Locked', 500),
    when: { first: false, tracked: true, ranges: true },
    mostSkipped: 3,
  },
  'upload refused': {
    side: 'aws',
    operation: 's3:CreateMultipartUpload',
    aim: 'key',
    effect: fail('AccessDenied', 403),
    when: { transfer: 's3' },
  },
  'part slowed down': {
    side: 'aws',
    operation: 's3:UploadPart',
    aim: 'key',
    effect: fail('SlowDown', 503),
    count: 2,
    when: { transfer: 's3' },
  },
  'upload not completed': {
    side: 'aws',
    operation: 's3:CompleteMultipartUpload',
    aim: 'key',
    effect: fail('AccessDenied', 403),
    count: 1,
    when: { transfer: 's3' },
  },
  'digests not written': {
    side: 'aws',
    operation: 's3:PutObject',
    aim: 'key',
    effect: fail('AccessDenied', 403),
    count: 1,
    mostSkipped: 1,
  },
  'object not read': {
    side: 'aws',
    operation: 's3:GetObject',
    aim: 'key',
    effect: fail('AccessDenied', 403),
    count: 1,
    when: { first: false },
    mostSkipped: 5,
  },
  'object read broken off': {
    side: 'aws',
    operation: 's3:GetObject',
    aim: 'key',
    effect: cut(2000),
    count: 1,
    when: { first: false },
    mostSkipped: 5,
  },
  'object not deleted': {
    side: 'aws',
    operation: 's3:DeleteObject',
    aim: 'key',
    effect: fail('InternalError', 500),
    count: 1,
    when: { transfer: 's3' },
  },
  'block refused': {
    side: 'aws',
    operation: 'ebs:PutSnapshotBlock',
    aim: 'description',
    effect: fail('ValidationException', 400),
    when: { transfer: 'ebs-direct' },
  },
  'block refused once': {
    side: 'aws',
    operation: 'ebs:PutSnapshotBlock',
    aim: 'description',
    effect: fail('AccessDeniedException', 403),
    count: 1,
    when: { transfer: 'ebs-direct' },
    mostSkipped: 3,
  },
  'blocks throttled': {
    side: 'aws',
    operation: 'ebs:PutSnapshotBlock',
    aim: 'description',
    effect: fail('RequestThrottledException', 400),
    count: 3,
    when: { transfer: 'ebs-direct' },
    mostSkipped: 3,
  },
  'block cut': {
    side: 'aws',
    operation: 'ebs:PutSnapshotBlock',
    aim: 'description',
    effect: cut(0),
    count: 1,
    when: { transfer: 'ebs-direct' },
    mostSkipped: 3,
  },
  'not completed': {
    side: 'aws',
    operation: 'ebs:CompleteSnapshot',
    aim: 'description',
    effect: fail('ValidationException', 400),
    count: 1,
    when: { first: false },
  },
  'completion unheard': {
    side: 'aws',
    operation: 'ebs:CompleteSnapshot',
    aim: 'description',
    effect: cut(5),
    count: 1,
    when: { first: false },
  },
  'not read back': {
    side: 'aws',
    operation: 'ebs:GetSnapshotBlock',
    aim: 'description',
    effect: fail('AccessDeniedException', 403),
    count: 1,
    mostSkipped: 6,
  },
  'import refused': {
    side: 'aws',
    operation: 'ec2:ImportSnapshot',
    aim: 'Description',
    effect: fail('InvalidParameter', 400),
    count: 1,
    when: { transfer: 's3', first: true },
  },
  'import failed': {
    side: 'aws',
    operation: 'vmie:ImportSnapshot',
    aim: 'key',
    effect: fail('InvalidFormat'),
    count: 1,
    when: { transfer: 's3', first: true },
  },
  'no AMI': {
    side: 'aws',
    operation: 'ec2:RegisterImage',
    aim: 'Name',
    effect: fail('UnauthorizedOperation', 403),
    count: 1,
    when: { vmImport: false },
  },
  'no VM Import': {
    side: 'aws',
    operation: 'ec2:ImportImage',
    aim: 'Description',
    effect: fail('UnauthorizedOperation', 403),
    count: 1,
    when: { vmImport: true },
  },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof FAULTS;

/** The kinds that such a run can meet; of a first run, those that no other can meet. */
export function faultsOf(about: AboutRun): FaultName[] {
  const kinds = Object.entries(FAULTS) as [FaultName, FaultKind][];
  const fitting = kinds.filter(([, { when = {} }]) =>
    Object.entries(when).every(([name, value]) => about[name as keyof AboutRun] === value),
  );
  const once = fitting.filter(([, { when }]) => when?.first === true);
  return (once.length > 0 ? once : fitting).map(([name]) => name);
}

export interface Aimed {
  /** Ends the rule; whether it hit anything. */
  end(): Promise<boolean>;
}

/** Adds the rule for the runs of one server's job. */
export async function aimFault(
  site: Installation,
  name: FaultName,
  /** Chooses how many requests pass before. */
  choice: number,
  at: { vmId: string; jobId: string; serverName: string },
): Promise<Aimed> {
  const { aim, count, match, mostSkipped = 0, when: _when, ...rule }: FaultKind = FAULTS[name];
  const wanted: Record<Aim, string> = {
    vm: at.vmId,
    key: `*${at.jobId}*`,
    description: `*${at.serverName}*`,
    Description: `*${at.serverName}*`,
    Name: `*${at.serverName}*`,
  };
  // A rule without an end is one with so many hits that nobody counts them down; the count left says whether it hit.
  const hits = count ?? 1_000_000;
  const id = `${at.serverName} ${name}`;
  const body = { id, ...rule, match: { ...match, [aim]: wanted[aim] }, skip: choice % (mostSkipped + 1), count: hits };
  const answer = await fetch(`${site.lab.control.url}/faults`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`The lab took no rule: ${await answer.text()}`);
  return {
    async end() {
      const { rules } = (await (await fetch(`${site.lab.control.url}/faults`)).json()) as { rules: FaultRule[] };
      const left = rules.find((one) => one.id === id)?.count ?? 0;
      await fetch(`${site.lab.control.url}/faults/${encodeURIComponent(id)}`, { method: 'DELETE' });
      return left < hits;
    },
  };
}
