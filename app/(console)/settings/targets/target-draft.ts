// An AWS target as a form holds it, and its rules. Pure.
import { z } from 'zod';
import { TRANSFER_PATHS } from '../../../../replication/model/baseline.ts';
import { distributionProblems } from '../../../../replication/model/distribution.ts';
import { tagKeyProblem, tagValueProblem } from '../../../../replication/model/tag.ts';
import { DEFAULT_PREFIX } from '../../../../replication/model/target.ts';
import { kmsKeyProblem, type TargetFields, targetFieldsSchema } from '../../../../replication/model/target-fields.ts';

export const targetDraftSchema = z.object({
  name: z.string(),
  region: z.string(),
  bucket: z.string(),
  prefix: z.string(),
  /** Empty: that of AWS. */
  s3: z.string(),
  ec2: z.string(),
  ebs: z.string(),
  sts: z.string(),
  /** Empty: `vmimport`. */
  importRole: z.string(),
  transfer: z.enum(TRANSFER_PATHS),
  transport: z.enum(['auto', 'nfc', 'folder', 'nbd']),
  verification: z.enum(['sampled', 'full']),
  encryption: z.enum(['off', 'default', 'key']),
  kmsKeyArn: z.string(),
  tags: z.array(z.object({ key: z.string(), value: z.string() })),
  /** Each with the fields of every kind, so that none is lost while its kind is changed. */
  distribution: z.array(
    z.object({
      kind: z.enum(['share', 'region', 'target']),
      account: z.string(),
      region: z.string(),
      kmsKeyArn: z.string(),
      targetId: z.string(),
    }),
  ),
  /** Whether there are default launch settings at all. */
  launches: z.boolean(),
  /** Empty: one that fits the server. */
  instanceType: z.string(),
  subnetId: z.string(),
  /** Separated by commas or blanks. */
  securityGroups: z.string(),
  publicAddress: z.enum(['subnet', 'yes', 'no']),
  keyName: z.string(),
  instanceProfile: z.string(),
});
export type TargetDraft = z.infer<typeof targetDraftSchema>;

export const ENDPOINTS = ['s3', 'ec2', 'ebs', 'sts'] as const;

export const NEW_TARGET: TargetDraft = {
  ...{ name: '', region: '', bucket: '', prefix: DEFAULT_PREFIX, s3: '', ec2: '', ebs: '', sts: '', importRole: '' },
  ...{ transfer: 's3', transport: 'auto', verification: 'sampled', encryption: 'off', kmsKeyArn: '', tags: [] },
  distribution: [],
  ...{ launches: false, instanceType: '', subnetId: '', securityGroups: '' },
  ...{ publicAddress: 'subnet', keyName: '', instanceProfile: '' },
};

export const NEW_ENTRY: TargetDraft['distribution'][number] = {
  ...{ kind: 'share', account: '', region: '', kmsKeyArn: '', targetId: '' },
};

export function draftOfTarget(target: TargetFields): TargetDraft {
  const { endpoints, launchDefaults: launch, encrypted, kmsKeyArn, ...plain } = target;
  const { name, region, bucket, prefix, importRole, transfer, transport, verification, tags, distribution } = plain;
  return {
    ...{ name, region, bucket, prefix, transfer, transport, verification, importRole: importRole ?? '' },
    ...{ s3: endpoints.s3 ?? '', ec2: endpoints.ec2 ?? '', ebs: endpoints.ebs ?? '', sts: endpoints.sts ?? '' },
    encryption: encrypted ? (kmsKeyArn ? 'key' : 'default') : 'off',
    kmsKeyArn: kmsKeyArn ?? '',
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    distribution: distribution.map((entry) => ({
      ...NEW_ENTRY,
      ...entry,
      kmsKeyArn: (entry.kind === 'region' && entry.kmsKeyArn) || '',
    })),
    launches: launch !== null,
    instanceType: launch?.instanceType ?? '',
    subnetId: launch?.subnetId ?? '',
    securityGroups: launch?.securityGroupIds.join(', ') ?? '',
    publicAddress: launch && launch.publicAddress !== null ? (launch.publicAddress ? 'yes' : 'no') : 'subnet',
    keyName: launch?.keyName ?? '',
    instanceProfile: launch?.instanceProfile ?? '',
  };
}

/** Messages by the draft's fields; those of tags by `tags.0.key`. */
export type TargetProblems = Partial<Record<string, string>>;

