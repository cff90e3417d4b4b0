// Peer: qemu-img (Debian's qemu-utils). It reads what our VMDK writer makes, and makes streams that our reader reads.
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readStreamOptimizedVmdk } from '../replication/disks/formats/vmdk/read-stream.ts';
import { createStreamOptimizedVmdk } from '../replication/disks/formats/vmdk/write-stream.ts';
import { createMemoryReader, createMemoryWriter } from '../replication/disks/memory/memory-disk.ts';
import { pump } from '../replication/disks/pump.ts';
import { pretendDisk } from '../replication/disks/testing-pretend-disk.ts';
import { describeWith, peer } from './installed.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;
const run = promisify(execFile);

/** Several tables, tables without grains, and ends that are no whole block and no whole grain. */
const DISKS: [string, () => Uint8Array][] = [
  ['one sector', () => new Uint8Array(512).fill(7)],
  ['5 MiB and three sectors', () => pretendDisk(1, 5 * MiB + 1536)],
  ['64 MiB', () => pretendDisk(2, 64 * MiB)],
  ['zeros', () => new Uint8Array(40 * MiB)],
  [
    '100 MiB with an empty middle',
    () => {
      const bytes = new Uint8Array(100 * MiB);
      bytes.set(pretendDisk(3, 3 * MiB), 1000);
      bytes.set(pretendDisk(4, 2 * MiB + 512), bytes.length - 2 * MiB - 512);
      return bytes;
    },
  ],
];

describeWith(['qemu-img'], 'qemu-img and our stream-optimized VMDK', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qemu-img-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  for (const [index, [name, make]] of DISKS.entries()) {
    it(`reads what we write: ${name}`, async () => {
      const bytes = make();
      const raw = join(folder, `written-${index}.raw`);
      const vmdk = join(folder, `written-${index}.vmdk`);
      await writeFile(raw, bytes);
      const file = createWriteStream(vmdk);
      const sink = (chunk: Uint8Array) =>
        new Promise<void>((resolve, reject) => {
          file.write(chunk, (error) => (error ? reject(error) : resolve()));
        });
      await pump(
        createMemoryReader(bytes),
        createStreamOptimizedVmdk({ capacityBytes: bytes.length, sink, name: basename(vmdk) }),
        {
          signal: never,
        },
      );
      file.end();
      await finished(file);
      const compared = await run(peer('qemu-img'), ['compare', '-f', 'raw', '-F', 'vmdk', raw, vmdk]);
      expect(compared.stdout).toContain('Images are identical');
      const info = JSON.parse((await run(peer('qemu-img'), ['info', '--output=json', '-f', 'vmdk', vmdk])).stdout);
      expect(info['virtual-size']).toBe(bytes.length);
      expect(info['format-specific'].data['create-type']).toBe('streamOptimized');
      const descriptor = (await readFile(vmdk)).toString('latin1', 512, 21 * 512);
      expect(descriptor).toContain(`RW ${bytes.length / 512} SPARSE "written-${index}.vmdk"`);
    });

    it(`writes what we read: ${name}`, async () => {
      const bytes = make();
      const raw = join(folder, `read-${index}.raw`);
      const vmdk = join(folder, `read-${index}.vmdk`);
      await writeFile(raw, bytes);
      const into = ['-O', 'vmdk', '-o', 'subformat=streamOptimized'];
      await run(peer('qemu-img'), ['convert', '-f', 'raw', ...into, raw, vmdk]);
      const reader = await readStreamOptimizedVmdk(createReadStream(vmdk), { capacityBytes: bytes.length });
      const writer = createMemoryWriter({ capacityBytes: bytes.length, needsOrder: true });
      const { sealed } = await pump(reader, writer, { signal: never });
      expect(Buffer.compare(sealed.bytes, await readFile(raw))).toBe(0);
      // Cut anywhere it is never taken for whole: in the tables, behind them, and among the grains.
      const whole = await readFile(vmdk);
      for (const cut of [512, 40 * 512, 65_535, 65_536, 65_537, Math.floor(whole.length / 2)].filter(
        (at) => at < whole.length,
      )) {
        const copy = (async () => {
          const source = Readable.from([whole.subarray(0, cut)]);
          const part = await readStreamOptimizedVmdk(source, { capacityBytes: bytes.length });
          await pump(part, createMemoryWriter({ capacityBytes: bytes.length, needsOrder: true }), { signal: never });
        })();
        await expect(copy, `cut at ${cut}`).rejects.toMatchObject({ fault: { code: 'export-cut' } });
      }
    });
  }
});
