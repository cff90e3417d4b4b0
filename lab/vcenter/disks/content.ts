// What a new disk holds: made from a seed (zeros, text, tables, noise; the same seed gives the same bytes), nothing but
// noise, or a copy of a raw image.
import { createCipheriv, createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { GRAIN, grainState } from './grain-map.ts';

export type DiskContent =
  /** About this many bytes allocated in pieces all over the disk, after a master boot record. */
  | { kind: 'seeded'; seed: string; allocatedBytes: number }
  /** The first `bytes` of the disk are noise that no compressor shortens; computed when read, stored nowhere. */
  | { kind: 'incompressible'; seed: string; bytes: number }
  /** A raw image file; the disk is as large as it. */
  | { kind: 'image'; path: string }
  | { kind: 'empty' };

type Random = () => number;

/** Fills a new sparse file and notes in `states` which grains were written. */
export async function fillDisk(
  file: FileHandle,
  states: Uint8Array,
  capacity: number,
  content: DiskContent,
): Promise<void> {
  if (content.kind === 'seeded') return fillSeeded(file, states, capacity, content.seed, content.allocatedBytes);
  if (content.kind === 'image') return copyImage(file, states, content.path);
}

/** Bytes that are computed rather than stored, read as from a file. */
export interface ComputedBytes {
  /** Grains from the start of the disk that it covers. */
  grains: number;
  read(buffer: Buffer, start: number, length: number, position: number): Promise<unknown>;
}

/** What lies under everything that was ever written; undefined for content that is stored. */
export function computedBytes(content: DiskContent, capacity: number): ComputedBytes | undefined {
  if (content.kind !== 'incompressible') return undefined;
  const end = Math.min(content.bytes, capacity);
  const key = noiseKey(content.seed);
  return {
    grains: Math.ceil(end / GRAIN),
    read: async (buffer, start, length, position) => {
      // The noise at a position is the key stream from the counter of its 16-byte block on.
      const block = Math.floor(position / 16);
      const counter = Buffer.alloc(16);
      counter.writeBigUInt64BE(BigInt(block), 8);
      const skipped = position - block * 16;
      const wanted = Math.max(0, Math.min(length, end - position));
      const noise = createCipheriv('aes-256-ctr', key, counter).update(Buffer.alloc(skipped + wanted));
      noise.copy(buffer, start, skipped);
      buffer.fill(0, start + wanted, start + length);
    },
  };
}

async function fillSeeded(
  file: FileHandle,
  states: Uint8Array,
  capacity: number,
  seed: string,
  allocatedBytes: number,
): Promise<void> {
  const random = randomFrom(seed);
  const noise = noiseFrom(seed);
  const text = textFrom(random);
  const put = async (grain: number, bytes: Buffer) => {
    const kept = bytes.subarray(0, Math.min(bytes.length, capacity - grain * GRAIN));
    await file.write(kept, 0, kept.length, grain * GRAIN);
    states.fill(grainState.data, grain, grain + Math.ceil(kept.length / GRAIN));
  };
  const first = text(GRAIN);
  masterBootRecord(first, capacity);
  await put(0, first);

  // Pieces of 64 KiB to 2 MiB, spread over the disk by equal strides with a random shift in each.
  const wanted = Math.max(1, Math.floor(Math.min(allocatedBytes, capacity * 0.9) / GRAIN));
  const pieces = Math.max(1, Math.ceil(wanted / 16));
  const stride = Math.max(1, Math.floor((states.length - 1) / pieces));
  let left = wanted;
  for (let piece = 0; piece < pieces && left > 0; piece += 1) {
    const length = Math.min(left, stride, 1 + Math.floor(random() * 31));
    const start = 1 + piece * stride + Math.floor(random() * Math.max(1, stride - length));
    const size = Math.min(length, states.length - start) * GRAIN;
    if (size <= 0) break;
    const kind = random();
    if (kind < 0.35) await put(start, noise(size));
    else if (kind < 0.8) await put(start, text(size));
    else if (kind < 0.9) await put(start, Buffer.alloc(size));
    else await put(start, tableOf(random, size));
    left -= size / GRAIN;
  }
  const end = states.length - 1;
  if (left > 0 && states[end] === grainState.absent) await put(end, text(GRAIN));
}

async function copyImage(file: FileHandle, states: Uint8Array, path: string): Promise<void> {
  const image = await open(path, 'r');
  try {
    const chunk = Buffer.alloc(16 * GRAIN);
    for (let offset = 0; ; ) {
      const { bytesRead } = await image.read(chunk, 0, chunk.length, offset);
      if (bytesRead === 0) return;
      for (let start = 0; start < bytesRead; start += GRAIN) {
        const grain = chunk.subarray(start, Math.min(start + GRAIN, bytesRead));
        if (isZero(grain)) continue;
        await file.write(grain, 0, grain.length, offset + start);
        states[(offset + start) / GRAIN] = grainState.data;
      }
      offset += bytesRead;
      if (bytesRead % GRAIN !== 0) return;
    }
  } finally {
    await image.close();
  }
}

const zeros = Buffer.alloc(GRAIN);

/** For at most a grain of bytes. */
export function isZero(bytes: Buffer): boolean {
  return bytes.equals(bytes.length === GRAIN ? zeros : zeros.subarray(0, bytes.length));
}

/** Numbers in [0, 1), the same for the same seed (mulberry32 over a hash of the seed). */
function randomFrom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function noiseKey(seed: string): Buffer {
  return createHash('sha256').update(`noise ${seed}`).digest();
}

function noiseFrom(seed: string): (length: number) => Buffer {
  const cipher = createCipheriv('aes-256-ctr', noiseKey(seed), Buffer.alloc(16));
  return (length) => cipher.update(Buffer.alloc(length));
}

const words =
  'accepted archive backup cache client connection disk error finished harbour index journal kernel login mail network order packet query record request server session signal started table timeout user value worker'.split(
    ' ',
  );

function textFrom(random: Random): (length: number) => Buffer {
  const lines = Array.from({ length: 200 }, () =>
    Array.from({ length: 6 + Math.floor(random() * 8) }, () => words[Math.floor(random() * words.length)]).join(' '),
  );
  let number = 0;
  return (length) => {
    const parts: string[] = [];
    for (let size = 0; size < length; ) {
      number += 1;
      const line = `${number} ${lines[Math.floor(random() * lines.length)]}\n`;
      parts.push(line);
      size += line.length;
    }
    return Buffer.from(parts.join('').slice(0, length), 'latin1');
  };
}

/** Rows of 64 bytes with a running number, as in the pages of a database. */
function tableOf(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let row = 0; row < length; row += 64) {
    bytes.writeUInt32LE(row, row);
    bytes.writeUInt32LE(Math.floor(random() * 4_294_967_296), row + 8);
    bytes.write('row', row + 16, 'latin1');
  }
  return bytes;
}

/** One active Linux partition from 1 MiB to the end; none on a disk too small for it. */
function masterBootRecord(sector: Buffer, capacity: number): void {
  sector.fill(0, 0, 512);
  const start = 2048;
  if (capacity / 512 <= start) return;
  sector[446] = 0x80;
  sector[450] = 0x83;
  sector.writeUInt32LE(start, 454);
  sector.writeUInt32LE(Math.min(0xffff_ffff, capacity / 512 - start), 458);
  sector[510] = 0x55;
  sector[511] = 0xaa;
}
