import { Readable } from 'node:stream';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultError, faultError } from '../../../model/fault.ts';
import { assemble, describeDiskReader, readAll, same } from '../../contract.ts';
import { pretendDisk } from '../../testing-pretend-disk.ts';
import type { ByteSource } from '../byte-feed.ts';
import { readStreamOptimizedVmdk } from './read-stream.ts';
import { inChunks, type Layout, vmdkByHand } from './testing-vmdk.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const LAYOUTS: Layout[] = ['directory-at-end', 'tables-in-front'];
const never = new AbortController().signal;

for (const layout of LAYOUTS) {
  describeDiskReader(`VMDK with ${layout}`, async (bytes) => {
    let released = false;
    const vmdk = vmdkByHand(bytes, { layout, level: 1 });
    const source = (async function* () {
      try {
        yield* inChunks(vmdk.bytes, [40_000]);
      } finally {
        released = true;
      }
    })();
    const reader = await readStreamOptimizedVmdk(source, { capacityBytes: bytes.length });
    return { reader, released: () => released };
  });
}

async function read(source: ByteSource, capacityBytes?: number): Promise<Uint8Array> {
  const reader = await readStreamOptimizedVmdk(source, { capacityBytes });
  return assemble(await readAll(reader), reader.capacityBytes);
}

describe('a capacity that is rounded up to a grain', () => {
  it.each(['directory-at-end', 'tables-in-front'] as const)('is that of the source: %s', async (layout) => {
    // A disk that ends within a grain, in its last bytes too, and a header that counts whole grains.
    const disk = Buffer.alloc(9 * 65_536 + 3 * 512, 7);
    const { bytes, markersAt } = vmdkByHand(disk, { layout });
    const rounded = Buffer.from(bytes);
    for (const at of [0, ...(markersAt.footer < 0 ? [] : [markersAt.footer + 512])]) {
      rounded.writeBigUInt64LE(10n * 128n, at + 12);
    }
    expect(Buffer.from(await read(inChunks(rounded, [40_000]), disk.length)).equals(disk)).toBe(true);
    expect((await faultOf(rounded, disk.length - 4 * 512)).code).toBe('vmdk-invalid');
    expect((await faultOf(rounded, 11 * 65_536)).code).toBe('vmdk-invalid');
  });
});

async function faultOf(bytes: Uint8Array | ByteSource, capacityBytes?: number) {
  const source = bytes instanceof Uint8Array ? inChunks(bytes, [10_000]) : bytes;
  const error = await read(source, capacityBytes).then(
    () => expect.unreachable('it was read as if it were whole'),
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(FaultError);
  const { code, message, cause } = (error as FaultError).fault;
  return { code, message, cause };
}

describe('reading a stream-optimized VMDK', () => {
  it('gives the bytes of any disk, in either layout, in any chunking', async () => {
    const chunking = fc.array(fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 65, max: 200_000 })), {
      minLength: 1,
      maxLength: 6,
    });
    const disk = fc.record({ seed: fc.nat(), sectors: fc.integer({ min: 1, max: 12_000 }) });
    await fc.assert(
      fc.asyncProperty(
        disk,
        fc.constantFrom(...LAYOUTS),
        fc.constantFrom(1, 2, 3),
        chunking,
        fc.constantFrom(0, 1, 6),
        async ({ seed, sectors }, layout, version, lengths, level) => {
          const bytes = pretendDisk(seed, sectors * 512);
          const vmdk = vmdkByHand(bytes, { layout, version, level, tail: seed % 2 ? 40_000 : 0 });
          // The header in single bytes, so that every field is torn somewhere.
          const head = inChunks(vmdk.bytes.subarray(0, 600), [1]);
          const rest = inChunks(vmdk.bytes.subarray(600), lengths.some((length) => length > 64) ? lengths : [777]);
          const source = (async function* () {
            yield* head;
            yield* rest;
          })();
          expect(same(await read(source, bytes.length), bytes)).toBe(true);
        },
      ),
      { numRuns: 30, verbose: 1 },
    );
  }, 90_000);

  it('reads a disk that has several grain tables', async () => {
    const bytes = new Uint8Array(70 * MiB);
    for (const at of [0, 33 * MiB, 65 * MiB + 5, 70 * MiB - 1]) bytes[at] = 7;
    for (const layout of LAYOUTS) {
      const vmdk = vmdkByHand(bytes, { layout });
      expect(same(await read(inChunks(vmdk.bytes, [65_536])), bytes)).toBe(true);
    }
  });

  it('takes grains out of order within the open blocks, and refuses those that come later', async () => {
    const bytes = pretendDisk(5, 8 * MiB).fill(3, 0, 8 * MiB);
    const grains = Array.from({ length: 128 }, (_, grain) => grain);
    const swapped = grains.map((grain) => (grain < 64 ? 63 - grain : grain));
    const vmdk = vmdkByHand(bytes, { layout: 'directory-at-end', order: swapped });
    expect(same(await read(inChunks(vmdk.bytes, [9_999])), bytes)).toBe(true);

    const late = vmdkByHand(bytes, { layout: 'directory-at-end', order: [...grains.slice(1), 0] });
    expect(await faultOf(late.bytes)).toMatchObject({ code: 'vmdk-invalid', message: /too late/ });
  });

  it('refuses a grain that comes twice', async () => {
    const bytes = new Uint8Array(MiB).fill(1);
    const vmdk = vmdkByHand(bytes, { layout: 'tables-in-front', order: [0, 1, 2, 1, 3] });
    expect(await faultOf(vmdk.bytes)).toMatchObject({ code: 'vmdk-invalid', message: /comes twice/ });
  });

  it('leaves the sender time to end after the end marker, and no more', async () => {
    const vmdk = vmdkByHand(new Uint8Array(MiB).fill(1), { layout: 'directory-at-end' });
    let heardOut = false;
    const source = (async function* () {
      yield vmdk.bytes;
      heardOut = true;
    })();
    await read(source);
    expect(heardOut).toBe(true);

    const endless = new Readable({ read() {} });
    endless.push(vmdk.bytes);
    expect(same(await read(endless), new Uint8Array(MiB).fill(1))).toBe(true);
    expect(endless.destroyed).toBe(true);
  });
});

