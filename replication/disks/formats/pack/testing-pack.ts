// Block packs put together and taken apart without a line of the code that is tested.
import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const BLOCK = 524_288;

export interface HandRecord {
  index: number;
  kind: number;
  stored: Uint8Array;
  /** Default: of what the record says that the block holds. */
  sha?: Uint8Array;
  /** What the head says, where it lies. */
  length?: number;
}

export interface HandPack {
  capacityBytes: number;
  records: HandRecord[];
  magic?: string;
  version?: number;
  blockBytes?: number;
  label?: string;
  count?: number;
  kindOfTrailer?: number;
}

export function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** A record of the bytes that the disk has at `index`, stored as a packer might. */
export function recordOf(index: number, bytes: Uint8Array, kind: 'zstd' | 'raw' = 'zstd'): HandRecord {
  const sha = sha256(bytes, Buffer.alloc(BLOCK - bytes.length));
  if (bytes.every((byte) => byte === 0)) return { index, kind: 0, stored: Buffer.alloc(0), sha };
  const frame = zstdCompressSync(bytes);
  if (kind === 'raw' || frame.length >= bytes.length) return { index, kind: 2, stored: bytes, sha };
  return { index, kind: 1, stored: frame, sha };
}

/** Records of all blocks of a disk. */
export function recordsOf(disk: Uint8Array, kind: 'zstd' | 'raw' = 'zstd'): HandRecord[] {
  return Array.from({ length: Math.ceil(disk.length / BLOCK) }, (_, index) =>
    recordOf(index, disk.subarray(index * BLOCK, (index + 1) * BLOCK), kind),
  );
}

/** The bytes of a pack, with a trailer that agrees with whatever is before it. */
export function packByHand(pack: HandPack): Buffer {
  const label = Buffer.from(pack.label ?? '');
  const header = Buffer.alloc(28);
  header.write(pack.magic ?? 'LFPACK\r\n', 'latin1');
  header.writeUInt32LE(pack.version ?? 1, 8);
  header.writeUInt32LE(pack.blockBytes ?? BLOCK, 12);
  header.writeBigUInt64LE(BigInt(pack.capacityBytes), 16);
  header.writeUInt32LE(label.length, 24);
  const parts: Uint8Array[] = [header, label];
  for (const { index, kind, stored, sha, length = stored.length } of pack.records) {
    const head = Buffer.alloc(9);
    head.writeUInt32LE(index, 0);
    head.writeUInt32LE(length, 4);
    head.writeUInt8(kind, 8);
    parts.push(head, sha ?? sha256(stored), stored);
  }
  const trailer = Buffer.alloc(9, 0xff);
  trailer.writeUInt32LE(pack.count ?? pack.records.length, 4);
  trailer.writeUInt8(pack.kindOfTrailer ?? 255, 8);
  parts.push(trailer);
  return Buffer.concat([...parts, sha256(...parts)]);
}

/** Takes a pack apart: its blocks as the bytes of a disk over `parent`, and the records in their order. */
export function unpackByHand(
  pack: Buffer,
  parent?: Uint8Array,
): { disk: Buffer; label: string; kinds: number[]; indexes: number[] } {
  const capacity = Number(pack.readBigUInt64LE(16));
  const disk = Buffer.alloc(capacity);
  if (parent) disk.set(parent);
  const labelBytes = pack.readUInt32LE(24);
  const kinds: number[] = [];
  const indexes: number[] = [];
  let at = 28 + labelBytes;
  for (; pack.readUInt32LE(at) !== 0xffff_ffff; at += 41 + pack.readUInt32LE(at + 4)) {
    const [index, kind] = [pack.readUInt32LE(at), pack.readUInt8(at + 8)];
    const stored = pack.subarray(at + 41, at + 41 + pack.readUInt32LE(at + 4));
    const length = Math.min(BLOCK, capacity - index * BLOCK);
    const bytes = kind === 0 ? Buffer.alloc(length) : kind === 1 ? zstdDecompressSync(stored) : stored;
    const sha = sha256(bytes, Buffer.alloc(BLOCK - length));
    if (bytes.length !== length || !sha.equals(pack.subarray(at + 9, at + 41)))
      throw new Error(`block ${index} is wrong`);
    disk.set(bytes, index * BLOCK);
    kinds.push(kind);
    indexes.push(index);
  }
  const sound =
    pack.readUInt32LE(at + 4) === indexes.length &&
    sha256(pack.subarray(0, at + 9)).equals(pack.subarray(at + 9, at + 41));
  if (!sound || pack.length !== at + 41) throw new Error('the trailer is wrong');
  return { disk, label: pack.toString('utf8', 28, 28 + labelBytes), kinds, indexes };
}
