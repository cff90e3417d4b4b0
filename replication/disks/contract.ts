// What every DiskReader and every DiskWriter must do, as tests. Each adapter's test file calls one of them.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { blockCount, DISK_BLOCK_BYTES, type DiskBlock, makeBlock, ZERO_BLOCK_DIGEST } from './block.ts';
import type { DiskReader } from './reader.ts';
import { pretendDisk } from './testing-pretend-disk.ts';
import type { DiskWriter, SealedDisk } from './writer.ts';

const never = new AbortController().signal;
const MiB = 1024 * 1024;
const SIZES = [512, DISK_BLOCK_BYTES - 512, DISK_BLOCK_BYTES, DISK_BLOCK_BYTES + 512, 3 * MiB + 66_048];

export interface OpenedReader {
  reader: DiskReader;
  /** Whether the source was let go, where the harness can tell. */
  released?: () => boolean;
}

/** `open` gives a reader of a disk that holds these bytes. */
export function describeDiskReader(name: string, open: (bytes: Uint8Array) => Promise<OpenedReader>): void {
  describe(`${name}, as a disk reader`, () => {
    for (const size of SIZES) {
      it(`yields every byte of a disk of ${size} bytes`, async () => {
        const bytes = pretendDisk(size, size);
        const { reader, released } = await open(bytes);
        expect(reader.capacityBytes).toBe(size);
        const blocks = await readAll(reader);
        checkBlocks(reader, blocks, bytes);
        expect(reader.bytesRead).toBeGreaterThan(0);
        await reader.close();
        await expect.poll(() => released?.() ?? true).toBe(true);
      });
    }

    it('says of a disk of zeros that it is zeros', async () => {
      const bytes = new Uint8Array(2 * MiB + 512);
      const { reader } = await open(bytes);
      const blocks = await readAll(reader);
      checkBlocks(reader, blocks, bytes);
      expect(blocks.every((block) => block.data === null)).toBe(true);
      await reader.close();
    });

    it('reads once only', async () => {
      const { reader } = await open(pretendDisk(1, MiB));
      await readAll(reader);
      await expect(readAll(reader)).rejects.toThrow();
      await reader.close();
    });

    it('does not begin when the signal is aborted', async () => {
      const { reader, released } = await open(full(2 * MiB));
      const reason = new Error('enough');
      await expect(readAll(reader, AbortSignal.abort(reason))).rejects.toBe(reason);
      await reader.close();
      await expect.poll(() => released?.() ?? true).toBe(true);
    });

    it('stops with the reason of the signal in the middle of a disk', async () => {
      const { reader, released } = await open(full(16 * MiB));
      const stop = new AbortController();
      const reason = new Error('enough');
      const blocks = reader.blocks(stop.signal)[Symbol.asyncIterator]();
      await blocks.next();
      stop.abort(reason);
      await expect(drain(blocks)).rejects.toBe(reason);
      await reader.close();
      await expect.poll(() => released?.() ?? true).toBe(true);
    });

    it('never ends as if it were whole when it is closed under way', async () => {
      const { reader, released } = await open(full(16 * MiB));
      const blocks = reader.blocks(never)[Symbol.asyncIterator]();
      await blocks.next();
      await reader.close();
      await reader.close();
      await expect(drain(blocks)).rejects.toThrow();
      await expect.poll(() => released?.() ?? true).toBe(true);
    });

    it('lets go of its source when the loop is left', async () => {
      const { reader, released } = await open(full(16 * MiB));
      for await (const block of reader.blocks(never)) if (block.index === 2) break;
      await expect.poll(() => released?.() ?? true).toBe(true);
      await reader.close();
    });
  });
}

export interface OpenedWriter<Sealed extends SealedDisk> {
  writer: DiskWriter<Sealed>;
  /** The bytes that the sealed disk holds, read by other means than the writer's. */
  readBack: (sealed: Sealed) => Promise<Uint8Array>;
  /** Whether nothing is left of an aborted disk, where the harness can tell. */
  gone?: () => Promise<boolean>;
}

