import { describe, expect, it, test } from 'vitest';
import {
  configurationOf,
  type Draft,
  firstProblem,
  fitted,
  launchInput,
  newDraft,
  problemsOf,
  withPurpose,
  withVpc,
} from './draft.ts';
import type { LaunchChoices } from './types.ts';

const type = (name: string, zones: string[] | null = null) => ({
  name,
  vcpus: 2,
  memoryMiB: 4096,
  architectures: ['x86_64'],
  bootModes: ['legacy-bios', 'uefi'],
  ena: 'required',
  nitro: true,
  current: true,
  volumes: 27,
  zones,
});
const volume = {
  snapshotId: 'snap-1',
  sizeGiB: 8,
  type: 'gp3' as const,
  iops: 3000,
  deleteOnTermination: false,
};

const choices: LaunchChoices = {
  image: {
    id: 'ami-1',
    name: 'web-01',
    method: 'register-image',
    note: null,
    pointInTime: new Date(0),
    windows: false,
  },
  run: { id: 'sms-run-1', jobId: 'sms-job-1', serverName: 'web-01', license: 'auto' },
  needs: {
    vcpus: 2,
    memoryMiB: 4096,
    architecture: 'x86_64',
    firmware: 'bios',
    hasEna: null,
    guestName: '',
    volumes: 1,
    zones: ['a'],
  },
  source: null,
  configuration: null,
  defaults: null,
  types: {
    recommended: type('t3.medium'),
    reason: 't3.medium fits.',
    fitting: [type('t3.medium'), type('m5.large'), type('m7i.large', ['b'])],
  },
  networks: {
    vpcs: [
      { id: 'vpc-a', name: 'other', cidr: '10.0.0.0/16', isDefault: false },
      { id: 'vpc-b', name: 'default', cidr: '172.31.0.0/16', isDefault: true },
    ],
    subnets: [
      { id: 'subnet-a', vpcId: 'vpc-a', name: '', cidr: '', zone: 'a', publicByDefault: false },
      { id: 'subnet-b', vpcId: 'vpc-b', name: '', cidr: '', zone: 'a', publicByDefault: true },
      { id: 'subnet-c', vpcId: 'vpc-b', name: '', cidr: '', zone: 'b', publicByDefault: true },
    ],
    securityGroups: [
      { id: 'sg-a', vpcId: 'vpc-a', name: 'default', description: '' },
      { id: 'sg-b', vpcId: 'vpc-b', name: 'default', description: '' },
      { id: 'sg-c', vpcId: 'vpc-b', name: 'web', description: '' },
    ],
    keyPairs: ['lab-key'],
  },
  volumes: [
    { ...volume, device: '/dev/sda1', isRoot: true },
    { ...volume, device: '/dev/sdf', isRoot: false, sizeGiB: 200 },
  ],
  account: '123456789012',
  region: 'eu-central-1',
};

const requestId = '0123456789abcdef0123456789abcdef';
const fresh = () => newDraft(choices, requestId);
const changed = (part: Partial<Draft>) => ({ ...fresh(), ...part });

it('proposes a test on the recommended type in the default VPC, and would be taken as it is', () => {
  const draft = fresh();
  expect(draft).toMatchObject({
    purpose: 'test',
    instanceType: 't3.medium',
    vpcId: 'vpc-b',
    subnetId: 'subnet-b',
    securityGroupIds: ['sg-b'],
    tags: [{ key: 'Name', value: 'web-01 (test)' }],
  });
  expect(firstProblem(5, draft, choices)).toBeNull();
  expect(launchInput('sms-run-1', draft)).toMatchObject({
    runId: 'sms-run-1',
    requestId,
    keyName: null,
    publicAddress: null,
    userData: null,
    volumes: [
      { device: '/dev/sda1', type: 'gp3', sizeGiB: 8, iops: 3000, deleteOnTermination: true },
      { device: '/dev/sdf', sizeGiB: 200 },
    ],
  });
});

describe('the purpose', () => {
  it('carries name and volumes along while nobody has changed them', () => {
    const final = withPurpose(fresh(), 'final', choices);
    expect(final.tags).toEqual([{ key: 'Name', value: 'web-01' }]);
    expect(final.volumes.map((one) => one.deleteOnTermination)).toEqual([false, false]);
    expect(withPurpose(final, 'test', choices)).toEqual(fresh());
  });

  it('leaves alone what a person wrote', () => {
    const draft = changed({ tags: [{ key: 'Name', value: 'mine' }] });
    const [first] = draft.volumes;
    draft.volumes = draft.volumes.map((one) => (one === first ? { ...one, deleteOnTermination: false } : one));
    const final = withPurpose(draft, 'final', choices);
    expect(final.tags).toEqual(draft.tags);
    expect(final.volumes).toEqual(draft.volumes);
  });
});

