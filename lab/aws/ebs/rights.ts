// What each call of EBS direct needs to be allowed. Service Authorization Reference, "Amazon Elastic Block Store"; the keys' part
// from the EBS user guide, "Permissions to use AWS KMS keys".
import { Readable } from 'node:stream';
import type { Right, Tags } from '../authorize.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { AwsRequest } from '../service.ts';
import { type Ebs, readBody } from './validation.ts';

/** Undefined for what is no key of the lab's accounts: the call itself says what is wrong with it. */
export type KeyPolicyOf = (keyArn: string) => PolicyDocument | undefined;

const KEY_ACTIONS: Record<string, string[]> = {
  StartSnapshot: ['kms:DescribeKey', 'kms:CreateGrant', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:Decrypt'],
  GetSnapshotBlock: ['kms:Decrypt'],
};
const LONGEST_BODY = 256 * 1024;

export async function rightsOf(
  ebs: Ebs,
  request: AwsRequest,
  operation: string,
  path: Record<string, string>,
  keyPolicy: KeyPolicyOf,
): Promise<Right[]> {
  if (operation === 'StartSnapshot') return rightsToStart(ebs, await peek(request), keyPolicy);
  const ids = [path.snapshotId, operation === 'ListChangedBlocks' && request.query.get('firstSnapshotId')];
  return ids.flatMap((id) => {
    if (!id) return [];
    const record = ebs.snapshots.get(id);
    const right = { action: `ebs:${operation}`, resource: arnOf(ebs, id), resourceTags: record?.tags ?? {} };
    return [right, ...rightsToKey(ebs, operation, record?.kmsKeyId, keyPolicy)];
  });
}

interface StartInput {
  Tags?: { Key?: string; Value?: string }[];
  VolumeSize?: number;
  Description?: string;
  ParentSnapshotId?: string;
  Encrypted?: boolean;
  KmsKeyArn?: string;
}

function rightsToStart(ebs: Ebs, input: StartInput, keyPolicy: KeyPolicyOf): Right[] {
  const given = Array.isArray(input.Tags) ? input.Tags : [];
  const requestTags: Tags = Object.fromEntries(given.map(({ Key, Value }) => [String(Key), String(Value ?? '')]));
  const resource = arnOf(ebs, '*');
  const start: Right = {
    action: 'ebs:StartSnapshot',
    resource,
    requestTags,
    conditions: {
      'ebs:VolumeSize': input.VolumeSize === undefined ? undefined : String(input.VolumeSize),
      'ebs:Description': input.Description,
      'ebs:ParentSnapshot': input.ParentSnapshotId && arnOf(ebs, input.ParentSnapshotId),
    },
  };
  const tag: Right = {
    action: 'ec2:CreateTags',
    resource,
    requestTags,
    conditions: { 'ec2:CreateAction': 'StartSnapshot' },
  };
  const parent = input.ParentSnapshotId ? ebs.snapshots.get(input.ParentSnapshotId) : undefined;
  const key = input.KmsKeyArn ?? parent?.kmsKeyId;
  return [start, ...(given.length > 0 ? [tag] : []), ...rightsToKey(ebs, 'StartSnapshot', key, keyPolicy)];
}

/** The key that AWS makes for EBS is there for whoever may use EBS. */
function rightsToKey(ebs: Ebs, operation: string, keyArn: string | undefined, keyPolicy: KeyPolicyOf): Right[] {
  if (!keyArn || keyArn.endsWith(':key/0ebs0000-0000-4000-8000-000000000001')) return [];
  const resourcePolicy = keyPolicy(keyArn);
  if (!resourcePolicy) return [];
  return (KEY_ACTIONS[operation] ?? []).map((action) => ({
    action,
    resource: keyArn,
    resourceAccount: keyArn.split(':')[4],
    resourcePolicy,
    needsResourcePolicy: true,
    conditions: { 'kms:ViaService': `ec2.${ebs.context.region}.amazonaws.com`, 'kms:GrantIsForAWSResource': 'true' },
  }));
}

function arnOf({ context: { region } }: Ebs, id: string): string {
  return `arn:aws:ec2:${region}::snapshot/${id}`;
}

/** The body is read and put back: what is to be tagged stands in it. What is wrong with it is told by the call itself. */
async function peek(request: AwsRequest): Promise<StartInput> {
  const body = await readBody(request, LONGEST_BODY);
  request.body = Readable.from(body ? [body] : [], { objectMode: false });
  try {
    const input: unknown = JSON.parse(body?.toString('utf8') ?? '');
    return typeof input === 'object' && input !== null ? input : {};
  } catch {
    return {};
  }
}
