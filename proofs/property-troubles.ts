// Every kind of failure that a run may meet, as rules of the lab aimed at one server alone. For proofs/property.test.ts.
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
  },
  'changes unknown': { side: 'vcenter', operation: 'QueryChangedDiskAreas', aim: 'vm', effect: fail('FileFault') },
  'changes unknown midway': {
    side: 'vcenter',
    operation: 'QueryChangedDiskAreas',
    aim: 'vm',
    effect: fail('FileFault'),
    count: 1,
  },
  'changes cut': { side: 'vcenter', operation: 'QueryChangedDiskAreas', aim: 'vm', effect: cut(100), count: 1 },
  'no removal': {
    side: 'vcenter',
    operation: 'task:RemoveSnapshot_Task',
    aim: 'vm',
    effect: fail('GenericVmConfigFault'),
    count: 1,
  },
  'no export': { side: 'vcenter', operation: 'ExportSnapshot', aim: 'vm', effect: fail('FileLocked') },
  'stream cut': { side: 'vcenter', operation: 'nfc:GET', aim: 'vm', effect: cut(300_000), count: 1 },
  'stream refused': { side: 'vcenter', operation: 'nfc:GET', aim: 'vm', effect: fail('NotFound', 404), count: 1 },
  'range cut': { side: 'vcenter', operation: 'folder:GET', aim: 'vm', effect: cut(70_000), count: 2 },
  'ranges refused midway': { side: 'vcenter', operation: 'folder:GET', aim: 'vm', effect: fail('Locked', 500) },
  'upload refused': {
    side: 'aws',
    operation: 's3:CreateMultipartUpload',
    aim: 'key',
    effect: fail('AccessDenied', 403),
  },
  'part slowed down': { side: 'aws', operation: 's3:UploadPart', aim: 'key', effect: fail('SlowDown', 503), count: 2 },
  'upload not completed': {
    side: 'aws',
    operation: 's3:CompleteMultipartUpload',
    aim: 'key',
    effect: fail('AccessDenied', 403),
    count: 1,
  },
  'digests not written': {
    side: 'aws',
    operation: 's3:PutObject',
    aim: 'key',
    effect: fail('AccessDenied', 403),
    count: 1,
  },
  'object not read': {
    side: 'aws',
    operation: 's3:GetObject',
    aim: 'key',
    effect: fail('AccessDenied', 403),
    count: 1,
  },
  'object read broken off': { side: 'aws', operation: 's3:GetObject', aim: 'key', effect: cut(2000), count: 1 },
  'object not deleted': {
    side: 'aws',
    operation: 's3:DeleteObject',
    aim: 'key',
    effect: fail('InternalError', 500),
    count: 1,
  },
  'block refused': {
    side: 'aws',
    operation: 'ebs:PutSnapshotBlock',
    aim: 'description',
    effect: fail('ValidationException', 400),
  },
  'block refused once': {
    side: 'aws',
    operation: 'ebs:PutSnapshotBlock',
    aim: 'description',
    effect: fail('AccessDeniedException', 403),
    count: 1,
  },
  'blocks throttled': {
    side: 'aws',
    operation: 'ebs:PutSnapshotBlock',
    aim: 'description',
    effect: fail('RequestThrottledException', 400),
    count: 3,
  },
  'block cut': { side: 'aws', operation: 'ebs:PutSnapshotBlock', aim: 'description', effect: cut(0), count: 1 },
  'not completed': {
    side: 'aws',
    operation: 'ebs:CompleteSnapshot',
    aim: 'description',
    effect: fail('ValidationException', 400),
    count: 1,
  },
  'completion unheard': {
    side: 'aws',
    operation: 'ebs:CompleteSnapshot',
    aim: 'description',
    effect: cut(5),
    count: 1,
  },
  'not read back': {
    side: 'aws',
    operation: 'ebs:GetSnapshotBlock',
    aim: 'description',
    effect: fail('AccessDeniedException', 403),
    count: 1,
  },
  'import refused': {
    side: 'aws',
    operation: 'ec2:ImportSnapshot',
    aim: 'Description',
    effect: fail('InvalidParameter', 400),
    count: 1,
  },
  'import failed': {
    side: 'aws',
    operation: 'vmie:ImportSnapshot',
    aim: 'key',
    effect: fail('InvalidFormat'),
    count: 1,
  },
  'no AMI': {
    side: 'aws',
    operation: 'ec2:RegisterImage',
    aim: 'Name',
    effect: fail('UnauthorizedOperation', 403),
    count: 1,
  },
  'no VM Import': {
    side: 'aws',
    operation: 'ec2:ImportImage',
    aim: 'Description',
    effect: fail('UnauthorizedOperation', 403),
    count: 1,
  },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof FAULTS;

export interface Aimed {
  /** Ends the rule; whether it hit anything. */
  end(): Promise<boolean>;
}

/** Adds the rule for the runs of one server's job. */
export async function aimFault(
  site: Installation,
  name: FaultName,
  skip: number,
  at: { vmId: string; jobId: string; serverName: string },
): Promise<Aimed> {
  const { aim, count, match, ...rule }: FaultKind = FAULTS[name];
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
  const body = { id, ...rule, match: { ...match, [aim]: wanted[aim] }, skip, count: hits };
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
