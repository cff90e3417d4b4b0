// EBS volume types and what each may be. Pure; the launch wizard and the server read the same limits.

export const VOLUME_TYPES = ['gp3', 'gp2', 'io1', 'io2', 'st1', 'sc1'] as const;
export type VolumeType = (typeof VOLUME_TYPES)[number];

interface VolumeLimits {
  label: string;
  minGiB: number;
  maxGiB: number;
  /** Null: the type takes no IOPS. */
  iops: { min: number; max: number; perGiB: number; required: boolean } | null;
  /** AWS starts nothing from a hard disk type. */
  bootable: boolean;
}

/** As the EBS user guide lists them ("Amazon EBS volume types"). */
export const VOLUME_LIMITS: Record<VolumeType, VolumeLimits> = {
  gp3: {
    label: 'General purpose SSD (gp3)',
    minGiB: 1,
    maxGiB: 65_536,
    iops: { min: 3000, max: 80_000, perGiB: 500, required: false },
    bootable: true,
  },
  gp2: { label: 'General purpose SSD (gp2)', minGiB: 1, maxGiB: 16_384, iops: null, bootable: true },
  io1: {
    label: 'Provisioned IOPS SSD (io1)',
    minGiB: 4,
    maxGiB: 16_384,
    iops: { min: 100, max: 64_000, perGiB: 50, required: true },
    bootable: true,
  },
  io2: {
    label: 'Provisioned IOPS SSD (io2)',
    minGiB: 4,
    maxGiB: 65_536,
    iops: { min: 100, max: 256_000, perGiB: 1000, required: true },
    bootable: true,
  },
  st1: { label: 'Throughput optimized HDD (st1)', minGiB: 125, maxGiB: 16_384, iops: null, bootable: false },
  sc1: { label: 'Cold HDD (sc1)', minGiB: 125, maxGiB: 16_384, iops: null, bootable: false },
};

export interface VolumeChoice {
  type: VolumeType;
  sizeGiB: number;
  /** Null: the type's own baseline. */
  iops: number | null;
}

const count = (value: number) => value.toLocaleString('en-US');

/** What AWS would refuse about a volume made from a snapshot of `snapshotGiB`; empty when nothing. */
export function volumeProblems(
  { type, sizeGiB, iops }: VolumeChoice,
  from: { snapshotGiB: number; isRoot: boolean },
): { type?: string; sizeGiB?: string; iops?: string } {
  const limits = VOLUME_LIMITS[type];
  const problems: { type?: string; sizeGiB?: string; iops?: string } = {};
  if (from.isRoot && !limits.bootable) problems.type = `An instance does not start from ${type}.`;
  const least = Math.max(limits.minGiB, from.snapshotGiB);
  if (!Number.isInteger(sizeGiB)) problems.sizeGiB = 'A whole number of GiB.';
  else if (sizeGiB < from.snapshotGiB) problems.sizeGiB = `Not below its snapshot's ${count(from.snapshotGiB)} GiB.`;
  else if (sizeGiB < least) problems.sizeGiB = `At least ${count(least)} GiB for ${type}.`;
  else if (sizeGiB > limits.maxGiB) problems.sizeGiB = `At most ${count(limits.maxGiB)} GiB for ${type}.`;
  const rule = limits.iops;
  if (!rule) {
    if (iops !== null) problems.iops = `${type} takes no IOPS.`;
  } else if (iops === null) {
    if (rule.required) problems.iops = `${type} needs IOPS: at least ${count(rule.min)}.`;
  } else if (!Number.isInteger(iops)) problems.iops = 'A whole number.';
  else if (iops < rule.min) problems.iops = `At least ${count(rule.min)} for ${type}.`;
  else if (iops > rule.max) problems.iops = `At most ${count(rule.max)} for ${type}.`;
  else if (iops > Math.max(rule.min, rule.perGiB * sizeGiB)) {
    problems.iops = `At most ${count(Math.max(rule.min, rule.perGiB * sizeGiB))} for ${count(sizeGiB)} GiB of ${type}.`;
  }
  return problems;
}
