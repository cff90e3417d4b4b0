// Every right that Landfall needs at AWS, as data: policies, templates, docs/aws-permissions.md and the test of a target are made
// of it. A call that has no row here fails rights.test.ts. Pure.
import { DIGEST_PREFIX } from '../../../model/baseline.ts';
import { DEFAULT_PREFIX } from '../../../model/target.ts';

/** Whose policy a right stands in. */
export const PRINCIPALS = ['console', 'base', 'connector', 'vm-import'] as const;
export type Principal = (typeof PRINCIPALS)[number];

export const PRINCIPAL_LABELS: Record<Principal, string> = {
  console: 'Console',
  base: 'Identity that assumes the role',
  connector: 'Connector with a key of its own',
  'vm-import': 'Role of VM Import',
};

/** What of a target decides which rights are needed. Strings may be a template's variables, such as that of a stack's account. */
export interface Chosen {
  partition: string;
  region: string;
  account: string;
  bucket: string;
  /** Ends with `/`. */
  prefix: string;
  importRole: string;
  transfer: 's3' | 'ebs-direct';
  /** ARN of the key that snapshots are encrypted with; null for AWS's own key or none. */
  kmsKeyArn: string | null;
  /** How connectors sign in: with a key of their own, or one that the console lends them. */
  connectors: 'own' | 'lent';
  signIn: 'key' | 'default-chain' | 'assume-role';
  /** ARN of the role that is assumed. */
  roleArn: string | null;
  /** Where AMIs go beside the target; left out where they stay. */
  copies?: {
    /** Whether other accounts are let at them. */
    shared: boolean;
    /** Where copies are made. */
    regions: readonly string[];
    /** ARNs of the keys that copies are encrypted with. */
    keys: readonly string[];
  };
}

export const IMPORT_ROLE = 'vmimport';

/** When a right is needed: always, or because of what is chosen. */
export const NEEDS = {
  always: { label: 'always', applies: () => true },
  path: { label: 'transfer path S3 with ImportSnapshot', applies: ({ transfer }: Chosen) => transfer === 's3' },
  direct: { label: 'transfer path EBS direct', applies: ({ transfer }: Chosen) => transfer === 'ebs-direct' },
  verification: { label: 'verification', applies: () => true },
  key: { label: 'encryption with a key of your own', applies: ({ kmsKeyArn }: Chosen) => kmsKeyArn !== null },
  'import-image': { label: 'AMIs made by ImportImage', applies: () => true },
  launch: { label: 'launches', applies: () => true },
  cutover: { label: 'cutovers', applies: () => true },
  lent: { label: 'keys lent to connectors', applies: ({ connectors }: Chosen) => connectors === 'lent' },
  federation: {
    label: 'keys lent to connectors by an access key',
    applies: ({ connectors, signIn }: Chosen) => connectors === 'lent' && signIn !== 'assume-role',
  },
  role: { label: 'sign-in by a role', applies: ({ signIn }: Chosen) => signIn === 'assume-role' },
  share: { label: 'AMIs shared with other accounts', applies: ({ copies }: Chosen) => copies?.shared === true },
  copy: { label: 'copies of AMIs', applies: ({ copies }: Chosen) => (copies?.regions.length ?? 0) > 0 },
  'copy-key': {
    label: 'copies of AMIs encrypted with a key of your own',
    applies: ({ copies }: Chosen) => (copies?.keys.length ?? 0) > 0,
  },
  test: { label: 'the test of the target only', applies: () => true },
} as const;
export type Need = keyof typeof NEEDS;

/** What a right is on. */
export type On = 'any' | 'bucket' | 'staged' | 'digests' | 'snapshots' | 'key' | 'role' | 'copies' | 'copy-keys';

export interface Right {
  /** `ec2:ImportSnapshot` */
  action: string;
  on: On;
  by: readonly Principal[];
  need: Need;
  /** In words, after "to". */
  purpose: string;
  /** Only on what carries the tag that Landfall puts on everything it makes. */
  own?: true;
  /** Only as a part of the call that makes the thing. */
  within?: 'StartSnapshot';
}

/** The tag on everything that Landfall makes at EC2. */
export const OWN_TAG = { key: 'migration:managed-by', value: 'landfall' } as const;

const CONSOLE = ['console'] as const;
const BOTH = ['console', 'connector'] as const;
const CONNECTOR = ['connector'] as const;

function rights(by: readonly Principal[], on: On, rows: [action: string, need: Need, purpose: string, own?: 'own'][]) {
  return rows.map(
    ([action, need, purpose, own]): Right => ({ action, on, by, need, purpose, ...(own && { own: true }) }),
  );
}

