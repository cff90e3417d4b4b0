// What AWS charges for because of Landfall: the meters, and which setting or act causes each. No prices: they differ by Region and
// change; AWS's own pages have them. Pure.
import type { Chosen } from './rights.ts';

export interface Charge {
  /** What AWS counts. */
  meter: string;
  /** What makes it count. */
  cause: string;
  /** What makes it less; null where nothing of Landfall does. */
  saving: string | null;
}

export interface ChargeChoice extends Pick<Chosen, 'transfer' | 'kmsKeyArn' | 'copies'> {
  verification: 'sampled' | 'full';
  encrypted: boolean;
  /** Whether AWS is reached by addresses of one's own. */
  privateEndpoints: boolean;
}

export function chargesOf(choice: ChargeChoice): Charge[] {
  const { transfer, kmsKeyArn, verification, encrypted, privateEndpoints, copies } = choice;
  const full = verification === 'full';
  return [
    {
      meter: 'Amazon EBS snapshots: GB-months of what each holds beyond the one before',
      cause: 'Every AMI that is kept, and the latest snapshot of each disk, on which the next run builds.',
      saving: 'Keep fewer AMIs for each job.',
    },
    {
      meter: 'Amazon EBS direct APIs: PutSnapshotBlock requests, one for each block of 512 KiB',
      cause:
        transfer === 'ebs-direct'
          ? 'Transfer path EBS direct: every block that is copied.'
          : 'Runs after the first: every block that has changed. The first run of a disk goes through S3.',
      saving: null,
    },
    {
      meter: 'Amazon EBS direct APIs: GetSnapshotBlock and ListSnapshotBlocks requests',
      cause: full
        ? 'Verification “full”: every block is read back.'
        : 'Verification “sampled”: a sample of the blocks is read back.',
      saving: full ? 'Verification “sampled” reads a small part.' : null,
    },
    {
      meter: 'Data transfer out of AWS: GB that leave the Region',
      cause: full
        ? 'Verification “full”, where the console runs outside of the Region: every block is read back to it.'
        : 'The sample that verification reads back, where the console runs outside of the Region.',
      saving: 'Run the console in the Region of the target.',
    },
    {
      meter: 'Amazon S3: GB-months and requests',
      cause:
        transfer === 's3'
          ? 'Staged disks until they are imported, at most 7 days, and the digests of every disk (a few bytes for each 512 KiB).'
          : 'Blocks that have changed, until they are in a snapshot, and the digests of every disk (a few bytes for each 512 KiB).',
      saving: 'A bucket without versioning and Object Lock keeps nothing that was deleted.',
    },
    ...(copies && copies.regions.length > 0
      ? [
          {
            meter: 'Data transfer between Regions, and EBS snapshots there by the GB-month',
            cause:
              'Copies of AMIs: the first of a disk whole, later ones what AWS finds changed since the copy before.',
            saving: 'Copy to fewer Regions, or keep fewer AMIs: copies go with them.',
          },
        ]
      : []),
    ...(encrypted
      ? [
          {
            meter: kmsKeyArn ? 'AWS KMS: the key by the month, and requests' : 'AWS KMS: requests',
            cause: kmsKeyArn ? 'Encryption with a key of your own.' : 'Encryption with the default key of the account.',
            saving: null,
          },
        ]
      : []),
    ...(privateEndpoints
      ? [
          {
            meter: 'AWS PrivateLink: interface endpoints by the hour, and GB through them',
            cause: 'The target names addresses of its own for AWS’s services.',
            saving: null,
          },
        ]
      : []),
    {
      meter: 'Amazon EC2: instances by the second, EBS volumes by the GB-month, public IPv4 addresses by the hour',
      cause: 'Test launches, and instances of cutovers, for as long as they are there.',
      saving: 'End test launches: with a time set, they end by themselves.',
    },
  ];
}

/** What is often feared and costs nothing. */
export const FREE =
  'VM Import/Export, AMIs and IAM have no charge of their own, and neither has data that flows into AWS over the internet.';
