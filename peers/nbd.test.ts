// Peers: qemu-nbd, nbdkit and nbdinfo (Debian's qemu-utils, nbdkit, libnbd-bin). Our NBD client reads what the first two
// serve, and sees the same maps as the third.
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeDiskReader } from '../replication/disks/contract.ts';
import {
  ALLOCATION,
  allocatedExtents,
  dirtyBitmap,
  dirtyExtents,
  listNbdExports,
  type NbdDisk,
  type NbdOptions,
  openNbdDisk,
  parseNbdUri,
  type StatusExtent,
} from '../replication/disks/nbd/nbd-disk.ts';
import { pretendDisk, seededRandom } from '../replication/disks/pretend-disk.ts';
import { openSeekReader } from '../replication/disks/seek-reader.ts';
import { coverage, type Extent } from '../replication/model/extent.ts';
import type { Fault } from '../replication/model/fault.ts';
import { describeWith, peer } from './installed.ts';
import { makeCertificates, type NbdServer, nbdinfoMap, type Place, startNbdkit, startQemuNbd } from './nbd-servers.ts';
import { output } from './programs.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
const never = new AbortController().signal;
const seed = Number(process.env.LANDFALL_SEED ?? Date.now() % 1_000_000);

describeWith(['qemu-img', 'qemu-io', 'qemu-nbd', 'nbdkit', 'nbdinfo'], `NBD, seed ${seed}`, () => {
  let folder: string;
  let raw: string;
  let qcow2: string;
  let certificates: Awaited<ReturnType<typeof makeCertificates>>;
  const bytes = pretendDisk(seed, 48 * MiB + 512 * 9);
  const opened: { close: () => Promise<void> }[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nbd-'));
    raw = join(folder, 'disk.raw');
    qcow2 = join(folder, 'disk.qcow2');
    const written = await Promise.all([writeSparsely(raw, bytes), makeCertificates(join(folder, 'certificates'))]);
    certificates = written[1];
    await output(peer('qemu-img'), ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });

  const started = async (starting: Promise<NbdServer>): Promise<NbdServer> => {
    const server = await starting;
    opened.push({ close: server.stop });
    return server;
  };
  const nbdkit = (args: string[], place: Omit<Place, 'folder'> = {}) =>
    started(startNbdkit({ folder, ...place }, args));
  const qemuNbd = (args: string[], place: Omit<Place, 'folder'> = {}) =>
    started(startQemuNbd({ folder, ...place }, args));
  const openDisk = async (uri: string, options: NbdOptions = {}): Promise<NbdDisk> => {
    const disk = await openNbdDisk(parseNbdUri(uri), options, never);
    opened.push(disk);
    return disk;
  };
  const tlsOf = ({ ca }: { ca: string }) => ({ tls: { ca } });

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

  describe('what goes wrong', () => {
    const faultOf = async (promise: Promise<unknown>): Promise<Fault> => {
      const error = await promise.then(
        () => undefined,
        (reason) => reason,
      );
      expect(error).toHaveProperty('fault');
      return error.fault;
    };

    it('an error of the storage: that read fails, the next one does not', async () => {
      const switchFile = join(folder, 'fail');
      const error = ['error-pread=EIO', 'error-pread-rate=100%', `error-pread-file=${switchFile}`];
      const { uri } = await nbdkit(['--filter=error', 'file', raw, ...error]);
      const disk = await openDisk(uri);
      await writeFile(switchFile, '');
      expect(await faultOf(disk.read(0, MiB, never))).toMatchObject({
        code: 'disk-read-failed',
        message: /EIO/,
        retry: 'now',
      });
      await rm(switchFile);
      expect(Buffer.compare(await disk.read(0, MiB, never), bytes.subarray(0, MiB))).toBe(0);
    });

    it('a server that shuts down', async () => {
      const { uri } = await nbdkit(['--filter=error', 'file', raw, 'error=ESHUTDOWN', 'error-rate=100%']);
      const disk = await openDisk(uri, { contexts: [ALLOCATION] });
      expect(await faultOf(disk.read(0, 512, never))).toMatchObject({ code: 'export-cut', message: /ESHUTDOWN/ });
      expect(await faultOf(allocatedExtents(disk, never))).toMatchObject({ code: 'export-cut' });
    });

    it.each(['nbdkit', 'qemu-nbd'])('%s killed in the middle of a disk', async (name) => {
      const slow = ['--filter=rate', 'file', raw, 'rate=64M'];
      const server = await (name === 'nbdkit' ? nbdkit(slow) : qemuNbd(['-f', 'raw', raw], { tcp: true }));
      const disk = await openDisk(server.uri);
      const reader = openSeekReader(disk);
      let seen = 0;
      const reading = async () => {
        for await (const _block of reader.blocks(never)) {
          seen += 1;
          if (seen === 4) server.child.kill('SIGKILL');
        }
      };
      expect(await faultOf(reading())).toMatchObject({ code: 'export-cut', retry: 'now' });
      expect(seen).toBeLessThan(bytes.length / (MiB / 2));
      expect((await faultOf(openDisk(server.uri))).code).toBe('nbd-unreachable');
    });

    it('a signal in the middle of a slow read', async () => {
      const { uri } = await nbdkit(['--filter=delay', 'file', raw, 'delay-read=20']);
      const disk = await openDisk(uri);
      const stop = new AbortController();
      const reading = disk.read(0, 512, stop.signal);
      setImmediate(() => stop.abort(new Error('enough')));
      await expect(reading).rejects.toThrow('enough');
    });

    it('a server that does not answer a read in time', async () => {
      const { uri } = await nbdkit(['--filter=delay', 'file', raw, 'delay-read=20']);
      const disk = await openDisk(uri, { silenceTimeoutMs: 200 });
      expect(await faultOf(disk.read(0, 512, never))).toMatchObject({ code: 'export-cut', message: /fell silent/ });
    });

    it('an export that is not there', async () => {
      const { uri } = await qemuNbd(['-f', 'raw', raw], { exportName: 'sda' });
      const fault = await faultOf(openDisk(uri.replace('/sda', '/sdb')));
      expect(fault).toMatchObject({ code: 'nbd-refused', message: /no export of this name/ });
    });

    it('oldstyle', async () => {
      const { uri } = await nbdkit(['-o', 'file', raw]);
      expect(await faultOf(openDisk(uri))).toMatchObject({ code: 'nbd-invalid', message: /oldstyle/ });
    });

    it('TLS: who is not trusted, not named, or not encrypted, does not come in', async () => {
      const tls = ['--tls=require', `--tls-certificates=${certificates.folder}`];
      const { uri } = await nbdkit([...tls, 'file', raw], { tcp: true, scheme: 'nbds' });
      const other = await makeCertificates(join(folder, 'other'));
      const refused = { code: 'nbd-refused' };
      expect(await faultOf(openDisk(uri))).toMatchObject({ ...refused, message: /TLS/ });
      expect(await faultOf(openDisk(uri, tlsOf(other)))).toMatchObject({ ...refused, message: /TLS/ });
      const byAddress = uri.replace('localhost', '127.0.0.1');
      expect(await faultOf(openDisk(byAddress, tlsOf(certificates)))).toMatchObject({ ...refused, cause: /ALTNAME/ });
      await openDisk(`${byAddress}?tls-hostname=localhost`, tlsOf(certificates));
      const plain = await faultOf(openDisk(uri.replace('nbds:', 'nbd:')));
      expect(plain).toMatchObject({ ...refused, message: /demands TLS/ });
      const without = await nbdkit(['file', raw], { tcp: true, scheme: 'nbds' });
      expect(await faultOf(openDisk(without.uri, tlsOf(certificates)))).toMatchObject(refused);
    });

    it('TLS on a socket with certificates of both sides', async () => {
      const tls = ['--tls=require', `--tls-certificates=${certificates.folder}`, '--tls-verify-peer'];
      const { uri } = await nbdkit([...tls, 'file', raw], { scheme: 'nbds' });
      const named = `${uri}&tls-hostname=localhost`;
      expect((await faultOf(openDisk(named, tlsOf(certificates)))).code).toBe('nbd-refused');
      const { ca, cert, key } = certificates;
      const disk = await openDisk(named, { tls: { ca, cert, key } });
      expect(Buffer.compare(await disk.read(MiB, MiB, never), bytes.subarray(MiB, 2 * MiB))).toBe(0);
    });
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

/** Only the stretches that are not zeros, so that the file system may leave holes. */
async function writeSparsely(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.truncate(bytes.length);
    for (let at = 0; at < bytes.length; at += 4096) {
      const part = bytes.subarray(at, at + 4096);
      if (part.some((byte) => byte !== 0)) await file.write(part, 0, part.length, at);
    }
  } finally {
    await file.close();
  }
}

/** The whole disk, read by the extents; the rest are zeros. All of it without extents. */
async function readExtents(disk: NbdDisk, extents?: Extent[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(disk.capacityBytes);
  const reader = openSeekReader(disk, extents ? { extents, restIsZeros: true } : {});
  for await (const { offset, data } of reader.blocks(never)) if (data) bytes.set(data, offset);
  return bytes;
}

async function collect(status: AsyncIterable<StatusExtent>): Promise<StatusExtent[]> {
  const all: StatusExtent[] = [];
  for await (const one of status) all.push(one);
  return all;
}

function someWrite(random: () => number, size: number): Extent {
  const length = 512 * (1 + Math.floor(random() ** 3 * 600));
  return { offset: 512 * Math.floor((random() * (size - length)) / 512), length };
}

function covers(extent: Extent, part: Extent): boolean {
  return extent.offset <= part.offset && part.offset + part.length <= extent.offset + extent.length;
}