describe('a VMDK that is cut', () => {
  const bytes = pretendDisk(11, 3 * MiB + 512);

  for (const layout of LAYOUTS) {
    it(`is never taken for whole, wherever it is cut (${layout})`, async () => {
      const vmdk = vmdkByHand(bytes, { layout });
      const { grainsAt, markersAt } = vmdk;
      const records = [...grainsAt.slice(0, 3), ...grainsAt.slice(-2), ...markersAt.tables];
      const { directory, footer, endOfStream } = markersAt;
      const starts = [...records, directory, footer, endOfStream].filter((at) => at >= 0);
      const cuts = [0, 1, 511, 512, 700, 21 * 512, ...starts.flatMap((at) => [at, at + 1, at + 11, at + 12, at + 511])];
      expect(starts.length).toBeGreaterThan(5);
      for (const cut of cuts) {
        expect(await faultOf(vmdk.bytes.subarray(0, cut)), `cut at ${cut}`).toMatchObject({ code: 'export-cut' });
      }
    }, 20_000);
  }

  it('is whole without an end marker where tables in front say that it has no grain, and only then', async () => {
    const empty = new Uint8Array(70 * MiB);
    const { bytes: vmdk, markersAt } = vmdkByHand(empty, { layout: 'tables-in-front' });
    const end = markersAt.endOfStream;
    expect(same(await read(inChunks(vmdk.subarray(0, end), [700])), empty)).toBe(true);
    for (const cut of [512, 21 * 512 + 4, end - 2049, end - 1, end + 1, end + 511]) {
      expect(await faultOf(vmdk.subarray(0, cut)), `cut at ${cut}`).toMatchObject({ code: 'export-cut' });
    }
    const changed = (change: (bytes: Buffer) => void) => {
      const bytes = Buffer.from(vmdk.subarray(0, end));
      change(bytes);
      return faultOf(bytes);
    };
    // A grain in a table; directory and tables that came as zeros; a table that stands elsewhere; no directory in front.
    const wrong = [
      (bytes: Buffer) => bytes.writeUInt32LE(end / 512, end - 4),
      (bytes: Buffer) => bytes.fill(0, 21 * 512),
      (bytes: Buffer) => bytes.writeUInt32LE(1, 21 * 512 + 4),
      (bytes: Buffer) => bytes.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 56),
      (bytes: Buffer) => bytes.writeBigUInt64LE(2n ** 60n, 56),
    ];
    for (const change of wrong) expect(await changed(change)).toMatchObject({ code: 'export-cut' });
    const broken = (async function* () {
      yield vmdk.subarray(0, end);
      throw new Error('reset');
    })();
    expect(await faultOf(broken)).toMatchObject({ code: 'export-cut' });
  });

  it('is never taken for whole when its rest came as zeros', async () => {
    const vmdk = vmdkByHand(bytes, { layout: 'directory-at-end' });
    vmdk.bytes.fill(0, vmdk.grainsAt[4]);
    expect(await faultOf(vmdk.bytes)).toMatchObject({ code: 'vmdk-invalid', message: /without the footer/ });
  });

  it('says what broke it', async () => {
    const vmdk = vmdkByHand(bytes, { layout: 'directory-at-end' });
    const breaking = (error: Error) =>
      (async function* () {
        yield vmdk.bytes.subarray(0, vmdk.grainsAt[5]);
        throw error;
      })();
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    expect(await faultOf(breaking(reset))).toMatchObject({ code: 'export-cut', cause: /ECONNRESET/ });
    expect(await faultOf(breaking(faultError('esxi-unreachable')))).toMatchObject({ code: 'esxi-unreachable' });
  });

  it('can only be closed afterwards', async () => {
    const vmdk = vmdkByHand(bytes, { layout: 'directory-at-end' });
    const reader = await readStreamOptimizedVmdk(inChunks(vmdk.bytes.subarray(0, vmdk.grainsAt[9]), [5_000]));
    await expect(readAll(reader)).rejects.toMatchObject({ fault: { code: 'export-cut' } });
    await expect(readAll(reader)).rejects.toThrow(/once/);
    await reader.close();
  });
});