export const RIGHTS: readonly Right[] = [
  ...rights(BOTH, 'any', [['sts:GetCallerIdentity', 'always', 'see whose key it is and which account it belongs to']]),
  ...rights(CONSOLE, 'any', [['sts:GetFederationToken', 'federation', 'lend keys to connectors']]),
  ...rights(CONSOLE, 'any', [
    ['ec2:DescribeImages', 'always', 'see AMIs and what became of them'],
    ['ec2:DescribeSnapshots', 'always', 'see snapshots and whether they are complete'],
    [
      'ec2:DescribeImportSnapshotTasks',
      'always',
      'follow imports of snapshots, also those of an earlier transfer path',
    ],
    ['ec2:DescribeImportImageTasks', 'import-image', 'follow imports of AMIs'],
    ['ec2:GetEbsEncryptionByDefault', 'always', 'know whether the account encrypts every new snapshot'],
    ['ec2:GetEbsDefaultKmsKeyId', 'always', 'know with which key it does so'],
    ['ec2:DescribeInstances', 'launch', 'see what became of launched instances'],
    ['ec2:DescribeInstanceStatus', 'launch', 'see their status checks'],
    ['ec2:DescribeInstanceTypes', 'launch', 'offer instance types that fit'],
    ['ec2:DescribeInstanceTypeOfferings', 'launch', 'know which zone offers a type'],
    ['ec2:DescribeVpcs', 'launch', 'offer networks'],
    ['ec2:DescribeSubnets', 'launch', 'offer subnets'],
    ['ec2:DescribeSecurityGroups', 'launch', 'offer security groups'],
    ['ec2:DescribeKeyPairs', 'launch', 'offer key pairs'],
    ['ec2:ImportSnapshot', 'path', 'make a snapshot of a staged disk'],
    ['ec2:ImportImage', 'import-image', 'make an AMI that VM Import prepares for EC2'],
    ['ec2:CancelImportTask', 'always', 'end an import whose run was cancelled'],
    ['ec2:RegisterImage', 'always', 'make an AMI of snapshots'],
    ['ec2:CreateTags', 'always', 'mark what it makes, so that it is found again'],
    ['ec2:RunInstances', 'launch', 'launch instances from its AMIs'],
    ['ec2:DeregisterImage', 'always', 'remove AMIs that are not kept', 'own'],
    ['ec2:DeleteSnapshot', 'always', 'delete snapshots that nothing needs', 'own'],
    ['ec2:TerminateInstances', 'launch', 'end test launches', 'own'],
    ['ec2:GetConsoleOutput', 'launch', 'show what an instance writes as it boots', 'own'],
    ['ec2:StopInstances', 'cutover', 'stop the instance when a cutover is rolled back', 'own'],
  ]),
  ...rights(CONSOLE, 'any', [
    ['ec2:ModifyImageAttribute', 'share', 'let other accounts launch an AMI', 'own'],
    ['ec2:ModifySnapshotAttribute', 'share', 'let them copy it', 'own'],
  ]),
  // AWS asks for no CopySnapshot beside CopyImage (EC2 user guide, "Grant permissions to copy Amazon EC2 AMIs").
  ...rights(CONSOLE, 'copies', [
    ['ec2:CopyImage', 'copy', 'copy an AMI and its snapshots'],
    ['ec2:CreateTags', 'copy', 'mark the copy, so that it is found again'],
    ['ec2:DescribeImages', 'copy', 'see when the copy is available'],
    ['ec2:DescribeSnapshots', 'copy', 'find the snapshots of the copy'],
    ['ec2:DeregisterImage', 'copy', 'remove the copy with its AMI', 'own'],
    ['ec2:DeleteSnapshot', 'copy', 'delete the snapshots of the copy', 'own'],
  ]),
  ...rights(CONSOLE, 'copy-keys', [
    ['kms:DescribeKey', 'copy-key', 'use the key for copies'],
    ['kms:CreateGrant', 'copy-key', 'let EBS use the key'],
    ['kms:Decrypt', 'copy-key', 'let EBS read the copy'],
    ['kms:GenerateDataKey*', 'copy-key', 'encrypt the copy'],
    ['kms:ReEncrypt*', 'copy-key', 'encrypt the copy'],
  ]),
  ...rights(CONSOLE, 'snapshots', [
    ['ebs:StartSnapshot', 'always', 'begin the snapshot of a disk or of what has changed'],
    ['ebs:PutSnapshotBlock', 'always', 'write the blocks that have changed'],
    ['ebs:CompleteSnapshot', 'always', 'finish a snapshot'],
    ['ebs:ListSnapshotBlocks', 'verification', 'see which blocks a snapshot holds'],
    ['ebs:ListChangedBlocks', 'verification', 'compare two snapshots'],
    ['ebs:GetSnapshotBlock', 'verification', 'read blocks back and compare them with the source'],
  ]),
  ...rights(CONNECTOR, 'snapshots', [
    ['ebs:ListSnapshotBlocks', 'always', 'see whether EBS direct can be reached'],
    ['ebs:StartSnapshot', 'direct', 'begin the snapshot of a disk'],
    ['ebs:PutSnapshotBlock', 'direct', 'write its blocks'],
    ['ebs:CompleteSnapshot', 'direct', 'finish a snapshot'],
    ['ebs:ListChangedBlocks', 'direct', 'compare two snapshots'],
    ['ebs:GetSnapshotBlock', 'direct', 'read blocks back'],
  ]),
  {
    action: 'ec2:CreateTags',
    on: 'snapshots',
    by: CONNECTOR,
    need: 'direct',
    purpose: 'mark the snapshots that it begins',
    within: 'StartSnapshot',
  },
  ...rights(BOTH, 'bucket', [
    ['s3:GetBucketLocation', 'always', 'see that the bucket is in the Region of the target'],
    // Never narrowed by s3:prefix: without it S3 answers a read of what does not exist with "denied".
    ['s3:ListBucket', 'always', 'tell an object that does not exist from one that it may not read'],
    ['s3:ListBucketMultipartUploads', 'always', 'find uploads that broke off'],
  ]),
  ...rights(CONSOLE, 'bucket', [
    ['s3:GetLifecycleConfiguration', 'always', 'see whether what is staged expires by itself'],
    ['s3:PutLifecycleConfiguration', 'always', 'add the rules by which it does'],
    ['s3:GetBucketVersioning', 'test', 'tell whether deleted objects stay as old versions'],
    ['s3:GetBucketPublicAccessBlock', 'test', 'tell whether the bucket can be made public'],
    ['s3:GetBucketPolicy', 'test', 'tell whether the bucket takes requests without TLS'],
  ]),
  ...rights(BOTH, 'staged', [
    ['s3:GetObject', 'always', 'read staged disks, and put large ones together from pieces'],
    ['s3:DeleteObject', 'always', 'delete what is staged when it is imported'],
    ['s3:AbortMultipartUpload', 'always', 'give up uploads that broke off'],
  ]),
  ...rights(CONNECTOR, 'staged', [['s3:PutObject', 'always', 'stage disks']]),
  ...rights(CONSOLE, 'staged', [['s3:PutObject', 'lent', 'let connectors stage disks']]),
  ...rights(BOTH, 'digests', [['s3:GetObject', 'always', 'read the digests of disks, by which changes are found']]),
  ...rights(CONNECTOR, 'digests', [['s3:PutObject', 'always', 'store the digests of disks']]),
  ...rights(CONSOLE, 'digests', [
    ['s3:DeleteObject', 'always', 'delete digests that no baseline needs'],
    ['s3:PutObject', 'lent', 'let connectors store the digests of disks'],
  ]),
  ...rights(BOTH, 'key', [
    ['kms:DescribeKey', 'key', 'use the key for snapshots'],
    ['kms:CreateGrant', 'key', 'let EBS use the key for volumes'],
    ['kms:Decrypt', 'key', 'read encrypted snapshots'],
    ['kms:GenerateDataKey*', 'key', 'write encrypted snapshots'],
    ['kms:ReEncrypt*', 'key', 'make volumes of encrypted snapshots'],
  ]),
  ...rights(['base'], 'role', [['sts:AssumeRole', 'role', 'work as the role of the target']]),
  ...rights(['vm-import'], 'bucket', [
    ['s3:GetBucketLocation', 'always', 'find the bucket'],
    ['s3:ListBucket', 'always', 'find the staged disk'],
  ]),
  ...rights(['vm-import'], 'staged', [['s3:GetObject', 'always', 'read the staged disk']]),
  ...rights(['vm-import'], 'any', [
    ['ec2:ModifySnapshotAttribute', 'always', 'hand the snapshot over to the account'],
    ['ec2:CopySnapshot', 'always', 'make the snapshot'],
    ['ec2:RegisterImage', 'always', 'make the AMI'],
    ['ec2:Describe*', 'always', 'follow its own work'],
  ]),
  ...rights(['vm-import'], 'key', [
    ['kms:DescribeKey', 'key', 'use the key for snapshots'],
    ['kms:CreateGrant', 'key', 'let EBS use the key'],
    ['kms:Decrypt', 'key', 'read what is encrypted with it'],
    ['kms:Encrypt', 'key', 'encrypt the snapshot'],
    ['kms:GenerateDataKey*', 'key', 'encrypt the snapshot'],
    ['kms:ReEncrypt*', 'key', 'encrypt the snapshot'],
  ]),
];

/** The rights of one identity for what is chosen. */
export function rightsOf(principal: Principal, chosen: Chosen): Right[] {
  return RIGHTS.filter((right) => right.by.includes(principal) && NEEDS[right.need].applies(chosen));
}

/** ARNs that a right is on. */
export function resourcesOf(on: On, chosen: Chosen): string[] {
  const { partition, region, bucket, prefix, kmsKeyArn, roleArn } = chosen;
  switch (on) {
    case 'bucket':
      return [`arn:${partition}:s3:::${bucket}`];
    case 'staged':
      return [`arn:${partition}:s3:::${bucket}/${prefix || DEFAULT_PREFIX}*`];
    case 'digests':
      return [`arn:${partition}:s3:::${bucket}/${DIGEST_PREFIX}*`];
    case 'snapshots':
      return [`arn:${partition}:ec2:${region}::snapshot/*`];
    case 'key':
      return kmsKeyArn ? [kmsKeyArn] : [];
    case 'copy-keys':
      return [...(chosen.copies?.keys ?? [])];
    case 'role':
      return roleArn ? [roleArn] : [];
    default:
      return ['*'];
  }
}
