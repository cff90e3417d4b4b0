// The bytes of a block pack (.lfpack): some or all blocks of one disk, as one stream. Only this folder imports it.
//
//   header    magic "LFPACK\r\n" (8), version (u32), block size (u32), capacity of the disk (u64),
//             length of the label (u32), label (UTF-8): what the pack is of, as its maker and its reader agreed
//   records   in any order, each block at most once:
//             index (u32), stored length (u32), kind (u8), SHA-256 (32) of the block, stored bytes
//   trailer   shaped as a record's head: 0xffffffff (u32), number of records (u32), kind 255 (u8),
//             SHA-256 (32) over every byte of the pack before it; nothing follows
//
// Numbers are little-endian. Kinds: 0, the block is zeros and nothing is stored (in a child it must be written as zeros);
// 1, one zstd frame; 2, the bytes as they are, where zstd does not save any. What is stored are the bytes that the disk
// has: the last block of a disk may be short; its SHA-256 is that of the block filled up with zeros, as everywhere.
import { DISK_BLOCK_BYTES } from '../../block.ts';

const MAGIC = Buffer.from('LFPACK\r\n', 'latin1');
const VERSION = 1;
/** Bytes of the header without the label. */
export const HEADER_BYTES = MAGIC.length + 4 + 4 + 8 + 4;
export const LARGEST_LABEL = 1024;
export const DIGEST_BYTES = 32;
/** Bytes of a record without what it stores, and of the trailer. */
export const HEAD_BYTES = 4 + 4 + 1 + DIGEST_BYTES;
export const TRAILER_INDEX = 0xffff_ffff;

export const KIND = { zero: 0, zstd: 1, raw: 2, trailer: 255 } as const;

export interface Head {
  /** TRAILER_INDEX in the trailer. */
  readonly index: number;
  /** Bytes stored; in the trailer the number of records. */
  readonly length: number;
  readonly kind: number;
  readonly digest: Uint8Array;
}

export function buildHeader(capacityBytes: number, label: string): Buffer {
  const text = Buffer.from(label);
  const bytes = Buffer.alloc(HEADER_BYTES + text.length);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeUInt32LE(DISK_BLOCK_BYTES, 12);
  bytes.writeBigUInt64LE(BigInt(capacityBytes), 16);
  bytes.writeUInt32LE(text.length, 24);
  text.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** The header without its label, or what is wrong with it. */
export function parseHeader(bytes: Buffer): { capacityBytes: number; labelBytes: number } | { wrong: string } {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return { wrong: 'It does not begin as a block pack does.' };
  const version = bytes.readUInt32LE(8);
  if (version !== VERSION) return { wrong: `It has version ${version}; this program reads version ${VERSION}.` };
  const blockBytes = bytes.readUInt32LE(12);
  if (blockBytes !== DISK_BLOCK_BYTES) return { wrong: `It has blocks of ${blockBytes} bytes.` };
  const labelBytes = bytes.readUInt32LE(24);
  if (labelBytes > LARGEST_LABEL) return { wrong: `Its label has ${labelBytes} bytes.` };
  return { capacityBytes: Number(bytes.readBigUInt64LE(16)), labelBytes };
}

/** The head of a record or, up to its SHA-256, of the trailer. */
export function buildHead({ index, length, kind, digest }: Head): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES);
  bytes.writeUInt32LE(index, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.writeUInt8(kind, 8);
  bytes.set(digest, 9);
  return bytes;
}

export function parseHead(bytes: Buffer): Head {
  const digest = bytes.subarray(9, HEAD_BYTES);
  return { index: bytes.readUInt32LE(0), length: bytes.readUInt32LE(4), kind: bytes.readUInt8(8), digest };
}
