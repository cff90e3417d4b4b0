import { Readable } from 'node:stream';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FaultError, faultError } from '../../../model/fault.ts';
import { DISK_BLOCK_BYTES } from '../../block.ts';
import { assemble, describeDiskReader, readAll, same } from '../../contract.ts';
import { createMemoryWriter } from '../../memory/memory-disk.ts';
import { pump } from '../../pump.ts';
import { pretendDisk } from '../../testing-pretend-disk.ts';
import { inChunks } from '../vmdk/testing-vmdk.ts';
import { readBlockPack } from './read-pack.ts';
import { type HandPack, packByHand, recordOf, recordsOf, sha256 } from './testing-pack.ts';

const MiB = 1024 * 1024;
const never = new AbortController().signal;

describeDiskReader('block pack', async (bytes) => {
  let released = false;
  const pack = packByHand({ capacityBytes: bytes.length, records: recordsOf(bytes) });
  const source = (async function* () {
    try {
      yield* inChunks(pack, [40_000]);
    } finally {
      released = true;
    }
  })();
  const reader = await readBlockPack(source, { capacityBytes: bytes.length });
  return { reader, released: () => released };
});

/** Reads a whole pack, in chunks of that many bytes; what went wrong as `code: message`. */
async function outcome(
  pack: Buffer,
  options: Parameters<typeof readBlockPack>[1] = {},
  chunk = 100_000,
): Promise<string> {
  try {
    const reader = await readBlockPack(inChunks(pack, [chunk]), options);
    await readAll(reader);
    return 'whole';
  } catch (error) {
    if (error instanceof FaultError) return `${error.fault.code}: ${error.fault.message}`;
    throw error;
  }
}

