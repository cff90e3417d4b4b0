// Peers: qemu-nbd, nbdkit and nbdinfo (Debian's qemu-utils, nbdkit, libnbd-bin). Our NBD client reads what the first two
// serve, and sees the same maps as the third.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { describeDiskReader } from '../replication/disks/contract.ts';
import {
  ALLOCATION,
  allocatedExtents,
  dirtyBitmap,
  dirtyExtents,
  listNbdExports,
  openNbdDisk,
  parseNbdUri,
} from '../replication/disks/nbd/nbd-disk.ts';
import { openSeekReader } from '../replication/disks/seek-reader.ts';
import { seededRandom } from '../replication/disks/testing-pretend-disk.ts';
import { coverage, type Extent } from '../replication/model/extent.ts';
import { describeWith, peer } from './installed.ts';
import {
  bytes,
  certificates,
  collect,
  covers,
  folder,
  GiB,
  MiB,
  nbdDiskForTests,
  nbdkit,
  never,
  openDisk,
  opened,
  PROGRAMS,
  qcow2,
  qemuNbd,
  raw,
  readExtents,
  seed,
  someWrite,
  tlsOf,
} from './nbd-disk.ts';
import { type NbdServer, nbdinfoMap } from './nbd-servers.ts';
import { output } from './programs.ts';

