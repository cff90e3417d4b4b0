import { expect, test } from 'vitest';
import { lacksNitroDrivers, recommendType, type ServerNeeds } from './recommend-type.ts';
import type { InstanceTypeChoice } from './target.ts';

function type(name: string, vcpus: number, gib: number, more: Partial<InstanceTypeChoice> = {}): InstanceTypeChoice {
  return {
    name,
    vcpus,
    memoryMiB: gib * 1024,
    architectures: ['x86_64'],
    bootModes: ['legacy-bios', 'uefi'],
    ena: 'required',
    nitro: more.ena !== 'unsupported',
    current: true,
    volumes: null,
    zones: null,
    ...more,
  };
}

const types = [
  type('t2.micro', 1, 1, { architectures: ['i386', 'x86_64'], bootModes: ['legacy-bios'], ena: 'unsupported' }),
  type('t2.medium', 2, 4, { architectures: ['i386', 'x86_64'], bootModes: ['legacy-bios'], ena: 'unsupported' }),
  type('t3.micro', 2, 1),
  type('t3.medium', 2, 4),
  type('c5.large', 2, 4),
  type('c5d.large', 2, 4),
  type('m5.large', 2, 8),
  type('m6i.xlarge', 4, 16),
  type('m5.xlarge', 4, 16),
  type('m4.xlarge', 4, 16, { bootModes: ['legacy-bios'], ena: 'unsupported', current: false }),
  type('r5.xlarge', 4, 32),
  type('t3.xlarge', 4, 16),
  type('g4dn.xlarge', 4, 16),
  type('m6g.xlarge', 4, 16, { architectures: ['arm64'], bootModes: ['uefi'] }),
  type('x1e.32xlarge', 128, 3904, { bootModes: ['legacy-bios'] }),
];

const needs: ServerNeeds = { vcpus: 2, memoryMiB: 4096, architecture: 'x86_64', firmware: 'bios', hasEna: true };

test.each<[string, Partial<ServerNeeds>, string | null]>([
  ['a small server', {}, 't3.medium'],
  ['a tiny server', { vcpus: 1, memoryMiB: 512 }, 't3.micro'],
  ['an old guest', { vcpus: 1, memoryMiB: 512, guestName: 'Red Hat Enterprise Linux 6 (64-bit)' }, 't2.micro'],
  ['a larger server takes no burstable type', { vcpus: 4, memoryMiB: 16_384 }, 'm6i.xlarge'],
  ['memory decides', { vcpus: 2, memoryMiB: 20_000 }, 'r5.xlarge'],
  ['UEFI leaves out what boots BIOS only', { vcpus: 1, memoryMiB: 512, firmware: 'uefi' }, 't3.micro'],
  ['without ENA only Xen types', { vcpus: 2, memoryMiB: 4096, hasEna: false }, 't2.medium'],
  ['nobody knows about ENA', { hasEna: null }, 't3.medium'],
  ['a 32-bit guest', { architecture: 'i386' }, 't3.medium'],
  ['arm64', { vcpus: 4, memoryMiB: 16_384, architecture: 'arm64', firmware: 'uefi' }, 'm6g.xlarge'],
  ['a giant', { vcpus: 100, memoryMiB: 1_000_000 }, 'x1e.32xlarge'],
  ['too large for anything', { vcpus: 500 }, null],
])('%s', (_name, changes, expected) => {
  const wanted = { ...needs, ...changes };
  const { recommended, reason, fitting } = recommendType(wanted, types);
  expect(recommended?.name ?? null).toBe(expected);
  expect(fitting[0] ?? null).toBe(recommended);
  expect(reason).toMatch(/\.$/);
  if (expected) expect(reason).toContain(expected);
  for (const fit of fitting) {
    expect(fit.vcpus).toBeGreaterThanOrEqual(wanted.vcpus);
    expect(fit.memoryMiB).toBeGreaterThanOrEqual(wanted.memoryMiB);
  }
});

test('the answer does not hang on the order in which AWS lists its types', () => {
  const forward = recommendType(needs, types).fitting.map(({ name }) => name);
  const backward = recommendType(needs, types.toReversed()).fitting.map(({ name }) => name);
  expect(backward).toEqual(forward);
  expect(forward).not.toContain('m6g.xlarge');
  expect(forward.indexOf('g4dn.xlarge')).toBeGreaterThan(forward.indexOf('m6i.xlarge'));
});

test('says why nothing fits: too large, or nothing boots the image', () => {
  expect(recommendType({ ...needs, vcpus: 500 }, types).reason).toContain('500 vCPU');
  const arm = recommendType({ ...needs, architecture: 'arm64' }, types).reason;
  expect(arm).toBe('No instance type of this Region boots arm64 images with legacy-bios.');
  expect(recommendType({ ...needs, hasEna: false, firmware: 'uefi' }, types).reason).toContain('without an ENA driver');
});

test('zones and volumes leave types out, and a type that only some of the zones offer is named as such', () => {
  const some = [
    type('m7i.large', 2, 8, { zones: ['a', 'b'], volumes: 32 }),
    type('m6i.large', 2, 8, { zones: ['a', 'b', 'c'], volumes: 27 }),
  ];
  const large = { ...needs, memoryMiB: 8192 };
  expect(recommendType({ ...large, zones: ['a', 'b', 'c'] }, some).recommended?.name).toBe('m6i.large');
  expect(recommendType({ ...large, zones: ['a'] }, some).recommended?.name).toBe('m7i.large');
  expect(recommendType({ ...large, zones: ['c'] }, some).fitting.map(({ name }) => name)).toEqual(['m6i.large']);
  const many = recommendType({ ...large, zones: ['a', 'c'], volumes: 30 }, some);
  expect(many.recommended?.name).toBe('m7i.large');
  expect(many.reason).toContain('offered in a, b only');
  expect(recommendType({ ...large, zones: ['d'] }, some).reason).toContain(
    'is offered in the subnets’ zones (d)'.replace('’', "'"),
  );
  expect(recommendType({ ...large, volumes: 40 }, some).reason).toContain('with 40 volumes');
});

test.each<[string, boolean]>([
  ['Red Hat Enterprise Linux 6 (64-bit)', true],
  ['Red Hat Enterprise Linux 9 (64-bit)', false],
  ['CentOS 4/5 or later (64-bit)', false],
  ['CentOS 4/5/6/7 (64-bit)', false],
  ['CentOS 6 (64-bit)', true],
  ['Debian GNU/Linux 8 (64-bit)', true],
  ['Debian GNU/Linux 12 (64-bit)', false],
  ['SUSE Linux Enterprise 11 (64-bit)', true],
  ['Ubuntu Linux (64-bit)', false],
  ['Microsoft Windows Server 2008 R2 (64-bit)', true],
  ['Microsoft Windows Server 2019 (64-bit)', false],
])('%s lacks the drivers of Nitro types: %s', (guestName, lacks) => {
  expect(lacksNitroDrivers({ hasEna: null, guestName })).toBe(lacks);
});
