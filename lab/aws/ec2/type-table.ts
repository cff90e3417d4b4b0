// The instance types that the lab offers: sizes as EC2's user guide lists them for families old and new.

export interface InstanceType {
  /** The name, as `id` for paging. */
  id: string;
  cpus: number;
  memoryMiB: number;
  architectures: string[];
  nitro: boolean;
  ena: 'required' | 'supported' | 'unsupported';
  bootModes: string[];
  virtualizationTypes: string[];
  burstable: boolean;
  network: string;
  freeTier: boolean;
  current: boolean;
  /** Letters of the Region's zones that offer it. */
  zones: string;
  /** How many volumes attach, and whether network interfaces take places of them. */
  attachments: { most: number; kind: 'shared' | 'dedicated' };
}

type Size = [size: string, cpus: number, gib: number];

/** Sizes of a family of Nitro: `large` with two CPUs, and multiples of it. */
function sizes(gibPerCpu: number, ...cpus: number[]): Size[] {
  const name = (count: number) => (count === 2 ? 'large' : count === 4 ? 'xlarge' : `${count / 4}xlarge`);
  return cpus.map((count) => [name(count), count, count * gibPerCpu]);
}

function family(name: string, network: string, of: Size[], rest: Partial<InstanceType> = {}): InstanceType[] {
  return of.map(([size, cpus, gib]) => ({
    id: `${name}.${size}`,
    cpus,
    memoryMiB: Math.round(gib * 1024),
    network,
    architectures: ['x86_64'],
    nitro: true,
    ena: 'required',
    bootModes: ['legacy-bios', 'uefi'],
    virtualizationTypes: ['hvm'],
    burstable: false,
    freeTier: /^t[23]\.micro$/.test(`${name}.${size}`),
    current: true,
    zones: 'abc',
    attachments: { most: 28, kind: 'shared' },
    ...rest,
  }));
}

const five = 'Up to 5 Gigabit';
const ten = 'Up to 10 Gigabit';
const twelve = 'Up to 12.5 Gigabit';
const xen: Partial<InstanceType> = {
  nitro: false,
  ena: 'unsupported',
  bootModes: ['legacy-bios'],
  attachments: { most: 40, kind: 'shared' },
};
const both = { architectures: ['i386', 'x86_64'] };
/** Previous generations stand in the Region's first zones only. */
const previous = { ...xen, current: false, zones: 'ab' };
const arm = { architectures: ['arm64'], bootModes: ['uefi'] };
const burstable = { burstable: true };
/** The newest generation came to two zones, and counts volumes apart. */
const seventh = { zones: 'ab', attachments: { most: 32, kind: 'dedicated' as const } };
const T: Size[] = [
  ['nano', 2, 0.5],
  ['micro', 2, 1],
  ['small', 2, 2],
  ['medium', 2, 4],
  ['large', 2, 8],
  ['xlarge', 4, 16],
  ['2xlarge', 8, 32],
];

export const instanceTypes: readonly InstanceType[] = [
  family('t1', 'Very Low', [['micro', 1, 0.612]], { ...previous, ...both, ...burstable }),
  family(
    'm1',
    'Low',
    [
      ['small', 1, 1.7],
      ['medium', 1, 3.75],
    ],
    { ...previous, ...both },
  ),
  family(
    'm1',
    'Moderate',
    [
      ['large', 2, 7.5],
      ['xlarge', 4, 15],
    ],
    previous,
  ),
  family(
    'm2',
    'Moderate',
    [
      ['xlarge', 2, 17.1],
      ['2xlarge', 4, 34.2],
      ['4xlarge', 8, 68.4],
    ],
    previous,
  ),
  family('c1', 'Moderate', [['medium', 2, 1.7]], { ...previous, ...both }),
  family('c1', 'High', [['xlarge', 8, 7]], previous),
  family(
    'm3',
    'Moderate',
    [
      ['medium', 1, 3.75],
      ['large', 2, 7.5],
      ['xlarge', 4, 15],
      ['2xlarge', 8, 30],
    ],
    previous,
  ),
  family('c3', 'Moderate', sizes(1.875, 2, 4, 8, 16, 32), previous),
  family('r3', 'Moderate', sizes(7.625, 2, 4, 8, 16, 32), previous),
  family('c4', 'Moderate', sizes(1.875, 2, 4, 8, 16), { ...xen, current: false }),
  family('m4', 'Moderate', sizes(4, 2, 4, 8, 16, 40), { ...xen, current: false }),
  family('r4', ten, sizes(7.625, 2, 4, 8, 16, 32, 64), { ...xen, ena: 'supported', current: false }),
  family(
    't2',
    'Low to Moderate',
    [
      ['nano', 1, 0.5],
      ['micro', 1, 1],
      ['small', 1, 2],
      ['medium', 2, 4],
    ],
    { ...xen, ...both, ...burstable },
  ),
  family(
    't2',
    'Low to Moderate',
    [
      ['large', 2, 8],
      ['xlarge', 4, 16],
      ['2xlarge', 8, 32],
    ],
    { ...xen, ...burstable },
  ),
  family('t3', five, T, burstable),
  family('t3a', five, T, burstable),
  family('t4g', five, T, { ...arm, ...burstable }),
  family('c5', ten, sizes(2, 2, 4, 8, 16, 36, 48, 72, 96)),
  family('m5', ten, sizes(4, 2, 4, 8, 16, 32, 48, 64, 96)),
  family('r5', ten, sizes(8, 2, 4, 8, 16, 32, 48, 64, 96)),
  family('c6i', twelve, sizes(2, 2, 4, 8, 16, 32, 48, 64, 96, 128)),
  family('m6i', twelve, sizes(4, 2, 4, 8, 16, 32, 48, 64, 96, 128)),
  family('r6i', twelve, sizes(8, 2, 4, 8, 16, 32, 48, 64, 96, 128)),
  family('m6g', ten, sizes(4, 2, 4, 8, 16, 32, 48, 64), arm),
  family('c7i', twelve, sizes(2, 2, 4, 8, 16, 32, 48, 64, 96, 192), seventh),
  family('m7i', twelve, sizes(4, 2, 4, 8, 16, 32, 48, 64, 96, 192), seventh),
  family('r7i', twelve, sizes(8, 2, 4, 8, 16, 32, 48, 64, 96, 192), seventh),
  family(
    'x1e',
    ten,
    [
      ['xlarge', 4, 122],
      ['32xlarge', 128, 3904],
    ],
    { ...xen, ena: 'supported' },
  ),
].flat();
