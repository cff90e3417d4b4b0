import { describe, expect, it } from 'vitest';
import { assemble, blocksOf, describeDiskReader, describeDiskWriter, readAll, same } from '../contract.ts';
import { pretendDisk } from '../testing-pretend-disk.ts';
import { createMemoryReader, createMemoryWriter, type MemoryDisk } from './memory-disk.ts';

const never = new AbortController().signal;

describeDiskReader('memory', async (bytes) => ({ reader: createMemoryReader(bytes) }));
describeDiskReader('memory with zeros', async (bytes) => ({
  reader: createMemoryReader(bytes, { skipsZeros: false }),
}));
for (const needsOrder of [false, true]) {
  describeDiskWriter<MemoryDisk>(`memory, ${needsOrder ? 'in' : 'no'} order`, async (capacityBytes) => ({
    writer: createMemoryWriter({ capacityBytes, needsOrder }),
    readBack: async (sealed) => sealed.bytes,
  }));
}

describe('a memory disk', () => {
  it('can be read in any order', async () => {
    const bytes = pretendDisk(3, 2 * 1024 * 1024);
    const reader = createMemoryReader(bytes, { order: [2, 0, 3, 1], skipsZeros: false });
    const blocks = await readAll(reader);
    expect(blocks.map((block) => block.index)).toEqual([2, 0, 3, 1]);
    expect(reader.ordered).toBe(false);
    expect(same(assemble(blocks, bytes.length), bytes)).toBe(true);
  });

  it('writes zeros over what the parent held', async () => {
    const parent = new Uint8Array(1024 * 1024).fill(7);
    const writer = createMemoryWriter({ capacityBytes: parent.length, parent });
    await writer.write(blocksOf(new Uint8Array(parent.length))[1]!, never);
    const { bytes } = await writer.seal(never);
    expect([bytes[0], bytes[524_287], bytes[524_288], bytes[1_048_575]]).toEqual([7, 7, 0, 0]);
  });
});