/** The target as the server takes it, or what is wrong with each field. */
export function targetOf(
  draft: TargetDraft,
): { target: TargetFields; problems?: never } | { target?: never; problems: TargetProblems } {
  const endpoints = ENDPOINTS.flatMap((id) => (draft[id].trim() ? [[id, draft[id].trim()]] : []));
  const parsed = targetFieldsSchema.safeParse({
    name: draft.name,
    region: draft.region.trim(),
    bucket: draft.bucket.trim(),
    prefix: draft.prefix.trim(),
    endpoints: Object.fromEntries(endpoints),
    importRole: draft.importRole.trim() || null,
    ...{ transfer: draft.transfer, transport: draft.transport, verification: draft.verification },
    encrypted: draft.encryption !== 'off',
    kmsKeyArn: draft.encryption === 'key' ? draft.kmsKeyArn.trim() : null,
    tags: Object.fromEntries(draft.tags.map(({ key, value }) => [key.trim(), value])),
    distribution: draft.distribution.map(entryOf),
    launchDefaults: draft.launches ? launchOf(draft) : null,
  });
  const problems: TargetProblems = tagProblems(draft);
  for (const issue of parsed.error?.issues ?? []) {
    const field = fieldOf(issue.path);
    // A tag says itself what is wrong with it.
    if (field !== 'tags' || Object.keys(problems).length === 0) problems[field] ??= messageOf(field, issue.message);
  }
  const ofKey = parsed.data && kmsKeyProblem(parsed.data.kmsKeyArn, parsed.data.region);
  if (ofKey) problems.kmsKeyArn = ofKey;
  // Of an entry whose own fields are in order.
  if (parsed.data) {
    const wrong = distributionProblems({ ...parsed.data, account: null });
    for (const [at, problem] of wrong.entries()) if (problem) problems[`distribution.${at}`] = problem;
  }
  return parsed.success && Object.keys(problems).length === 0 ? { target: parsed.data } : { problems };
}

function entryOf({ kind, account, region, kmsKeyArn, targetId }: TargetDraft['distribution'][number]) {
  if (kind === 'share') return { kind, account: account.replace(/[\s-]/g, '') };
  if (kind === 'region') return { kind, region: region.trim(), kmsKeyArn: kmsKeyArn.trim() || null };
  return { kind, targetId };
}

function launchOf(draft: TargetDraft) {
  return {
    instanceType: draft.instanceType.trim() || null,
    subnetId: draft.subnetId.trim(),
    securityGroupIds: draft.securityGroups.split(/[\s,]+/).filter(Boolean),
    keyName: draft.keyName.trim() || null,
    publicAddress: draft.publicAddress === 'subnet' ? null : draft.publicAddress === 'yes',
    instanceProfile: draft.instanceProfile.trim() || null,
  };
}

function tagProblems({ tags }: TargetDraft): TargetProblems {
  const problems: TargetProblems = {};
  const seen = new Set<string>();
  for (const [at, { key, value }] of tags.entries()) {
    const name = key.trim();
    const ofKey = tagKeyProblem(name) ?? (seen.has(name) ? 'This key is used twice.' : null);
    const ofValue = tagValueProblem(value);
    if (ofKey) problems[`tags.${at}.key`] = ofKey;
    if (ofValue) problems[`tags.${at}.value`] = ofValue;
    seen.add(name);
  }
  return problems;
}

/** The draft's field that a part of the target stands in. */
function fieldOf(path: readonly PropertyKey[]): string {
  const [first, second] = path.map(String);
  // By the entry: one message stands under it.
  if (first === 'distribution') return second === undefined ? 'distribution' : `distribution.${second}`;
  if (first === 'endpoints') return second ?? 's3';
  if (first !== 'launchDefaults') return first ?? 'name';
  return second === 'securityGroupIds' ? 'securityGroups' : (second ?? 'subnetId');
}

function messageOf(field: string, message: string): string {
  if ((ENDPOINTS as readonly string[]).includes(field))
    return 'An address, such as https://vpce-0123.s3.eu-central-1.vpce.amazonaws.com.';
  if (field === 'securityGroups' && message.startsWith('Invalid'))
    return 'Ids of security groups, such as sg-0123abcd.';
  return message.endsWith('.') ? message : `${message}.`;
}

/** What the server says of its fields, by those of the draft. */
export function problemsOfServer(fields: Record<string, string>): TargetProblems {
  return Object.fromEntries(Object.entries(fields).map(([path, message]) => [fieldOf(path.split('.')), message]));
}

export const isSame = (a: TargetDraft, b: TargetDraft): boolean =>
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = (draft: TargetDraft) => targetDraftSchema.parse(draft);

/** What was typed since `opened`, upon what the target has become. */
export function rebased(draft: TargetDraft, opened: TargetDraft, now: TargetDraft): TargetDraft {
  const mine = Object.entries(draft).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(opened[field as keyof TargetDraft]),
  );
  return { ...now, ...Object.fromEntries(mine) };
}