/** `open` gives a writer of a new disk of that size that holds zeros. */
export function describeDiskWriter<Sealed extends SealedDisk>(
  name: string,
  open: (capacityBytes: number) => Promise<OpenedWriter<Sealed>>,
): void {
  describe(`${name}, as a disk writer`, () => {
    for (const size of SIZES) {
      it(`writes a disk of ${size} bytes`, async () => {
        const bytes = pretendDisk(size + 1, size);
        const { writer, readBack } = await open(size);
        for (const block of blocksOf(bytes)) if (block.data) await writer.write(block, never);
        const sealed = await writer.seal(never);
        expect(same(await readBack(sealed), bytes)).toBe(true);
        expect(sealed.capacityBytes).toBe(size);
        expect(sealed.blocks).toBe(blocksOf(bytes).filter((block) => block.data).length);
        expect(sealed.bytesSent).toBe(writer.bytesSent);
      });
    }

    it('holds zeros where nothing or zeros were written', async () => {
      const { writer, readBack } = await open(2 * MiB);
      await writer.write(makeBlock(1, 2 * MiB, null), never);
      const sealed = await writer.seal(never);
      expect(same(await readBack(sealed), new Uint8Array(2 * MiB))).toBe(true);
      expect(sealed.blocks).toBe(0);
    });

    it('is sealed once and for all', async () => {
      const bytes = full(MiB);
      const { writer, readBack } = await open(MiB);
      const [first, second] = blocksOf(bytes);
      await writer.write(first!, never);
      await writer.write(second!, never);
      const sealed = await writer.seal(never);
      await writer.abort();
      await expect(writer.write(second!, never)).rejects.toThrow();
      expect(await writer.seal(never)).toEqual(sealed);
      expect(same(await readBack(sealed), bytes)).toBe(true);
    });

    it('takes nothing more after it was aborted', async () => {
      const { writer, gone } = await open(MiB);
      const [first, second] = blocksOf(full(MiB));
      await writer.write(first!, never);
      await writer.abort();
      await writer.abort();
      await expect(writer.write(second!, never)).rejects.toThrow();
      await expect(writer.seal(never)).rejects.toThrow();
      expect((await gone?.()) ?? true).toBe(true);
    });

    it('obeys its signal', async () => {
      const { writer } = await open(MiB);
      const reason = new Error('enough');
      const [first] = blocksOf(full(MiB));
      await expect(writer.write(first!, AbortSignal.abort(reason))).rejects.toBe(reason);
      await writer.abort();
      const other = await open(MiB);
      await expect(other.writer.seal(AbortSignal.abort(reason))).rejects.toBe(reason);
      await other.writer.abort();
    });

    it('holds to its word about order', async () => {
      const bytes = pretendDisk(9, 6 * MiB);
      const blocks = blocksOf(bytes).reverse();
      const { writer, readBack } = await open(6 * MiB);
      if (writer.needsOrder) {
        await writer.write(blocks[1]!, never);
        await expect(writer.write(blocks[2]!, never)).rejects.toThrow();
        await expect(writer.write(blocks[0]!, never)).rejects.toThrow();
        await expect(writer.seal(never)).rejects.toThrow();
        await writer.abort();
        return;
      }
      await Promise.all([...blocks, ...blocks.slice(3, 6)].map((block) => writer.write(block, never)));
      expect(same(await readBack(await writer.seal(never)), bytes)).toBe(true);
    });
  });
}

/** The blocks of a disk that holds these bytes, zero ones too. */
export function blocksOf(bytes: Uint8Array): DiskBlock[] {
  return Array.from({ length: blockCount(bytes.length) }, (_, index) =>
    makeBlock(index, bytes.length, bytes.subarray(index * DISK_BLOCK_BYTES, (index + 1) * DISK_BLOCK_BYTES)),
  );
}

/** Whether both hold the same bytes; quicker, and in a failure quieter, than `toEqual`. */
export function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && Buffer.compare(left, right) === 0;
}

/** All blocks of a reader. */
export async function readAll(reader: DiskReader, signal: AbortSignal = never): Promise<DiskBlock[]> {
  return drain(reader.blocks(signal)[Symbol.asyncIterator]());
}

/** The bytes of the disk whose blocks these are. */
export function assemble(blocks: readonly DiskBlock[], capacityBytes: number): Uint8Array {
  const bytes = new Uint8Array(capacityBytes);
  for (const block of blocks) if (block.data) bytes.set(block.data, block.offset);
  return bytes;
}

async function drain(blocks: AsyncIterator<DiskBlock>): Promise<DiskBlock[]> {
  const all: DiskBlock[] = [];
  for (let next = await blocks.next(); !next.done; next = await blocks.next()) all.push(next.value);
  return all;
}

/** Bytes of which none is zero and no two sectors are alike. */
function full(size: number): Uint8Array {
  const bytes = Buffer.alloc(size, 'no zero here ');
  for (let at = 0; at + 4 <= size; at += 512) bytes.writeUInt32BE(0x01010101 + at / 512, at);
  return bytes;
}

function checkBlocks(reader: DiskReader, blocks: DiskBlock[], bytes: Uint8Array): void {
  const indexes = blocks.map((block) => block.index);
  expect(new Set(indexes).size).toBe(indexes.length);
  if (reader.ordered) expect(indexes).toEqual(indexes.toSorted((left, right) => left - right));
  if (!reader.skipsZeros) expect(indexes.length).toBe(blockCount(bytes.length));
  for (const block of blocks) {
    const part = bytes.subarray(block.offset, block.offset + DISK_BLOCK_BYTES);
    const padded = new Uint8Array(DISK_BLOCK_BYTES);
    padded.set(part);
    const digest = createHash('sha256').update(padded).digest('hex');
    expect(Buffer.from(block.digest).toString('hex')).toBe(digest);
    expect(block.offset).toBe(block.index * DISK_BLOCK_BYTES);
    expect(block.length).toBe(part.length);
    expect(block.data === null).toBe(digest === Buffer.from(ZERO_BLOCK_DIGEST).toString('hex'));
    if (block.data) expect(block.data.length).toBe(part.length);
  }
  expect(same(assemble(blocks, bytes.length), bytes)).toBe(true);
}
