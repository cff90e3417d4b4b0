// What EC2 demands of a machine, whatever platform it stands on: found before anything is copied. Pure.
import type { TransferPath } from '../../model/baseline.ts';
import type { CatalogServer, Finding } from '../../model/server.ts';
import { MOST_VOLUMES } from './ec2-names.ts';

/** VM Import/Export user guide, limitations: a task fails for machines with more volumes. Windows has no other way. */
const VM_IMPORT_VOLUMES = 21;
/** Nitro types attach 28 things at least, of which one is the network interface (EC2 user guide, EBS volume limits). */
const EVERY_NITRO_VOLUMES = 27;

/** VM Import/Export user guide, limitations: images over 8 TiB need a manifest of parts, which nobody makes here. */
const LARGEST_IMPORT_BYTES = 8 * 1024 ** 4;

/**
 * The server with what EC2 has against it among its findings: blocking ones first, each group in its order.
 * @param transfer how the disks are to travel; null while that is not decided, as in the catalog
 */
export function withAwsFindings(server: CatalogServer, transfer: TransferPath | null = null): CatalogServer {
  const found = [...server.findings, ...volumeFindings(server), ...importFindings(server, transfer)];
  const of = (level: Finding['level']) => found.filter((one) => one.level === level);
  return { ...server, findings: [...of('blocking'), ...of('warning')] };
}

/** A staged disk that is too large for one object of an import can only be written straight into its snapshot. */
export function importFindings({ disks }: Pick<CatalogServer, 'disks'>, transfer: TransferPath | null): Finding[] {
  const large = disks.filter(({ capacityBytes }) => capacityBytes > LARGEST_IMPORT_BYTES);
  if (large.length === 0 || transfer === 'ebs-direct') return [];
  const names = large.map(({ label }) => label).join(', ');
  return [
    {
      code: 'disk-too-large-to-import',
      level: transfer === 's3' ? 'blocking' : 'warning',
      title: `${names} ${large.length === 1 ? 'has' : 'have'} more than 8 TiB.`,
      why: 'AWS imports a disk from S3 as one file up to 8 TiB; a larger one cannot travel by way of the staging bucket.',
      remedy: 'Let the disks of the AWS target travel straight to EBS (Settings), or split the disk.',
    },
  ];
}

export function volumeFindings({ disks, guestFamily }: Pick<CatalogServer, 'disks' | 'guestFamily'>): Finding[] {
  const finding = { code: 'too-many-volumes', title: `The server has ${disks.length} disks.` };
  const windows = guestFamily === 'windows-server' || guestFamily === 'windows-client';
  if (windows && disks.length > VM_IMPORT_VOLUMES) {
    return [
      {
        ...finding,
        level: 'blocking',
        why: `An AMI of a Windows guest is made by VM Import, which takes at most ${VM_IMPORT_VOLUMES} volumes.`,
        remedy: `Join disks until there are at most ${VM_IMPORT_VOLUMES}, or move the data of some another way and remove them from the server.`,
      },
    ];
  }
  if (disks.length > MOST_VOLUMES) {
    return [
      {
        ...finding,
        level: 'blocking',
        why: `EC2 has device names for ${MOST_VOLUMES} volumes of an AMI.`,
        remedy: `Join disks until there are at most ${MOST_VOLUMES}, or leave the server out.`,
      },
    ];
  }
  if (disks.length > EVERY_NITRO_VOLUMES) {
    return [
      {
        ...finding,
        level: 'warning',
        why: `More than ${EVERY_NITRO_VOLUMES} volumes can be attached only to instance types that count volumes apart from network interfaces (M7i, R7i and later).`,
        remedy: 'Join disks, or choose such a type: the launch wizard offers only types that take as many volumes.',
      },
    ];
  }
  return [];
}
