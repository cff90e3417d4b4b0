import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeDiskReader, describeDiskWriter, readAll, same } from '../../contract.ts';
import { createMemoryReader } from '../../memory/memory-disk.ts';
import { pump } from '../../pump.ts';
import { pretendDisk } from '../../testing-pretend-disk.ts';
import { createRawFile, openRawFile, type SealedRawFile } from './raw-file.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;
let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raw-file-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const newPath = () => join(folder, `disk-${++files}.raw`);

describeDiskReader('raw file', async (bytes) => {
  const path = newPath();
  await writeFile(path, bytes);
  return { reader: await openRawFile(path) };
});

describeDiskWriter<SealedRawFile>('raw file', async (capacityBytes) => {
  const path = newPath();
  return {
    writer: await createRawFile({ path, capacityBytes }),
    readBack: (sealed) => readFile(sealed.path),
    gone: async () => !(await readdir(folder)).some((name) => join(folder, name).startsWith(path)),
  };
});

describe('a raw file', () => {
  it('takes no room for zeros', async () => {
    const bytes = new Uint8Array(16 * MiB);
    bytes[9 * MiB] = 1;
    const path = newPath();
    const writer = await createRawFile({ path, capacityBytes: bytes.length });
    const reader = createMemoryReader(bytes, { skipsZeros: false });
    await pump(reader, writer, { signal: never });
    const { size, blocks } = await stat(path);
    expect(size).toBe(bytes.length);
    expect(blocks * 512).toBeLessThan(2 * MiB);
    expect(same(await readFile(path), bytes)).toBe(true);
  });

  it('of holes alone is read at once', async () => {
    const path = newPath();
    await writeFile(path, '');
    await truncate(path, 2 ** 40);
    const reader = await openRawFile(path);
    expect(await readAll(reader)).toEqual([]);
    expect(reader.capacityBytes).toBe(2 ** 40);
  });

  it('that shrinks while it is read is never taken for whole', async () => {
    const path = newPath();
    await writeFile(path, pretendDisk(1, 8 * MiB).fill(1));
    const reader = await openRawFile(path);
    await truncate(path, 3 * MiB);
    await expect(readAll(reader)).rejects.toMatchObject({ fault: { code: 'export-cut' } });
  });

  it('has its name only when it is sealed', async () => {
    const path = newPath();
    await writeFile(path, 'what was there before');
    const writer = await createRawFile({ path, capacityBytes: MiB });
    expect(await readFile(path, 'utf8')).toBe('what was there before');
    await writer.seal(never);
    expect((await stat(path)).size).toBe(MiB);
  });

  it('is refused when it is not whole sectors', async () => {
    const path = newPath();
    await writeFile(path, 'x'.repeat(1000));
    await expect(openRawFile(path)).rejects.toMatchObject({ fault: { code: 'disk-unsupported' } });
    await expect(createRawFile({ path, capacityBytes: 1000 })).rejects.toMatchObject({
      fault: { code: 'disk-unsupported' },
    });
  });
});