describeWith(PROGRAMS, `NBD, seed ${seed}`, () => {
  nbdDiskForTests();

  describe('a disk of data, text and holes', () => {
    it.each<[string, () => Promise<NbdServer>]>([
      ['nbdkit on a unix socket', () => nbdkit(['file', raw])],
      ['nbdkit on a port', () => nbdkit(['file', raw], { tcp: true })],
      ['qemu-nbd on a unix socket', () => qemuNbd(['-f', 'raw', raw], { exportName: 'sda' })],
      ['qemu-nbd on a port', () => qemuNbd(['-f', 'qcow2', qcow2], { tcp: true, exportName: 'ein/Name' })],
      [
        'nbdkit that refuses requests of other sizes than it names',
        () => {
          const sizes = ['blocksize-minimum=512', 'blocksize-preferred=4096', 'blocksize-maximum=204800'];
          return nbdkit(['--filter=blocksize-policy', 'file', raw, 'blocksize-error-policy=error', ...sizes]);
        },
      ],
    ])('%s: the same bytes, and the map of nbdinfo', async (_name, serve) => {
      const { uri } = await serve();
      const disk = await openDisk(uri, { contexts: [ALLOCATION] });
      expect(disk.capacityBytes).toBe(bytes.length);
      const map = await collect(disk.status(ALLOCATION, never));
      expect(map).toEqual(await nbdinfoMap(uri));
      expect(map.length).toBeGreaterThan(3);
      const extents = await allocatedExtents(disk, never);
      expect(coverage(extents)).toBeLessThan(bytes.length);
      expect(Buffer.compare(await readExtents(disk, extents), bytes)).toBe(0);
    });

    it('through TLS with a made authority, which nbdkit demands', async () => {
      const tls = ['--tls=require', `--tls-certificates=${certificates.folder}`];
      const { uri } = await nbdkit([...tls, 'file', raw], { tcp: true, scheme: 'nbds' });
      const disk = await openDisk(uri, { contexts: [ALLOCATION], ...tlsOf(certificates) });
      const asInfo = `${uri}?tls-certificates=${certificates.folder}`;
      expect(await collect(disk.status(ALLOCATION, never))).toEqual(await nbdinfoMap(asInfo));
      expect(Buffer.compare(await readExtents(disk, await allocatedExtents(disk, never)), bytes)).toBe(0);
    });

    it('from a server without structured replies', async () => {
      const { uri } = await nbdkit(['--no-sr', 'file', raw]);
      const disk = await openDisk(uri, { contexts: [ALLOCATION] });
      expect(disk.contexts.size).toBe(0);
      expect(Buffer.compare(await readExtents(disk), bytes)).toBe(0);
    });

    it('through a stream that somebody else opened', async () => {
      const { uri } = await qemuNbd(['-f', 'qcow2', qcow2]);
      const endpoint = parseNbdUri(uri);
      if (!('socketPath' in endpoint.address)) throw new Error('not a socket');
      const stream = connect(endpoint.address.socketPath);
      const disk = await openNbdDisk({ ...endpoint, address: { stream, label: 'a tunnel' } }, {}, never);
      opened.push(disk);
      expect(Buffer.compare(await readExtents(disk), bytes)).toBe(0);
      await disk.close();
      expect(stream.destroyed).toBe(true);
    });

    it('in reads of any place and length, many at once', async () => {
      const { uri } = await nbdkit(['--filter=blocksize-policy', 'file', raw, 'blocksize-minimum=512']);
      const disk = await openDisk(uri);
      const random = seededRandom(seed);
      const reads = Array.from({ length: 300 }, async () => {
        const offset = Math.floor(random() * bytes.length);
        const length = Math.min(bytes.length - offset, Math.floor(random() ** 4 * 3 * MiB));
        const got = await disk.read(offset, length, never);
        expect(Buffer.compare(got, bytes.subarray(offset, offset + length)), `${length} at ${offset}`).toBe(0);
      });
      await Promise.all(reads);
    });
  });

  describe('a qcow2 of 5 GiB with a bitmap', () => {
    const bitmap = 'since last';
    const size = 5 * GiB;
    const context = dirtyBitmap(bitmap);

    it('tells what is dirty as nbdinfo does, and that is what was written', async () => {
      const random = seededRandom(seed + 1);
      const image = join(folder, 'big.qcow2');
      await output(peer('qemu-img'), ['create', '-q', '-f', 'qcow2', image, `${size}`]);
      const before = Array.from({ length: 40 }, () => someWrite(random, size));
      await write(image, before, random);
      await output(peer('qemu-img'), ['bitmap', '--add', '-g', '64k', image, bitmap]);
      const old = await qemuNbd(['-f', 'qcow2', image]);
      const first = await openDisk(old.uri, { contexts: [ALLOCATION] });
      const copies = new Map<number, Uint8Array>();
      const baseline = await allocatedExtents(first, never);
      for (const { offset, length } of baseline) copies.set(offset, await first.read(offset, length, never));
      await first.close();
      await old.stop();

      const after = Array.from({ length: 25 }, () => someWrite(random, size));
      // One over what was there, one next to it: neither may be taken for unchanged.
      after.push({ offset: before[0]!.offset, length: 512 }, { offset: size - 4096, length: 4096 });
      await write(image, after, random);
      const { uri } = await qemuNbd(['-f', 'qcow2', '-B', bitmap, image], { exportName: 'vda' });
      const disk = await openDisk(uri, { contexts: [ALLOCATION, context, dirtyBitmap('another')] });
      expect([...disk.contexts].sort()).toEqual([ALLOCATION, context].sort());
      const dirty = await collect(disk.status(context, never));
      expect(dirty).toEqual(await nbdinfoMap(uri, context));
      expect(await collect(disk.status(ALLOCATION, never))).toEqual(await nbdinfoMap(uri));
      const extents = await dirtyExtents(disk, bitmap, never);
      expect(after.every((one) => extents.some((extent) => covers(extent, one)))).toBe(true);
      expect(coverage(extents)).toBeLessThan(40 * MiB);

      // What lies outside is as it was.
      for (const { offset, length } of baseline) {
        const was = copies.get(offset)!;
        const is = await disk.read(offset, length, never);
        for (let at = 0; at < length; at += 512) {
          const isDirty = extents.some((extent) => covers(extent, { offset: offset + at, length: 512 }));
          if (isDirty) continue;
          const same = Buffer.compare(was.subarray(at, at + 512), is.subarray(at, at + 512)) === 0;
          if (!same) expect.fail(`sector at ${offset + at} changed and is not dirty`);
        }
      }
    });

    /** Writes a byte of its own to each place, in one go. */
    async function write(image: string, places: Extent[], random: () => number): Promise<void> {
      const commands = places.flatMap(({ offset, length }) => [
        '-c',
        `write -P ${1 + Math.floor(random() * 255)} ${offset} ${length}`,
      ]);
      const said = await promisify(execFile)(peer('qemu-io'), ['-f', 'qcow2', ...commands, image]);
      expect(said.stdout.match(/^wrote /gm)).toHaveLength(places.length);
    }
  });

  it('lists exports as nbdinfo does', async () => {
    const described = await qemuNbd(['-f', 'raw', '-D', 'the first disk', raw], { exportName: 'sda' });
    const qemus = await listNbdExports(parseNbdUri(described.uri), {}, never);
    expect(qemus).toEqual([{ name: 'sda', description: 'the first disk' }]);
    const names = ['exportname=eins', 'exportname=zwei', 'exportname-list=explicit'];
    const { uri } = await nbdkit(['--filter=exportname', 'file', raw, ...names]);
    const told = JSON.parse(await output(peer('nbdinfo'), ['--list', '--json', uri]));
    const ours = await listNbdExports(parseNbdUri(uri), {}, never);
    expect(ours.map(({ name }) => name)).toEqual(['eins', 'zwei']);
    expect(told.exports.map((one: { 'export-name': string }) => one['export-name'])).toEqual(['eins', 'zwei']);
  });

  describeDiskReader('a disk of nbdkit', async (disk) => {
    const file = join(folder, `contract-${opened.length}-${disk.length}.raw`);
    await writeFile(file, disk);
    const server = await nbdkit(['--filter=exitlast', 'file', file]);
    const reader = openSeekReader(await openDisk(server.uri));
    return { reader, released: () => server.child.exitCode !== null };
  });
});
