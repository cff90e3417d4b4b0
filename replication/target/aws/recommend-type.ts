// Which instance type fits a server. Pure; imported by server/services/cloud for the launch wizard.
import type { InstanceTypeChoice } from './target.ts';

export interface ServerNeeds {
  vcpus: number;
  memoryMiB: number;
  /** Of the AMI; a 32-bit guest runs on x86_64 types. */
  architecture: 'x86_64' | 'i386' | 'arm64';
  firmware: 'bios' | 'uefi';
  /** Whether the guest has ENA's network driver; null when nobody knows. */
  hasEna: boolean | null;
}

export interface TypeRecommendation {
  /** The best fit; null when none fits. */
  recommended: InstanceTypeChoice | null;
  /** One sentence for the person who chooses. */
  reason: string;
  /** Every type that fits, best first. */
  fitting: InstanceTypeChoice[];
}

export function recommendType(needs: ServerNeeds, types: readonly InstanceTypeChoice[]): TypeRecommendation {
  const architecture = needs.architecture === 'arm64' ? 'arm64' : 'x86_64';
  const bootMode = needs.firmware === 'uefi' ? 'uefi' : 'legacy-bios';
  const booting = types.filter(
    (type) =>
      type.architectures.includes(architecture) &&
      (type.bootModes.length === 0 || type.bootModes.includes(bootMode)) &&
      !(needs.hasEna === false && type.ena === 'required'),
  );
  const fitting = booting
    .filter((type) => type.vcpus >= needs.vcpus && type.memoryMiB >= needs.memoryMiB)
    .map((type) => ({ type, rank: rank(type, needs) }))
    .sort((a, b) => compare(a.rank, b.rank) || (a.type.name < b.type.name ? -1 : 1))
    .map(({ type }) => type);

  const wanted = `${needs.vcpus} vCPU and ${gib(needs.memoryMiB)} GiB of memory`;
  const recommended = fitting[0] ?? null;
  if (recommended) {
    const has = `${recommended.vcpus} vCPU and ${gib(recommended.memoryMiB)} GiB`;
    const exact = recommended.vcpus === needs.vcpus && recommended.memoryMiB === needs.memoryMiB;
    const size = exact
      ? `has exactly the server's ${wanted}`
      : `is the closest fit for the server's ${wanted} (it has ${has})`;
    const boots = `boots ${needs.firmware === 'uefi' ? 'UEFI' : 'BIOS'} images`;
    const old = needs.hasEna === false ? ', and needs no ENA driver' : '';
    return { recommended, reason: `${recommended.name} ${size}. It ${boots}${old}.`, fitting };
  }
  const reason =
    booting.length > 0
      ? `No instance type of this Region that the image boots on has ${wanted}.`
      : `No instance type of this Region boots ${architecture} images with ${bootMode}` +
        `${needs.hasEna === false ? ' without an ENA driver' : ''}.`;
  return { recommended: null, reason, fitting };
}

/**
 * Smaller is better, compared number by number: general families before special ones; then how much is paid for in
 * vain, in steps, so that a near miss of an established family beats a perfect hit of an odd one; then how usual.
 */
function rank(type: InstanceTypeChoice, needs: ServerNeeds): number[] {
  const [, family = '', generation = '0', variant = ''] = /^([a-z]+)(\d*)([a-z0-9-]*)\./.exec(type.name) ?? [];
  const general = ['t', 'm', 'c', 'r'].includes(family);
  // A burstable type suits a small server; a larger one would run out of credits.
  const burstsTooMuch = family === 't' && (needs.vcpus > 2 || needs.memoryMiB > 8 * 1024);
  const surplus = type.vcpus / Math.max(1, needs.vcpus) + (2 * type.memoryMiB) / Math.max(512, needs.memoryMiB);
  return [
    general ? 0 : 1,
    burstsTooMuch ? 1 : 0,
    Math.round(surplus * 4),
    family === 't' ? 0 : 1,
    variant === '' ? 0 : variant === 'i' ? 1 : variant === 'a' ? 2 : 3,
    -Number(generation || 0),
  ];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < a.length; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function gib(mib: number): string {
  return String(Math.round((mib / 1024) * 10) / 10);
}
