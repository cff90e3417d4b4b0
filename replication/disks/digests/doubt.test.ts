import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openDigestSet } from './digest-set.ts';
import { createDigestWriter } from './digest-writer.ts';
import { DigestDoubt } from './store.ts';
import { everyBlock, expectDoubt, GiB, never, open, write } from './testing-digests.ts';
import type { MemoryDigestStore } from './testing-memory-store.ts';

describe('doubt about a digest set', () => {
  it('is raised by whatever is missing or altered, and by nothing else', async () => {
    const { store, sealed } = await write({ capacityBytes: 4 * GiB, blocks: everyBlock(GiB) });
    for (const [key, index] of [
      ['run-1/disk-1/1/manifest', -1],
      ['run-1/disk-1/1/1', 1500],
    ] as const) {
      const bytes = store.objects.get(key)!;
      const use = async () => {
        const set = await open(store, sealed);
        await set.digestAt(3, never);
        await set.digestAt(index, never);
      };
      store.objects.delete(key);
      await use().then(() => expect.unreachable(), expectDoubt('missing'));
      for (const at of [0, 40, bytes.length - 1]) {
        const altered = new Uint8Array(bytes);
        altered[at]! ^= 1;
        store.objects.set(key, altered);
        await use().then(() => expect.unreachable(), expectDoubt('altered'));
      }
      store.objects.set(key, bytes.subarray(0, -36));
      await use().then(() => expect.unreachable(), expectDoubt('altered'));
      store.objects.set(key, bytes);
      await use();
    }
    const away = { ...store, get: async () => Promise.reject(new Error('no network')) };
    await expect(open(away as MemoryDigestStore, sealed)).rejects.toThrow('no network');
  });

  it('is raised by what is whole but not ours', async () => {
    const { store, sealed } = await write({ capacityBytes: 4 * GiB, blocks: everyBlock(GiB) });
    const good = Buffer.from(store.objects.get(sealed.manifestKey)!);
    const wrong = [
      Buffer.alloc(0),
      Buffer.from('LFDIGEST'),
      good.subarray(0, -1),
      Buffer.concat([good, good]),
      ...[0, 8, 12, 16, 20, 28, 32].map((at) => Buffer.from(good).fill(0xff, at, at + 4)),
    ];
    for (const bytes of wrong) {
      store.objects.set('odd', bytes);
      const root = createHash('sha256').update(bytes).digest('hex');
      const opening = openDigestSet({ store, manifestKey: 'odd', root, signal: never });
      await opening.then(() => expect.unreachable(), expectDoubt('unreadable'));
    }
  });

  it('is raised by a disk that became smaller', async () => {
    const { store, set } = await write({ capacityBytes: GiB, blocks: everyBlock(GiB) });
    const shrink = () => createDigestWriter({ store, prefix: 'run-2/', capacityBytes: GiB - 512, base: set });
    expect(shrink).toThrow(DigestDoubt);
    const grown = await write({ store, prefix: 'run-3/', capacityBytes: 2 * GiB, base: set, blocks: [[4095, 5]] });
    expect([grown.set.capacityBytes, grown.set.entryCount]).toEqual([2 * GiB, 2049]);
  });
});
