import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultRules } from '../../faults/rules.ts';
import type { PacedContext } from '../pace.ts';
import { blockSize } from './block-file.ts';
import { openSnapshotStore, type SnapshotStore } from './store.ts';

let folder: string;
let store: SnapshotStore;

function openIn(dataDir: string): SnapshotStore {
  const context: PacedContext = {
    dataDir,
    account: '123456789012',
    region: 'eu-central-1',
    faults: new FaultRules(),
    log: () => {},
    now: () => new Date(),
    guestQemu: false,
    s3: { open: async () => undefined, bucketRegion: () => undefined },
    snapshots: undefined,
    timeScale: 0.001,
  };
  expect(openSnapshotStore(context)).toBe(openSnapshotStore(context));
  return openSnapshotStore(context);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-snapshots-'));
  store = openIn(folder);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const block = (value: number) => Buffer.alloc(blockSize, value);

async function put(id: string, index: number, value: number): Promise<void> {
  const record = store.get(id);
  if (!record) throw new Error(`${id} is gone`);
  await store.putBlock(record, index, block(value), sha256(block(value)));
}

async function valueAt(id: string, index: number): Promise<number | undefined> {
  return (await store.read(id, index))?.[4711];
}

describe('layers', () => {
  test('a child shows its parents wherever nobody wrote, and a block of zeros hides them', async () => {
    const first = store.create({ volumeSize: 1, description: '' });
    await put(first.id, 0, 1);
    await put(first.id, 1, 1);
    await put(first.id, 2, 1);
    const second = store.create({ volumeSize: 1, description: '', below: first.id, lineage: first.lineage });
    await put(second.id, 1, 2);
    const third = store.create({ volumeSize: 2, description: '', below: second.id, lineage: first.lineage });
    await put(third.id, 2, 0);
    await put(third.id, 3000, 3);
    expect(await Promise.all([0, 1, 2, 3, 3000].map((index) => valueAt(third.id, index)))).toEqual([
      1,
      2,
      0,
      undefined,
      3,
    ]);
    expect(await Promise.all([0, 1, 2].map((index) => valueAt(second.id, index)))).toEqual([1, 2, 1]);
  });

  test('deleting parents leaves children right, and frees the bytes with the last of them', async () => {
    const first = store.create({ volumeSize: 1, description: '' });
    await put(first.id, 0, 1);
    const second = store.create({ volumeSize: 1, description: '', below: first.id, lineage: first.lineage });
    await put(second.id, 1, 2);
    const third = store.create({ volumeSize: 1, description: '', below: second.id, lineage: first.lineage });
    await put(third.id, 2, 3);
    await store.remove(first.id);
    await store.remove(second.id);
    expect(store.list().map(({ id }) => id)).toEqual([third.id]);
    expect(await Promise.all([0, 1, 2].map((index) => valueAt(third.id, index)))).toEqual([1, 2, 3]);
    await store.close();
    store = openIn(folder);
    expect(await Promise.all([0, 1, 2].map((index) => valueAt(third.id, index)))).toEqual([1, 2, 3]);
    await store.remove(third.id);
    expect(() => statSync(join(folder, 'snapshots', first.id))).toThrow(/ENOENT/);
  });

  test('a copy goes its own way', async () => {
    const original = store.create({ volumeSize: 1, description: '' });
    await put(original.id, 5, 1);
    const copy = store.copy(original, {});
    await put(copy.id, 6, 2);
    expect([await valueAt(copy.id, 5), await valueAt(original.id, 6)]).toEqual([1, undefined]);
    expect(copy.lineage).not.toBe(original.lineage);
  });
});

describe('bytes on disk', () => {
  test('a flattened image is the volume, and stays sparse', async () => {
    const first = store.create({ volumeSize: 1, description: '' });
    await put(first.id, 0, 1);
    const second = store.create({ volumeSize: 1, description: '', below: first.id, lineage: first.lineage });
    await put(second.id, 2047, 9);
    const path = join(folder, 'flat.raw');
    await store.flatten(second.id, path);
    const { size, blocks } = statSync(path);
    expect(size).toBe(2 ** 30);
    expect(blocks * 512).toBeLessThan(4 * blockSize);
    const image = openSync(path, 'r');
    const byteAt = (position: number) => {
      const byte = Buffer.alloc(1);
      readSync(image, byte, 0, 1, position);
      return byte[0];
    };
    expect([0, blockSize - 1, blockSize, size - 1].map(byteAt)).toEqual([1, 1, 0, 9]);
    closeSync(image);
  });

  test('the hash is of the bytes on disk: each block, and all of them together', async () => {
    const { id } = store.create({ volumeSize: 1, description: '' });
    await put(id, 3, 7);
    const hash = await store.hash(id, 5 * blockSize - 100);
    const zero = sha256(block(0));
    const expected = [zero, zero, zero, sha256(block(7)), zero];
    expect(hash.blocks).toEqual(expected.map((digest) => digest.toString('hex')));
    expect(hash.digest).toBe(sha256(Buffer.concat(expected)).toString('hex'));
    expect(hash.zeroBlocks).toBe(4);
    expect((await store.hash(id)).blockCount).toBe(2048);
  });

  test('more snapshots than stay open lose nothing', async () => {
    const ids = Array.from({ length: 60 }, () => store.create({ volumeSize: 1, description: '' }).id);
    await Promise.all(ids.map((id, at) => put(id, at, 1)));
    expect(await Promise.all(ids.map((id, at) => valueAt(id, at)))).toEqual(ids.map(() => 1));
  });

  test('what was acknowledged before kill -9 is there afterwards', async () => {
    const writer = `
      import { createHash } from 'node:crypto';
      import { openSnapshotStore } from ${JSON.stringify(join(import.meta.dirname, 'store.ts'))};
      const context = { dataDir: process.argv[1], account: '1', region: 'r', now: () => new Date(), log() {} };
      const store = openSnapshotStore(context);
      const record = store.create({ volumeSize: 1, description: 'writing', timeoutMinutes: 60 });
      console.log(record.id);
      for (let index = 0; ; index += 3) {
        const bytes = Buffer.alloc(${blockSize}, (index % 255) + 1);
        await store.putBlock(record, index % 2048, bytes, createHash('sha256').update(bytes).digest());
        console.log('wrote ' + index);
      }`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', writer, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const piece of child.stdout) {
      said += String(piece);
      if (said.includes('wrote 60\n')) child.kill('SIGKILL');
    }
    const id = /snap-\w+/.exec(said)?.[0] ?? '';
    const indexes = [...said.matchAll(/wrote (\d+)\n/g)].map((match) => Number(match[1]));
    await store.close();
    store = openIn(folder);
    expect(store.get(id)?.state).toBe('pending');
    expect(indexes.length).toBeGreaterThan(15);
    for (const index of indexes.filter((at) => at < 2048)) expect(await valueAt(id, index)).toBe((index % 255) + 1);
  });
});

test('the hash of a block that was written again is that of its new bytes', async () => {
  const { id } = store.create({ volumeSize: 1, description: '' });
  await put(id, 3, 1);
  const before = (await store.hash(id, 4 * blockSize)).blocks[3];
  expect(before).toBe(sha256(block(1)).toString('hex'));
  await put(id, 3, 2);
  expect((await store.hash(id, 4 * blockSize)).blocks[3]).toBe(sha256(block(2)).toString('hex'));
});
