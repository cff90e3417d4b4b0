// Which instance type fits a server. Pure.
import type { InstanceTypeChoice } from './target.ts';

export interface ServerNeeds {
  vcpus: number;
  memoryMiB: number;
  /** Of the AMI; a 32-bit guest runs on x86_64 types. */
  architecture: 'x86_64' | 'i386' | 'arm64';
  firmware: 'bios' | 'uefi';
  /** Whether the guest has ENA's network driver; null when nobody knows. */
  hasEna: boolean | null;
  /** The guest's name on its platform; tells of systems that are too old for the drivers of Nitro types. */
  guestName?: string;
  /** EBS volumes of the AMI. */
  volumes?: number;
  /** Availability Zones in which it may start; none given: any. */
  zones?: readonly string[];
}

export interface TypeRecommendation {
  /** The best fit; null when none fits. */
  recommended: InstanceTypeChoice | null;
  /** One sentence for the person who chooses, or more where something must be known. */
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
  const placed = booting.filter((type) => zonesFor(type, needs) !== 'none');
  const fitting = placed
    .filter((type) => type.vcpus >= needs.vcpus && type.memoryMiB >= needs.memoryMiB)
    .filter((type) => !(needs.volumes && type.volumes !== null && type.volumes < needs.volumes))
    .map((type) => ({ type, rank: rank(type, needs) }))
    .sort((a, b) => compare(a.rank, b.rank) || (a.type.name < b.type.name ? -1 : 1))
    .map(({ type }) => type);

  const volumes = needs.volumes && needs.volumes > USUAL_VOLUMES ? ` with ${needs.volumes} volumes` : '';
  const wanted = `${needs.vcpus} vCPU and ${gib(needs.memoryMiB)} GiB of memory`;
  const recommended = fitting[0] ?? null;
  if (recommended) return { recommended, reason: reasonFor(recommended, needs, wanted), fitting };
  const where = needs.zones?.length ? `the subnets' zones (${needs.zones.join(', ')})` : 'this Region';
  const reason =
    placed.length > 0
      ? `No instance type of ${where} that the image boots on has ${wanted}${volumes}.`
      : booting.length > 0
        ? `No instance type that the image boots on is offered in ${where}.`
        : `No instance type of this Region boots ${architecture} images with ${bootMode}` +
          `${needs.hasEna === false ? ' without an ENA driver' : ''}.`;
  return { recommended: null, reason, fitting };
}

/** So many attach to every Nitro type: below nobody needs to hear of it. */
const USUAL_VOLUMES = 27;

function reasonFor(type: InstanceTypeChoice, needs: ServerNeeds, wanted: string): string {
  const exact = type.vcpus === needs.vcpus && type.memoryMiB === needs.memoryMiB;
  const size = exact
    ? `has exactly the server's ${wanted}`
    : `is the closest fit of an up-to-date family for the server's ${wanted} (it has ${type.vcpus} vCPU and ${gib(type.memoryMiB)} GiB)`;
  const boots = `boots ${needs.firmware === 'uefi' ? 'UEFI' : 'BIOS'} images`;
  const old = needs.hasEna === false ? ', and needs no ENA driver' : '';
  const said = [
    `${type.name} ${type.current ? size : size.replace(' of an up-to-date family', '')}. It ${boots}${old}.`,
  ];
  if (lacksNitroDrivers(needs)) {
    said.push(
      type.nitro
        ? `${needs.guestName} rarely has the drivers for ENA and NVMe that this type needs, and no type without them fits: install them before the cutover.`
        : `${needs.guestName} rarely has the drivers for ENA and NVMe; this type needs neither.`,
    );
  }
  if (zonesFor(type, needs) === 'some') said.push(`It is offered in ${(type.zones ?? []).join(', ')} only.`);
  return said.join(' ');
}

/**
 * Guests that came before the drivers for ENA and NVMe: EC2's user guide names RHEL and CentOS 7.4, SLES 12 SP2, Debian 9
 * and Ubuntu 16.04 as the first that have both ("Instances built on the Nitro System"); a platform's name that means later
 * ones too says nothing.
 */
export function lacksNitroDrivers({ hasEna, guestName = '' }: Pick<ServerNeeds, 'hasEna' | 'guestName'>): boolean {
  if (hasEna === false) return true;
  if (/or later/i.test(guestName)) return false;
  return /(Red Hat Enterprise Linux|Oracle Linux|CentOS) [2-6]\b(?!\/)|Debian GNU\/Linux [4-8]\b|SUSE Linux Enterprise (Server )?(8|9|10|11)\b|Windows (Server )?(2000|2003|2008)\b|Windows (XP|Vista|7)\b/i.test(
    guestName,
  );
}

function zonesFor({ zones }: InstanceTypeChoice, { zones: wanted }: ServerNeeds): 'all' | 'some' | 'none' {
  if (!zones || !wanted?.length) return 'all';
  const there = wanted.filter((zone) => zones.includes(zone)).length;
  return there === wanted.length ? 'all' : there > 0 ? 'some' : 'none';
}

/**
 * Smaller is better, compared number by number: general families before special ones; current generations first; drivers
 * that the guest may lack; then how much is paid for in vain, in steps, so that a near miss of an established family beats a
 * perfect hit of an odd one; then what every zone offers; then how usual and how new.
 */
function rank(type: InstanceTypeChoice, needs: ServerNeeds): number[] {
  const [, family = '', generation = '0', variant = ''] = /^([a-z]+)(\d*)([a-z0-9-]*)\./.exec(type.name) ?? [];
  const general = ['t', 'm', 'c', 'r'].includes(family);
  // A burstable type suits a small server; a larger one would run out of credits.
  const burstsTooMuch = family === 't' && (needs.vcpus > 2 || needs.memoryMiB > 8 * 1024);
  const surplus = type.vcpus / Math.max(1, needs.vcpus) + (2 * type.memoryMiB) / Math.max(512, needs.memoryMiB);
  const missing = lacksNitroDrivers(needs);
  return [
    general ? 0 : 1,
    missing && type.nitro ? 1 : 0,
    type.current ? 0 : 1,
    !missing && !type.nitro ? 1 : 0,
    burstsTooMuch ? 1 : 0,
    Math.round(surplus * 4),
    zonesFor(type, needs) === 'all' ? 0 : 1,
    family === 't' ? 0 : 1,
    variant === '' ? 0 : variant === 'i' ? 0 : variant === 'a' ? 2 : 3,
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
