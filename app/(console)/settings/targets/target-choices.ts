// What can be chosen for the AWS target, each with what it means and what it needs. Pure.
import type { ConnectorSignIn, SignInKind } from '../../../../replication/model/target.ts';
import type { Target } from './types.ts';

type TargetSettings = Pick<Target, 'transfer' | 'transport' | 'verification' | 'encrypted' | 'kmsKeyArn'>;

interface Choice<Value> {
  value: Value;
  label: string;
  /** One line: what it means, and what it needs. */
  description: string;
}

export const TRANSFER_CHOICES: readonly Choice<TargetSettings['transfer']>[] = [
  {
    value: 's3',
    label: 'S3 staging',
    description:
      'The connector uploads to the staging bucket, and AWS or the worker makes EBS snapshots of it. The connector needs the bucket only.',
  },
  {
    value: 'ebs-direct',
    label: 'EBS direct',
    description:
      "The connector writes EBS snapshots itself, without a detour. It must reach the EBS endpoint, and its identity needs the EBS direct APIs' permissions.",
  },
];

export const TRANSPORT_CHOICES: readonly Choice<TargetSettings['transport']>[] = [
  {
    value: 'auto',
    label: 'Automatic',
    description:
      'Deltas read changed ranges of the datastore files where vCenter serves them; all else is read as an export. The run says which, and why.',
  },
  {
    value: 'nfc',
    label: 'Export only',
    description:
      'Every disk comes as an export, from beginning to end. Needs no privilege on datastores; a delta takes longer.',
  },
  {
    value: 'folder',
    label: 'Datastore files',
    description:
      'Full copies read the datastore files too. Needs Datastore.Browse and Datastore.FileManagement; where vCenter does not serve a file, the export is read.',
  },
];

export const VERIFICATION_CHOICES: readonly Choice<TargetSettings['verification']>[] = [
  {
    value: 'sampled',
    label: 'Sampled',
    description:
      'Blocks of every new snapshot, picked at random, are read back and compared with their digests. Takes seconds.',
  },
  {
    value: 'full',
    label: 'Every block',
    description:
      'All blocks of every new snapshot are read back and compared. Takes as long as reading the disks, and AWS bills each request.',
  },
];

/** How new snapshots are encrypted: `encrypted` and `kmsKeyArn` as one choice. */
export type Encryption = 'off' | 'default' | 'key';

export const ENCRYPTION_CHOICES: readonly Choice<Encryption>[] = [
  {
    value: 'off',
    label: 'The account’s default',
    description: 'Landfall asks for none; an account that encrypts by default does so all the same.',
  },
  {
    value: 'default',
    label: 'With the default key',
    description: "Snapshots are encrypted with the account's default key for EBS.",
  },
  {
    value: 'key',
    label: 'With a key of your own',
    description: "A KMS key that both identities may use: the console's and the connector's.",
  },
];

export function encryptionOf({ encrypted, kmsKeyArn }: Pick<TargetSettings, 'encrypted' | 'kmsKeyArn'>): Encryption {
  if (!encrypted) return 'off';
  return kmsKeyArn ? 'key' : 'default';
}

/** The label of a choice; one that is not offered is shown as stored. */
export function labelOf<Value extends string>(choices: readonly Choice<Value>[], value: Value): string {
  return choices.find((choice) => choice.value === value)?.label ?? value.toUpperCase();
}

/** How the console signs in at AWS. That of the environment cannot be chosen, only shown. */
export const SIGN_IN_CHOICES: readonly Choice<SignInKind>[] = [
  {
    value: 'environment',
    label: "Environment's key",
    description: 'With LANDFALL_AWS_ACCESS_KEY_ID and its secret, set where web and worker run.',
  },
  {
    value: 'assume-role',
    label: 'Assume a role',
    description: 'Short-lived rights of a role in the account. The best choice: no secret is kept for it.',
  },
  {
    value: 'access-key',
    label: 'Access key',
    description: 'The key of an IAM user. Its secret is sealed and never shown again.',
  },
  {
    value: 'default-chain',
    label: "The machine's own identity",
    description: "AWS's default chain: an instance, container or pod role, or a profile, where web and worker run.",
  },
];

export const CONNECTOR_CHOICES: readonly Choice<ConnectorSignIn>[] = [
  {
    value: 'own',
    label: 'With a key of their own',
    description: 'Each connector holds an AWS key, given where it runs.',
  },
  {
    value: 'lent',
    label: 'Lent by the console',
    description: 'Short-lived keys, narrowed to the run, renewed while it goes. No connector holds an AWS key.',
  },
];

export const PUBLIC_ADDRESS_CHOICES: readonly { value: 'subnet' | 'yes' | 'no'; label: string }[] = [
  { value: 'subnet', label: 'As the subnet says' },
  { value: 'yes', label: 'Yes' },
  { value: 'no', label: 'No' },
];
