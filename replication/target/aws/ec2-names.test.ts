import { expect, test } from 'vitest';
import { toFault } from '../../model/fault.ts';
import { clientToken, description, imageName, tagged, toTags, withDevices } from './ec2-names.ts';
import { importFault, importPercent, importState } from './import-tasks.ts';
import { stagingRule, withStagingRule } from './lifecycle.ts';

const disks = (...orders: number[]) => orders.map((order) => ({ order, snapshotId: `snap-${order}` }));

test('the disk that boots is the root, the others follow in order', () => {
  const devices = withDevices(disks(2, 0, 1)).map(({ disk, device }) => [disk.snapshotId, device]);
  expect(devices).toEqual([
    ['snap-0', '/dev/sda1'],
    ['snap-1', '/dev/sdf'],
    ['snap-2', '/dev/sdg'],
  ]);
});

test('78 disks get names of their own; one more is refused, and none at all', () => {
  const many = Array.from({ length: 78 }, (_, order) => ({ order }));
  const devices = withDevices(many).map(({ device }) => device);
  expect(new Set(devices).size).toBe(78);
  expect(devices.slice(25, 28)).toEqual(['/dev/sde', '/dev/xvdba', '/dev/xvdbb']);
  expect(devices.at(-1)).toBe('/dev/xvdcz');
  const refused = (disks: { order: number }[]) => {
    try {
      return withDevices(disks);
    } catch (error) {
      return toFault(error).code;
    }
  };
  expect(refused([...many, { order: 78 }])).toBe('disk-unsupported');
  expect(refused([])).toBe('internal');
});

test('a token is at most 64 characters, always the same, and others for others', () => {
  const long = 'sms-run-1/'.repeat(20);
  expect(clientToken('short')).toBe('short');
  expect(clientToken(long)).toMatch(/^[0-9a-f]{64}$/);
  expect(clientToken(long)).toBe(clientToken(long));
  expect(clientToken(`${long}x`)).not.toBe(clientToken(long));
});

/** Names of servers that people really have, and some that nobody should. */
const ODD_NAMES = [
  'Büro-Server',
  ' lead trail ',
  '🚀🚀 web',
  'n'.repeat(300),
  `"it's" <a&b>`,
  'ａ\u0000\tb\ud83d',
  '',
  '日本語',
];

test('an AMI name has only what EC2 takes, and its id is never cut', () => {
  expect(imageName('web01 – döner: "x"')).toBe('web01 - doner- -x-');
  expect(imageName('a')).toBe('a--');
  expect(imageName('n'.repeat(300))).toHaveLength(128);
  expect(imageName('Büro-Server', 'sms-run-0123')).toBe('Buro-Server sms-run-0123');
  for (const name of ODD_NAMES)
    expect(imageName(name, 'sms-run-0123')).toMatch(/^(?! )[\w()[\] ./'@-]{0,115} ?sms-run-0123$/);
});

test('a description is printable ASCII, at most 255 characters, without spaces at its ends', () => {
  expect(description('Büro-Server')).toBe('Buro-Server');
  expect(description(' lead \n trail ')).toBe('lead trail');
  expect(description('Straße – 東京 🚀')).toBe('Strasse - ?? ?');
  for (const name of ODD_NAMES) {
    expect(description(name)).toMatch(/^[ -~]{0,255}$/);
    expect(description(name)).toBe(description(name).trim());
  }
});

test('a tag keeps the true name, cut between characters', () => {
  const value = (name: string, of?: 'ebs') => toTags({ Name: name }, of)[0]?.Value;
  expect(value('Büro-Server 🚀 日本語')).toBe('Büro-Server 🚀 日本語');
  expect(value('a\u0000b\ud83d')).toBe('a b\ufffd');
  expect(value('🚀'.repeat(200))).toBe('🚀'.repeat(128));
  expect(value('🚀'.repeat(200), 'ebs')).toBe('🚀'.repeat(127));
});

test('no tags means no tag specification', () => {
  expect(tagged(['image'], {})).toEqual({});
  expect(tagged(['image'], { Name: 'x' })).toEqual({
    TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'Name', Value: 'x' }] }],
  });
});

test.each([
  ['active', 'active'],
  ['converting', 'active'],
  [undefined, 'active'],
  ['completed', 'completed'],
  ['deleting', 'failed'],
  ['deleted', 'failed'],
  ['error', 'failed'],
] as const)('a task that is %s counts as %s', (status, state) => {
  expect(importState(status)).toBe(state);
});

test('the percentage is what AWS says, or unknown', () => {
  expect(importPercent('42', 'active')).toBe(42);
  expect(importPercent(undefined, 'active')).toBeNull();
  expect(importPercent(undefined, 'completed')).toBe(100);
});

test('a failed task becomes a fault with the words of AWS', () => {
  const words = 'ClientError: Disk validation failed [Unsupported VMDK File Format]';
  expect(importFault('snapshot', { taskId: 'import-snap-1', message: words }).fault).toMatchObject({
    code: 'import-snapshot-failed',
    cause: `import-snap-1: ${words}`,
  });
  expect(importFault('image', { taskId: 't', message: words }).fault.code).toBe('import-image-failed');
  const role = 'The service role vmimport provided does not exist or does not have sufficient permissions';
  expect(importFault('image', { taskId: 't', message: role }).fault.code).toBe('import-role-missing');
  const region = 'The given S3 bucket is not local to the Region';
  expect(importFault('snapshot', { taskId: 't', message: region }).fault.code).toBe('staging-bucket-missing');
});

test('our lifecycle rule joins the others, replaces a changed one of ours, and is not stored twice', () => {
  const theirs = { ID: 'logs', Status: 'Enabled' as const, Filter: { Prefix: 'logs/' }, Expiration: { Days: 30 } };
  const ours = stagingRule('landfall/');
  expect(withStagingRule([])).toEqual([ours]);
  expect(withStagingRule([theirs, ours])).toBeNull();
  expect(withStagingRule([theirs, { ...ours, Status: 'Disabled' }])).toEqual([theirs, ours]);
  expect(withStagingRule([ours], 'other/')).toEqual([stagingRule('other/')]);
});
