import { expect, test } from 'vitest';
import type { CatalogServer, Finding } from '../../model/server.ts';
import { importFindings, volumeFindings, withAwsFindings } from './machine-limits.ts';

const server = (count: number, guestFamily: CatalogServer['guestFamily'], findings: Finding[] = []) =>
  ({
    name: 'web',
    guestFamily,
    disks: Array.from({ length: count }, () => ({})),
    findings,
  }) as unknown as CatalogServer;

test.each<[number, CatalogServer['guestFamily'], Finding['level'] | undefined]>([
  [27, 'linux', undefined],
  [28, 'linux', 'warning'],
  [78, 'linux', 'warning'],
  [79, 'linux', 'blocking'],
  [79, 'other', 'blocking'],
  [21, 'windows-server', undefined],
  [22, 'windows-server', 'blocking'],
  [22, 'windows-client', 'blocking'],
])('%i disks of a %s guest: %s', (count, family, level) => {
  expect(volumeFindings(server(count, family))[0]?.level).toBe(level);
});

test('they stand among those of the platform, blocking ones first', () => {
  const finding = (code: string, level: Finding['level']) => ({ code, level, title: '', why: '', remedy: '' });
  const found = withAwsFindings(server(22, 'windows-server', [finding('a', 'blocking'), finding('b', 'warning')]));
  expect(found.findings.map(({ code }) => code)).toEqual(['a', 'too-many-volumes', 'b']);
});

test('a disk of more than 8 TiB blocks by way of S3, is foretold in the catalog, and is fine straight to EBS', () => {
  const large = server(2, 'linux', []);
  const sized = (bytes: number) => ({
    ...large,
    disks: large.disks.map((disk) => ({ ...disk, capacityBytes: bytes })),
  });
  const levels = (bytes: number) =>
    (['s3', null, 'ebs-direct'] as const).map((transfer) =>
      importFindings(sized(bytes), transfer).map(({ level }) => level),
    );
  expect(levels(8 * 1024 ** 4)).toEqual([[], [], []]);
  expect(levels(8 * 1024 ** 4 + 512)).toEqual([['blocking'], ['warning'], []]);
  expect(withAwsFindings(sized(9 * 1024 ** 4), 's3').findings.map(({ code }) => code)).toEqual([
    'disk-too-large-to-import',
  ]);
});