describe('reading a block pack', () => {
  it('yields blocks of every kind in the order of the pack, in chunks of any size', async () => {
    const disk = pretendDisk(21, 4 * MiB + 512);
    disk.fill(0, MiB, 2 * MiB);
    const records = [...recordsOf(disk, 'raw').slice(0, 5), ...recordsOf(disk).slice(5)].reverse();
    const pack = packByHand({ capacityBytes: disk.length, records, label: 'sms-run-7 disk 0' });
    for (const chunk of [1000, 41, 524_288, 100_000_000]) {
      const reader = await readBlockPack(inChunks(pack, [chunk]), { label: 'sms-run-7 disk 0' });
      const blocks = await readAll(reader);
      expect(blocks.map((block) => block.index)).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0]);
      expect(same(assemble(blocks, disk.length), disk)).toBe(true);
      expect(reader.bytesRead).toBe(pack.length);
      expect(reader.label).toBe('sms-run-7 disk 0');
    }
  });

  it('takes an empty pack for a disk of which nothing changed', async () => {
    expect(await outcome(packByHand({ capacityBytes: MiB, records: [] }))).toBe('whole');
  });

  it('refuses a pack that is cut anywhere', async () => {
    const disk = pretendDisk(22, 2 * MiB + 512);
    const pack = packByHand({ capacityBytes: disk.length, records: recordsOf(disk), label: 'a' });
    const ends = [0, 5, 28, 29, 30, 70, 71, pack.length - 42, pack.length - 41, pack.length - 33, pack.length - 1];
    for (let end = 1000; end < pack.length; end += 90_001) ends.push(end);
    for (const end of ends) {
      expect(await outcome(pack.subarray(0, end))).toMatch(
        /^staging-failed: .*ended after \d+ bytes, before its end\.$/,
      );
    }
  });

  it('refuses a pack in which any byte was altered', async () => {
    const disk = pretendDisk(23, 2 * MiB + 512);
    const pack = packByHand({ capacityBytes: disk.length, records: recordsOf(disk), label: 'a' });
    const places = Array.from({ length: 120 }, (_, at) => at);
    for (let back = 1; back <= 90; back += 1) places.push(pack.length - back);
    for (let at = 120; at < pack.length; at += 30_011) places.push(at);
    for (const at of places) {
      const altered = Buffer.from(pack);
      altered[at]! ^= 0x10;
      expect(await outcome(altered, { capacityBytes: disk.length, label: 'a' }), `byte ${at}`).toMatch(
        /^staging-failed: /,
      );
    }
  });

  it('refuses what a trailer that agrees cannot excuse, and says what it is', async () => {
    const disk = pretendDisk(24, 3 * MiB);
    disk.fill(7, 0, MiB);
    const good: HandPack = { capacityBytes: disk.length, records: recordsOf(disk) };
    const [first, second, ...others] = good.records;
    const short = recordOf(0, disk.subarray(0, 100_000));
    const long = { ...first!, stored: zstdCompressSync(Buffer.alloc(DISK_BLOCK_BYTES + 1, 7)) };
    const cases: [Partial<HandPack>, RegExp][] = [
      [{ magic: 'PK\x03\x04....' }, /does not begin as a block pack/],
      [{ version: 2 }, /version 2/],
      [{ blockBytes: 65_536 }, /blocks of 65536 bytes/],
      [{ label: 'x'.repeat(2000) }, /label has 2000 bytes/],
      [{ records: [first!, second!, first!, ...others] }, /Block 0 comes twice/],
      [{ records: [{ ...first!, index: 6 }] }, /Block 6 is behind the end/],
      [{ records: [{ ...first!, kind: 3 }] }, /Block 0 has \d+ bytes of the kind 3/],
      [{ records: [{ ...first!, kind: 0 }] }, /Block 0 has \d+ bytes of the kind 0/],
      [{ records: [{ ...first!, kind: 2 }] }, /Block 0 has \d+ bytes of the kind 2/],
      [{ records: [{ ...first!, length: 2 ** 31 }] }, /Block 0 has 2147483648 bytes of the kind 1/],
      [{ records: [{ ...first!, sha: sha256() }, second!] }, /bytes of block 0 are not those/],
      [{ records: [{ index: 0, kind: 0, stored: Buffer.alloc(0), sha: sha256() }] }, /bytes of block 0 are not those/],
      [{ records: [{ ...first!, stored: Buffer.from('no frame at all') }] }, /Block 0 cannot be decompressed/],
      [{ records: [short] }, /Block 0 has 100000 bytes instead of 524288/],
      [{ records: [long] }, /Block 0 cannot be decompressed/],
      [{ count: 5 }, /has 6 blocks; its trailer counts 5/],
      [{ kindOfTrailer: 1 }, /trailer cannot be read/],
    ];
    for (const [wrong, said] of cases) expect(await outcome(packByHand({ ...good, ...wrong }))).toMatch(said);
    const whole = packByHand(good);
    expect(await outcome(Buffer.concat([whole, whole]))).toMatch(/trailer is followed by more/);
    expect(await outcome(Buffer.concat([whole, Buffer.alloc(1)]))).toMatch(/trailer is followed by more/);
    expect(await outcome(whole, { capacityBytes: 4 * MiB })).toMatch(/of a disk of 3145728 bytes instead of 4194304/);
    expect(await outcome(whole, { label: 'run 2' })).toMatch(/It is "" instead of "run 2"/);
  });

  it('never lets a copy be sealed of a pack whose end does not agree', async () => {
    const disk = pretendDisk(25, 3 * MiB);
    const pack = packByHand({ capacityBytes: disk.length, records: recordsOf(disk) });
    pack[pack.length - 1]! ^= 1;
    const writer = createMemoryWriter({ capacityBytes: disk.length });
    const copying = pump(await readBlockPack(inChunks(pack, [100_000])), writer, { signal: never });
    await expect(copying).rejects.toThrow(/not those that were packed/);
    await expect(writer.seal(never)).rejects.toThrow();
  });

  it('reads ahead by a few blocks, and only while somebody asks', async () => {
    const disk = new Uint8Array(64 * MiB).fill(5);
    const pack = packByHand({ capacityBytes: disk.length, records: recordsOf(disk, 'raw') });
    let given = 0;
    const source = (async function* () {
      for await (const chunk of inChunks(pack, [65_536])) {
        given += chunk.length;
        yield chunk;
      }
    })();
    const reader = await readBlockPack(source, { inFlight: 4 });
    const blocks = reader.blocks(never)[Symbol.asyncIterator]();
    for (let count = 1; count <= 20; count += 1) {
      await blocks.next();
      await new Promise((resolve) => setImmediate(resolve));
      expect(given).toBeLessThan((count + 5) * DISK_BLOCK_BYTES);
    }
    await reader.close();
  });

  it('stops at once where its source hangs, by signal and by close', async () => {
    const disk = new Uint8Array(8 * MiB).fill(5);
    const pack = packByHand({ capacityBytes: disk.length, records: recordsOf(disk, 'raw') });
    for (const how of ['signal', 'close'] as const) {
      const source = new Readable({ read() {} });
      source.push(pack.subarray(0, 5 * MiB));
      const reader = await readBlockPack(source, { inFlight: 2 });
      const stop = new AbortController();
      const reading = expect(readAll(reader, stop.signal)).rejects.toThrow(how === 'signal' ? 'enough' : /closed/);
      await expect.poll(() => reader.bytesRead).toBe(5 * MiB);
      if (how === 'signal') stop.abort(new Error('enough'));
      else await reader.close();
      await reading;
      await expect.poll(() => source.destroyed).toBe(true);
    }
    const stop = new AbortController();
    const opening = expect(readBlockPack(new Readable({ read() {} }), { signal: stop.signal })).rejects.toThrow(
      'enough',
    );
    stop.abort(new Error('enough'));
    await opening;
  });

  it('says that the transfer broke where it did, and hands on the fault of its source', async () => {
    const pack = packByHand({ capacityBytes: 8 * MiB, records: recordsOf(new Uint8Array(8 * MiB).fill(5), 'raw') });
    const failing = async function* (error: unknown) {
      yield pack.subarray(0, 3 * MiB);
      throw error;
    };
    const broke = readAll(await readBlockPack(failing(new Error('reset'))));
    await expect(broke).rejects.toMatchObject({ fault: { code: 'staging-failed', retry: 'now' } });
    const throttled = readAll(await readBlockPack(failing(faultError('aws-throttled'))));
    await expect(throttled).rejects.toMatchObject({ fault: { code: 'aws-throttled' } });
  });
});
