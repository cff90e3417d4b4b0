// The table of contents of a digest set. Its SHA-256 is the root of the set, which Postgres holds.
//
//   magic "LFDIGEST" (8), version (u32), block size (u32), blocks per chunk (u32), capacity (u64),
//   number of prefixes (u32), number of chunks (u32);
//   each prefix: length (u32), UTF-8 bytes;
//   each chunk that has entries, ascending: number (u32), prefix (u32, counted from 0), entries (u32), SHA-256 (32).
//
// All numbers little-endian. A chunk's object is `<prefix><number>`; the prefix is the one of the run that wrote it, so
// that an unchanged chunk is shared by the sets of many runs. 16 TiB make 1.4 MB. Only this folder imports it.
import { blockCount, DISK_BLOCK_BYTES, SECTOR_BYTES } from '../block.ts';
import { BLOCKS_PER_CHUNK, chunkOf, DIGEST_BYTES } from './chunk.ts';

const MAGIC = Buffer.from('LFDIGEST', 'latin1');
const VERSION = 1;
const HEAD_BYTES = MAGIC.length + 4 + 4 + 4 + 8 + 4 + 4;
const ROW_BYTES = 12 + DIGEST_BYTES;

export interface ChunkRecord {
  readonly number: number;
  readonly prefix: string;
  /** From 1 to 1,024. */
  readonly entries: number;
  /** SHA-256 of the object, in hex. */
  readonly sha256: string;
}

export interface Manifest {
  readonly capacityBytes: number;
  /** Ascending by number. */
  readonly chunks: readonly ChunkRecord[];
}

export function chunkKey(prefix: string, number: number): string {
  return `${prefix}${number}`;
}

export function manifestKey(prefix: string): string {
  return `${prefix}manifest`;
}

export function encodeManifest({ capacityBytes, chunks }: Manifest): Uint8Array {
  const places = new Map<string, number>();
  for (const { prefix } of chunks) if (!places.has(prefix)) places.set(prefix, places.size);
  const prefixes = [...places.keys()].map((prefix) => Buffer.from(prefix));
  const prefixBytes = prefixes.reduce((sum, prefix) => sum + 4 + prefix.length, 0);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + prefixBytes + chunks.length * ROW_BYTES);
  let at = MAGIC.copy(bytes);
  for (const value of [VERSION, DISK_BLOCK_BYTES, BLOCKS_PER_CHUNK]) at = bytes.writeUInt32LE(value, at);
  at = bytes.writeBigUInt64LE(BigInt(capacityBytes), at);
  at = bytes.writeUInt32LE(prefixes.length, at);
  at = bytes.writeUInt32LE(chunks.length, at);
  for (const prefix of prefixes) {
    at = bytes.writeUInt32LE(prefix.length, at);
    at += prefix.copy(bytes, at);
  }
  for (const { number, prefix, entries, sha256 } of chunks) {
    at = bytes.writeUInt32LE(number, at);
    at = bytes.writeUInt32LE(places.get(prefix)!, at);
    at = bytes.writeUInt32LE(entries, at);
    at += bytes.write(sha256, at, 'hex');
  }
  return bytes;
}

/** Null where the bytes are no manifest that `encodeManifest` can have made. */
export function decodeManifest(encoded: Uint8Array): Manifest | null {
  const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length);
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const numbers = [8, 12, 16, 28, 32].map((at) => bytes.readUInt32LE(at));
  const [version, blockBytes, blocksPerChunk, prefixCount, chunkCount] = numbers as [
    number,
    number,
    number,
    number,
    number,
  ];
  const capacityBytes = Number(bytes.readBigUInt64LE(20));
  if (version !== VERSION || blockBytes !== DISK_BLOCK_BYTES || blocksPerChunk !== BLOCKS_PER_CHUNK) return null;
  if (!Number.isSafeInteger(capacityBytes) || capacityBytes <= 0 || capacityBytes % SECTOR_BYTES !== 0) return null;

  let at = HEAD_BYTES;
  const prefixes: string[] = [];
  for (let number = 0; number < prefixCount; number += 1) {
    if (at + 4 > bytes.length) return null;
    const length = bytes.readUInt32LE(at);
    if (at + 4 + length > bytes.length) return null;
    prefixes.push(bytes.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  if (bytes.length - at !== chunkCount * ROW_BYTES) return null;

  const chunks: ChunkRecord[] = [];
  const end = chunkOf(blockCount(capacityBytes) - 1) + 1;
  let last = -1;
  for (; at < bytes.length; at += ROW_BYTES) {
    const number = bytes.readUInt32LE(at);
    const prefix = prefixes[bytes.readUInt32LE(at + 4)];
    const entries = bytes.readUInt32LE(at + 8);
    if (number <= last || number >= end || prefix === undefined) return null;
    if (entries < 1 || entries > BLOCKS_PER_CHUNK) return null;
    chunks.push({ number, prefix, entries, sha256: bytes.toString('hex', at + 12, at + ROW_BYTES) });
    last = number;
  }
  return { capacityBytes, chunks };
}