describe('a VMDK that is not as it should be', () => {
  const disk = new Uint8Array(2 * MiB).fill(0x41);
  const fresh = () => vmdkByHand(disk, { layout: 'directory-at-end', level: 0 });
  const header = (change: (bytes: Buffer) => void) => {
    const { bytes } = fresh();
    change(bytes);
    return bytes;
  };
  /** Puts other deflated bytes in the place of the first grain's, which has more room than it needs. */
  const grain = (deflated: Buffer) => {
    const { bytes, grainsAt } = fresh();
    bytes.writeUInt32LE(deflated.length, grainsAt[0]! + 8);
    deflated.copy(bytes, grainsAt[0]! + 12);
    const sectors = Math.ceil((12 + deflated.length) / 512) * 512;
    return Buffer.concat([bytes.subarray(0, grainsAt[0]! + sectors), bytes.subarray(grainsAt[1])]);
  };
  const firstGrain = (change: (bytes: Buffer, at: number) => void) => {
    const { bytes, grainsAt } = fresh();
    change(bytes, grainsAt[0]!);
    return bytes;
  };
  const footer = (change: (bytes: Buffer, at: number) => void) => {
    const { bytes, markersAt } = fresh();
    change(bytes, markersAt.footer);
    return bytes;
  };

  const cases: [string, Buffer, RegExp][] = [
    ['is no VMDK', Buffer.alloc(4096, 'PK'), /not a VMDK/],
    ['is a page of HTML', Buffer.from('<html>'.padEnd(2000)), /not a VMDK/],
    [
      'is a text descriptor',
      Buffer.from('# Disk DescriptorFile\nversion=1\n'.padEnd(2000)),
      /only the text descriptor/,
    ],
    ['is a COWD file', Buffer.from('COWD'.padEnd(2000)), /not a stream-optimized/],
    ['is not compressed', header((bytes) => bytes.writeUInt32LE(3, 8)), /not a stream-optimized/],
    ['has no markers', header((bytes) => bytes.writeUInt32LE(0x10001, 8)), /not a stream-optimized/],
    ['is compressed otherwise', header((bytes) => bytes.writeUInt16LE(2, 77)), /method 2/],
    ['is of version 4', header((bytes) => bytes.writeUInt32LE(4, 4)), /version 4/],
    ['came in text mode', header((bytes) => bytes.write('\n \n\n', 73)), /text mode/],
    ['has grains of 32 KiB', header((bytes) => bytes.writeBigUInt64LE(64n, 20)), /64 sectors/],
    ['has no capacity', header((bytes) => bytes.writeBigUInt64LE(0n, 12)), /cannot be copied/],
    ['has a monstrous capacity', header((bytes) => bytes.writeBigUInt64LE(2n ** 60n, 12)), /capacity of/],
    ['begins inside its header', header((bytes) => bytes.writeBigUInt64LE(0n, 64)), /inside the header/],
    ['begins nowhere', header((bytes) => bytes.writeBigUInt64LE(2n ** 40n, 64)), /beyond any disk/],
    ['has a grain behind its end', firstGrain((bytes, at) => bytes.writeUInt32LE(4096, at)), /behind the end/],
    ['has a grain far out', firstGrain((bytes, at) => bytes.writeUInt32LE(0xffff_ffff, at + 4)), /behind the end/],
    ['has a grain between grains', firstGrain((bytes, at) => bytes.writeUInt32LE(5, at)), /none can begin/],
    ['has a huge grain', firstGrain((bytes, at) => bytes.writeUInt32LE(90_000_000, at + 8)), /90000000 deflated/],
    ['has a damaged grain', firstGrain((bytes, at) => bytes.fill(0xff, at + 12, at + 40)), /cannot be inflated/],
    ['has a changed byte', firstGrain((bytes, at) => bytes.fill(0x42, at + 5000, at + 5001)), /cannot be inflated/],
    ['has a long grain', grain(deflateSync(Buffer.alloc(65_537, 1))), /more than 65536/],
    ['has a short grain', grain(deflateSync(Buffer.alloc(65_535, 1))), /inflates to 65535/],
    ['has a cut grain', grain(deflateSync(Buffer.alloc(65_536, 1)).subarray(0, 50)), /cannot be inflated/],
    ['has a marker nobody knows', footer((bytes, at) => bytes.writeUInt32LE(77, at + 12)), /type 77/],
    ['has a footer of another disk', footer((bytes, at) => bytes.writeUInt32LE(9, at + 524)), /another capacity/],
    ['has a damaged footer', footer((bytes, at) => bytes.fill(0, at + 512, at + 530)), /footer cannot be read/],
  ];
  for (const [what, bytes, words] of cases) {
    it(`is refused when it ${what}`, async () => {
      const { code, message } = await faultOf(bytes);
      expect(message).toMatch(words);
      expect(code).toBe(what === 'has no capacity' ? 'disk-unsupported' : 'vmdk-invalid');
    });
  }

  it('is refused when the source says another size', async () => {
    expect(await faultOf(fresh().bytes, 3 * MiB)).toMatchObject({ code: 'vmdk-invalid', message: /3145728/ });
  });
});

