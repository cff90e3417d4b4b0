import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Extent, indexesOf } from '../model/extent.ts';
import { blockCount, DISK_BLOCK_BYTES, type DiskBlock, makeBlock } from './block.ts';
import { type ChangedBlocksReader, extentsToRead, withChangedBlocks } from './changed-blocks.ts';
import { blocksOf, describeDiskReader, readAll, same } from './contract.ts';
import { type DigestSet, openDigestSet } from './digests/digest-set.ts';
import { createDigestWriter, type DigestWriter } from './digests/digest-writer.ts';
import { createMemoryStore, type MemoryDigestStore } from './digests/testing-memory-store.ts';
import { createMemoryReader, createMemorySeekable, createMemoryWriter } from './memory/memory-disk.ts';
import { pump } from './pump.ts';
import type { DiskReader, SeekableDisk } from './reader.ts';
import { openSeekReader } from './seek-reader.ts';
import { fillRandom, pretendDisk, seededRandom } from './testing-pretend-disk.ts';

const never = new AbortController().signal;
const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
const TiB = 1024 * GiB;
const ZEROS = Buffer.alloc(DISK_BLOCK_BYTES);

function candidateFor(capacityBytes: number, base: DigestSet | null = null, store = createMemoryStore(), run = 1) {
  return createDigestWriter({ store, prefix: `run-${run}/`, capacityBytes, base });
}

async function sealAndOpen(writer: DigestWriter, store: MemoryDigestStore): Promise<DigestSet> {
  const { manifestKey, root } = await writer.seal(never);
  return openDigestSet({ store, manifestKey, root, signal: never });
}

/** The digests of a disk that holds these bytes, computed here and nowhere else. */
async function digestsOf(bytes: Uint8Array, store = createMemoryStore()): Promise<DigestSet> {
  const writer = candidateFor(bytes.length, null, store);
  for (const [index, digest] of hashes(bytes)) await writer.set(index, Buffer.from(digest, 'hex'), never);
  return sealAndOpen(writer, store);
}

function hashes(bytes: Uint8Array): [number, string][] {
  const list: [number, string][] = [];
  for (let index = 0; index < blockCount(bytes.length); index += 1) {
    const padded = Buffer.alloc(DISK_BLOCK_BYTES);
    padded.set(bytes.subarray(index * DISK_BLOCK_BYTES, (index + 1) * DISK_BLOCK_BYTES));
    if (!padded.equals(ZEROS)) list.push([index, createHash('sha256').update(padded).digest('hex')]);
  }
  return list;
}

async function entriesOf(set: DigestSet): Promise<[number, string][]> {
  const list: [number, string][] = [];
  for await (const { index, digest } of set.entries(0, 2 ** 32, never))
    list.push([index, Buffer.from(digest).toString('hex')]);
  return list;
}

describeDiskReader('full copy without a baseline', async (bytes) => {
  const reader = createMemoryReader(bytes, { skipsZeros: bytes.length % MiB === 0 });
  return { reader: withChangedBlocks(reader, { candidate: candidateFor(bytes.length) }) };
});

/** How the frozen disk is read. */
const READERS = [
  'skips zeros',
  'all blocks',
  'unordered, skips zeros',
  'unordered, all blocks',
  'seeks',
  'allocated',
] as const;

function readerOf(
  kind: (typeof READERS)[number],
  bytes: Uint8Array,
  base: DigestSet | null,
  extents?: Extent[],
): DiskReader {
  const order = blocksOf(bytes).map((block) => block.index);
  order.sort((left, right) => ((left * 7919) % 101) - ((right * 7919) % 101));
  switch (kind) {
    case 'skips zeros':
      return createMemoryReader(bytes);
    case 'all blocks':
      return createMemoryReader(bytes, { skipsZeros: false });
    case 'unordered, skips zeros':
      return createMemoryReader(bytes, { order });
    case 'unordered, all blocks':
      return createMemoryReader(bytes, { order, skipsZeros: false });
    case 'seeks':
      return openSeekReader(createMemorySeekable(bytes), { extents: extentsToRead(base, bytes.length, extents) });
    case 'allocated': {
      const held = blocksOf(bytes).filter((block) => block.data);
      return openSeekReader(createMemorySeekable(bytes), { extents: held, restIsZeros: true });
    }
  }
}

