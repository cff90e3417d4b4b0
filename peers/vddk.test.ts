// Disks read through nbdkit, as with VDDK: a program stands in for nbdkit that checks what VDDK would be told and serves
// the same bytes with nbdkit's own file plugin. VDDK itself cannot be had.
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pretendDisk } from '../replication/disks/testing-pretend-disk.ts';
import { startTestLab, type TestLab } from '../replication/sources/vsphere/testing-lab.ts';
import { describeWith, peer } from './installed.ts';

const never = new AbortController().signal;
const MiB = 1_048_576;

describeWith(['nbdkit'], 'the vSphere source over nbdkit', () => {
  let lab: TestLab;
  let folder: string;
  let nbdkit: string;

  beforeAll(async () => {
    lab = await startTestLab();
    folder = await mkdtemp(join(tmpdir(), 'landfall-vddk-'));
    nbdkit = join(folder, 'nbdkit');
  });
  afterAll(async () => {
    await lab.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A script in place of nbdkit: keeps its arguments and the password, then serves `image`, or fails as VDDK would. */
  async function standIn(image: string, fails = ''): Promise<void> {
    const script = `#!/bin/sh
printf '%s\\n' "$@" > ${folder}/arguments
for a in "$@"; do case "$a" in password=+*) cat "\${a#password=+}" > ${folder}/password;; esac; done
${fails ? `echo '${fails}' >&2; exit 1` : ''}
while [ "$1" != --unix ]; do shift; done
exec ${peer('nbdkit')} --foreground --exit-with-parent --readonly --unix "$2" file ${image}
`;
    await writeFile(nbdkit, script);
    await chmod(nbdkit, 0o755);
  }

  it('tells VDDK the frozen disk, reads only what is asked for, and leaves nothing running', async () => {
    const source = lab.open({ vddk: { libdir: '/opt/vddk', nbdkit } });
    const snapshot = await source.takeSnapshot(
      'vm-203',
      { name: 'nbd', description: '', quiesce: false, trackChanges: false },
      never,
    );
    const [disk] = snapshot.disks;
    if (!disk) throw new Error('no disk');
    const bytes = pretendDisk(7, disk.capacityBytes);
    const image = join(folder, 'disk.raw');
    await writeFile(image, bytes);
    await standIn(image);
    const exported = await source.openExport('vm-203', snapshot.snapshotId, { transport: 'auto', seek: true }, never);
    expect(exported).toMatchObject({ transport: 'nbd', transportWhy: 'Little of the disks is read.' });
    const extents = [{ offset: MiB, length: 2 * MiB }];
    const reader = await exported.openDisk(disk.id, never, extents);
    const seen = [];
    for await (const block of reader.blocks(never)) seen.push(block);
    expect(seen.map(({ index }) => index)).toEqual([2, 3, 4, 5]);
    for (const block of seen) {
      const part = bytes.subarray(block.offset, block.offset + block.length);
      expect(Buffer.compare(block.data ?? Buffer.alloc(block.length), part)).toBe(0);
    }
    expect(reader.bytesRead).toBe(2 * MiB);
    await exported.complete();
    const told = (await readFile(join(folder, 'arguments'), 'utf8')).split('\n');
    expect(told).toContain('libdir=/opt/vddk');
    expect(told).toContain('vm=moref=vm-203');
    expect(told).toContain(`snapshot=${snapshot.snapshotId}`);
    expect(told.find((one) => one.startsWith('file='))).toMatch(/^file=\[.+\] .+\.vmdk$/);
    expect(told.find((one) => one.startsWith('thumbprint='))).toMatch(/^thumbprint=([0-9A-F]{2}:){19}[0-9A-F]{2}$/);
    expect(told.join('\n')).not.toContain('lab\n');
    expect(await readFile(join(folder, 'password'), 'utf8')).toBe('lab');
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('landfall-nbd-'))).toEqual([]);
    await source.releaseSnapshot('vm-203', { id: snapshot.snapshotId, name: 'nbd' }, never);
    await source.close();
  });

  it('says what nbdkit said when it cannot open the disk, and is refused where there is no VDDK', async () => {
    const source = lab.open({ vddk: { libdir: '/nowhere', nbdkit } });
    const snapshot = await source.takeSnapshot(
      'vm-203',
      { name: 'nbd', description: '', quiesce: false, trackChanges: false },
      never,
    );
    await standIn('', 'nbdkit: error: /nowhere: libvixDiskLib.so.8: cannot open shared object file');
    const exported = await source.openExport('vm-203', snapshot.snapshotId, { transport: 'nbd', seek: false }, never);
    await expect(exported.openDisk(snapshot.disks[0]?.id ?? '', never)).rejects.toMatchObject({
      fault: { code: 'nbd-refused', cause: expect.stringContaining('libvixDiskLib') },
    });
    await exported.abort('over');
    const without = lab.open();
    await expect(
      without.openExport('vm-203', snapshot.snapshotId, { transport: 'nbd', seek: false }, never),
    ).rejects.toMatchObject({ fault: { code: 'input-invalid' } });
    await source.releaseSnapshot('vm-203', { id: snapshot.snapshotId, name: 'nbd' }, never);
    await source.close();
    await without.close();
  });
});