describe('stopping a reader', () => {
  it('ends a wait for the header with the reason of the signal', async () => {
    const silent = new Readable({ read() {} });
    const stop = new AbortController();
    const opening = readStreamOptimizedVmdk(silent, { signal: stop.signal });
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(opening).rejects.toBe(reason);
    expect(silent.destroyed).toBe(true);
  });

  it('ends a wait for bytes that never come, and destroys the stream', async () => {
    const vmdk = vmdkByHand(new Uint8Array(6 * MiB).fill(9), { layout: 'directory-at-end' });
    const stalled = new Readable({ read() {} });
    stalled.push(vmdk.bytes.subarray(0, vmdk.grainsAt.at(-1)));
    const reader = await readStreamOptimizedVmdk(stalled);
    const stop = new AbortController();
    const blocks = reader.blocks(stop.signal)[Symbol.asyncIterator]();
    await blocks.next();
    const waiting = (async () => {
      for (let next = await blocks.next(); !next.done; ) next = await blocks.next();
    })();
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(stalled.destroyed).toBe(true);
  });

  it('does not wait for a source that cannot be destroyed', async () => {
    const vmdk = vmdkByHand(new Uint8Array(MiB).fill(9), { layout: 'directory-at-end' });
    const stuck = (async function* () {
      yield vmdk.bytes.subarray(0, vmdk.grainsAt[3]);
      await new Promise(() => undefined);
    })();
    const reader = await readStreamOptimizedVmdk(stuck);
    const stop = new AbortController();
    const waiting = readAll(reader, stop.signal);
    const reason = new Error('enough');
    setImmediate(() => stop.abort(reason));
    await expect(waiting).rejects.toBe(reason);
    await reader.close();
  });

  it('reads ahead by a bounded number of bytes only', async () => {
    const vmdk = vmdkByHand(new Uint8Array(24 * MiB).fill(5), { layout: 'directory-at-end', level: 0 });
    const reader = await readStreamOptimizedVmdk(inChunks(vmdk.bytes, [65_536]));
    let taken = 0;
    for await (const block of reader.blocks(never)) {
      taken += block.length;
      expect(reader.bytesRead - taken).toBeLessThan(6 * MiB);
    }
    expect(taken).toBe(24 * MiB);
  });
});