interface Write {
  at: number;
  size: number;
  kind: 'random' | 'zeros' | 'same';
}

/** Writes as a guest does, and gives what a source may call changed: every byte written, and some that were not. */
function guestWrites(bytes: Uint8Array, writes: readonly Write[], random: () => number): Extent[] {
  return writes.map(({ at, size, kind }) => {
    const offset = at % bytes.length;
    const length = Math.min(size, bytes.length - offset);
    if (kind === 'random') fillRandom(bytes.subarray(offset, offset + length), random);
    if (kind === 'zeros') bytes.fill(0, offset, offset + length);
    return { offset, length };
  });
}

const writes = fc.array(
  fc.record({
    at: fc.nat(),
    size: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 3 * MiB })),
    kind: fc.constantFrom('random', 'zeros', 'zeros', 'same'),
  }),
  { maxLength: 6 },
) as fc.Arbitrary<Write[]>;

describe('changed blocks', () => {
  it('make the frozen disk of the baseline, and are all that changed, whoever reads and whatever the source says', async () => {
    const shape = fc.record({
      seed: fc.nat(),
      sectors: fc.integer({ min: 1, max: 9000 }),
      grown: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4000 })),
      writes,
      reader: fc.constantFrom(...READERS),
      extents: fc.constantFrom('as told', 'as told', 'as told', 'none', 'everything'),
    });
    const body = async (given: typeof shape extends fc.Arbitrary<infer T> ? T : never) => {
      const store = createMemoryStore();
      const before = pretendDisk(given.seed, given.sectors * 512);
      const base = await digestsOf(before, store);
      const frozen = new Uint8Array(before.length + given.grown * 512);
      frozen.set(before);
      const told = guestWrites(frozen, given.writes, seededRandom(given.seed));
      const parent = new Uint8Array(frozen.length);
      parent.set(before);
      const extents = given.extents === 'as told' ? told : [{ offset: 0, length: frozen.length }];
      const named = given.extents === 'none' ? undefined : extents;

      const candidate = candidateFor(frozen.length, base, store, 2);
      const seen: DiskBlock[] = [];
      const reader = withChangedBlocks(readerOf(given.reader, frozen, base, named), { candidate, extents: named });
      const watched: DiskReader = {
        ...{ capacityBytes: reader.capacityBytes, ordered: reader.ordered, skipsZeros: reader.skipsZeros },
        bytesRead: 0,
        close: () => reader.close(),
        async *blocks(signal) {
          for await (const block of reader.blocks(signal)) {
            seen.push(block);
            yield block;
          }
        },
      };
      const writer = createMemoryWriter({ capacityBytes: frozen.length, parent, needsOrder: reader.ordered });
      const { sealed } = await pump(watched, writer, { signal: never });

      expect(same(sealed.bytes, frozen)).toBe(true);
      const differing = blocksOf(frozen).filter((block) => {
        const end = block.offset + block.length;
        return !same(parent.subarray(block.offset, end), frozen.subarray(block.offset, end));
      });
      const sent = seen.map((block) => block.index);
      expect(sent.toSorted((left, right) => left - right)).toEqual(differing.map((block) => block.index));
      for (const block of seen) {
        const bytes = frozen.subarray(block.offset, block.offset + block.length);
        const whole = makeBlock(block.index, frozen.length, bytes);
        expect([block.offset, block.length, block.data === null]).toEqual([
          whole.offset,
          whole.length,
          whole.data === null,
        ]);
        expect(same(block.digest, whole.digest) && same(block.data ?? bytes, bytes)).toBe(true);
      }
      const counts = reader.counts();
      const touched = [...indexesOf(extentsToRead(base, frozen.length, named))].length;
      expect(counts).toEqual({
        named: touched,
        changed: differing.length,
        unchanged: touched - differing.length,
        sent: differing.length,
        zeroed: differing.filter((block) => !block.data).length,
      });
      expect(await entriesOf(await sealAndOpen(candidate, store))).toEqual(hashes(frozen));
      expect(await entriesOf(base)).toEqual(hashes(before));
    };
    await fc.assert(fc.asyncProperty(shape, body), { numRuns: 80, verbose: 1 });
  }, 90_000);

  it('without a baseline are all that is not zeros, and give the digests of the disk', async () => {
    for (const kind of ['skips zeros', 'all blocks', 'unordered, all blocks', 'seeks', 'allocated'] as const) {
      const bytes = pretendDisk(12, 5 * MiB + 1024);
      bytes.fill(0, MiB, 3 * MiB);
      const store = createMemoryStore();
      const candidate = candidateFor(bytes.length, null, store);
      const reader = withChangedBlocks(readerOf(kind, bytes, null), { candidate });
      expect(reader.skipsZeros).toBe(true);
      const blocks = await readAll(reader);
      const held = blocksOf(bytes).filter((block) => block.data);
      expect(blocks.map((block) => block.index).sort((a, b) => a - b)).toEqual(held.map((block) => block.index));
      expect(await entriesOf(await sealAndOpen(candidate, store))).toEqual(hashes(bytes));
      const { named, changed, unchanged, sent, zeroed } = reader.counts();
      expect([named, changed, unchanged, sent, zeroed]).toEqual([11, held.length, 11 - held.length, held.length, 0]);
    }
  });

  it('hold zeros where bytes were, also where the reader says nothing of them', async () => {
    const before = new Uint8Array(8 * MiB).fill(3);
    const frozen = before.slice().fill(0, 2 * MiB, 8 * MiB);
    for (const kind of READERS) {
      const store = createMemoryStore();
      const base = await digestsOf(before, store);
      const extents = [{ offset: 3 * MiB + 5, length: 2 * MiB }];
      const candidate = candidateFor(frozen.length, base, store, 2);
      const reader = withChangedBlocks(readerOf(kind, frozen, base, extents), { candidate, extents });
      const blocks = await readAll(reader);
      expect(blocks.map((block) => block.index).sort((a, b) => a - b)).toEqual([6, 7, 8, 9, 10]);
      expect(blocks.every((block) => block.data === null && block.length === DISK_BLOCK_BYTES)).toBe(true);
      expect(reader.counts()).toMatchObject({ named: 5, sent: 5, zeroed: 5 });
    }
  });

  it('cost what the change costs, on a disk of 1 TiB whatever it holds', async () => {
    const measure = async (heldBytes: number) => {
      const store = createMemoryStore();
      const full = candidateFor(TiB, null, store);
      for (let index = 0; index < heldBytes / DISK_BLOCK_BYTES; index += 1) {
        await full.set(index, Buffer.alloc(32, `${index} `), never);
      }
      const base = await sealAndOpen(full, store);
      const { disk, reads } = bigDisk();
      const extents = [{ offset: 0, length: 100 * MiB }];
      const [gets, bytesRead] = [store.counts.gets, store.counts.bytesRead];
      const candidate = candidateFor(TiB, base, store, 2);
      const source = openSeekReader(disk, { extents: extentsToRead(base, TiB, extents) });
      const reader = withChangedBlocks(source, { candidate, extents });
      let sent = 0;
      for await (const _ of reader.blocks(never)) sent += 1;
      const sealed = await candidate.seal(never);
      expect([sent, reads.bytes, reader.bytesRead, reads.requests]).toEqual([200, 100 * MiB, 100 * MiB, 50]);
      return { gets: store.counts.gets - gets, digestBytes: store.counts.bytesRead - bytesRead, sealed };
    };
    const [small, large] = [await measure(GiB), await measure(8 * GiB)];
    expect(large!.gets).toBe(small!.gets);
    expect(large!.digestBytes).toBe(small!.digestBytes);
    expect(large!.sealed.bytesRead / small!.sealed.bytesRead).toBeLessThan(1.1);
    expect(large!.sealed.bytesWritten / small!.sealed.bytesWritten).toBeLessThan(1.1);
  });

  it('are not taken for whole when the reader leaves out what it had to read, or gives a block twice', async () => {
    const before = pretendDisk(5, 4 * MiB);
    const base = await digestsOf(before);
    const attempt = (reader: DiskReader, extents?: Extent[]): ChangedBlocksReader =>
      withChangedBlocks(reader, { candidate: candidateFor(before.length, base, createMemoryStore(), 2), extents });
    const partly = openSeekReader(createMemorySeekable(before), { extents: [{ offset: 0, length: MiB }] });
    await expect(readAll(attempt(partly))).rejects.toThrow(/Of 8 blocks .* only 2/);
    const twice = createMemoryReader(before, { order: [0, 1, 2, 3, 4, 5, 6, 7, 3], skipsZeros: false });
    await expect(readAll(attempt(twice))).rejects.toThrow(/Block 3 was read twice/);
    const liar = { ...createMemoryReader(before, { order: [0, 2, 1], skipsZeros: false }), ordered: true };
    await expect(readAll(attempt(liar))).rejects.toThrow(/Block 1 .* out of its order/);
    const grown = new Uint8Array(6 * MiB);
    const short = openSeekReader(createMemorySeekable(grown), { extents: [{ offset: 0, length: 512 }] });
    const candidate = candidateFor(grown.length, base, createMemoryStore(), 2);
    const blind = withChangedBlocks(short, { candidate, extents: [{ offset: 0, length: 512 }] });
    await expect(readAll(blind)).rejects.toThrow(/Of 5 blocks .* only 1/);
  });

  it('are refused where disk, digests and extents do not belong together', async () => {
    const bytes = pretendDisk(5, 4 * MiB);
    const base = await digestsOf(bytes);
    expect(() => withChangedBlocks(createMemoryReader(bytes), { candidate: candidateFor(5 * MiB) })).toThrow(
      /prepared/,
    );
    const extents = [{ offset: 0, length: 512 }];
    expect(() => withChangedBlocks(createMemoryReader(bytes), { candidate: candidateFor(4 * MiB), extents })).toThrow(
      /without a parent/,
    );
    const beyond = [{ offset: 4 * MiB, length: 512 }];
    const candidate = candidateFor(4 * MiB, base, createMemoryStore(), 2);
    expect(() => withChangedBlocks(createMemoryReader(bytes), { candidate, extents: beyond })).toThrow(RangeError);
  });

  it('fail with the doubt about the baseline, and stop by the signal', async () => {
    const bytes = pretendDisk(5, 4 * MiB);
    const store = createMemoryStore();
    const base = await digestsOf(bytes, store);
    store.objects.delete('run-1/0');
    const reader = createMemoryReader(bytes, { skipsZeros: false });
    const doubtful = withChangedBlocks(reader, { candidate: candidateFor(bytes.length, base, store, 2) });
    await expect(readAll(doubtful)).rejects.toMatchObject({ name: 'DigestDoubt', reason: 'missing' });

    const stop = new AbortController();
    const zeros = await digestsOf(new Uint8Array(4 * MiB).fill(1));
    const cleared = createMemoryReader(new Uint8Array(4 * MiB));
    const clearing = withChangedBlocks(cleared, { candidate: candidateFor(4 * MiB, zeros, createMemoryStore(), 2) });
    const blocks = clearing.blocks(stop.signal)[Symbol.asyncIterator]();
    expect((await blocks.next()).value).toMatchObject({ index: 0, data: null });
    stop.abort(new Error('enough'));
    await expect(blocks.next()).rejects.toThrow('enough');
  });
});

/** A disk of 1 TiB that is not there before it is read; every block holds its number. */
function bigDisk() {
  const reads = { bytes: 0, requests: 0 };
  const disk: SeekableDisk = {
    capacityBytes: TiB,
    async read(offset, length) {
      reads.bytes += length;
      reads.requests += 1;
      const bytes = Buffer.alloc(length);
      for (let at = 0; at < length; at += DISK_BLOCK_BYTES) bytes.writeUIntLE(offset + at + 1, at + 1000, 6);
      return bytes;
    },
    close: async () => undefined,
  };
  return { disk, reads };
}