it('takes subnet and groups of another VPC with it', () => {
  expect(withVpc(fresh(), 'vpc-a', choices)).toMatchObject({ subnetId: 'subnet-a', securityGroupIds: ['sg-a'] });
});

describe('a kept draft', () => {
  it('is kept whole while AWS still offers it', () => {
    const kept = changed({ instanceType: 'm5.large', subnetId: 'subnet-c', keyName: 'lab-key', userData: 'x' });
    expect(fitted(kept, choices, true)).toEqual(kept);
  });

  it('asks again for what is gone, and is no launch for good without the right to it', () => {
    const kept = withPurpose(
      changed({ instanceType: 'gone', subnetId: 'subnet-a', securityGroupIds: ['sg-a', 'sg-c'], keyName: 'gone' }),
      'final',
      choices,
    );
    expect(fitted(kept, choices, false)).toMatchObject({
      purpose: 'test',
      instanceType: 't3.medium',
      subnetId: '',
      securityGroupIds: ['sg-c'],
      keyName: '',
      tags: [{ key: 'Name', value: 'web-01 (test)' }],
    });
    expect(firstProblem(5, fitted(kept, choices, false), choices)).toBe(2);
  });
});

const root = fresh().volumes[0] as Draft['volumes'][number];
const withRoot = (part: Partial<typeof root>) => ({ volumes: [{ ...root, ...part }] });
const ofTags = (...tags: [string, string][]) => ({ tags: tags.map(([key, value]) => ({ key, value })) });

test.each<[string, Parameters<typeof problemsOf>[0], Partial<Draft>, string]>([
  ['no type', 'type', { instanceType: '' }, 'instanceType'],
  ['no subnet', 'network', { subnetId: '' }, 'subnetId'],
  ['a zone that does not offer the type', 'network', { instanceType: 'm7i.large' }, 'subnetId'],
  ['no group', 'network', { securityGroupIds: [] }, 'securityGroupIds'],
  ['six groups', 'network', { securityGroupIds: ['1', '2', '3', '4', '5', '6'] }, 'securityGroupIds'],
  ['below the snapshot', 'storage', withRoot({ sizeGiB: '7' }), 'volumes.0.sizeGiB'],
  ['no number', 'storage', withRoot({ sizeGiB: '1e3' }), 'volumes.0.sizeGiB'],
  ['beyond the type', 'storage', withRoot({ type: 'gp2', sizeGiB: '16385', iops: '' }), 'volumes.0.sizeGiB'],
  ['a hard disk to start from', 'storage', withRoot({ type: 'st1', sizeGiB: '200', iops: '' }), 'volumes.0.type'],
  ['io2 without IOPS', 'storage', withRoot({ type: 'io2', iops: '' }), 'volumes.0.iops'],
  ['more IOPS than the size carries', 'storage', withRoot({ type: 'io1', iops: '401' }), 'volumes.0.iops'],
  ['IOPS where there are none', 'storage', withRoot({ type: 'gp2' }), 'volumes.0.iops'],
  ['a tag without a key', 'tags', ofTags([' ', 'x']), 'tags.0.key'],
  ['a key twice', 'tags', ofTags(['a', '1'], ['a ', '2']), 'tags.1.key'],
  ['a reserved key', 'tags', ofTags(['aws:x', '1']), 'tags.0.key'],
  ['a reserved key in capitals', 'tags', ofTags(['AWS:team', '1']), 'tags.0.key'],
  ['a key of 129 characters', 'tags', ofTags(['k'.repeat(129), '1']), 'tags.0.key'],
  ['our own key', 'tags', ofTags(['landfall:run', '1']), 'tags.0.key'],
  ['a long value', 'tags', ofTags(['a', 'x'.repeat(257)]), 'tags.0.value'],
  ['user data of 16 KiB in letters of two bytes', 'tags', { userData: 'ü'.repeat(8193) }, 'userData'],
])('refuses %s', (_what, step, part, field) => {
  expect(Object.keys(problemsOf(step, changed(part), choices))).toEqual([field]);
});

test('at the limits it is taken', () => {
  expect(problemsOf('storage', changed(withRoot({ type: 'io1', iops: '400' })), choices)).toEqual({});
  expect(problemsOf('tags', changed({ userData: 'ü'.repeat(8192) }), choices)).toEqual({});
});

test('kept as a launch configuration it has nothing of one launch alone', () => {
  const draft = newDraft(choices, '0'.repeat(32));
  const kept = configurationOf(draft, 'web-01');
  expect(Object.keys(kept)).not.toContain('requestId');
  expect(kept).toMatchObject({ instanceType: 't3.medium', subnetId: 'subnet-b', tags: [] });
  const named = { ...draft, tags: [{ key: 'Name', value: 'shop' }] };
  expect(configurationOf(named, 'web-01').tags).toEqual([{ key: 'Name', value: 'shop' }]);
});
