// Looks into the raw bytes of a snapshot as VM Import and a booting machine would: partitions, boot code, kind of guest.
// Nothing that a tag or a name says counts here.
import { blockSize } from '../snapshots/block-file.ts';
import type { SnapshotStore } from '../snapshots/store.ts';

export interface GuestDisk {
  /** NTFS at the start of a partition, or `bootmgr` in its boot sector. */
  windows: boolean;
  /** A Linux file system or LVM at the start of a partition. */
  linux: boolean;
  partitions: number;
  gpt: boolean;
  /** An EFI system partition exists. */
  efi: boolean;
  /** The first sector holds code and the boot signature: a BIOS would start it. */
  bootCode: boolean;
}

const efiType = '28732ac11ff8d211ba4b00a0c93ec93b';
const biosBootType = '4861682149646f6e744e656564454649';

export async function inspectDisk(snapshots: SnapshotStore, id: string): Promise<GuestDisk> {
  const read = (offset: number, length: number) => readBytes(snapshots, id, offset, length);
  const mbr = await read(0, 512);
  const signed = mbr.readUInt16LE(510) === 0xaa55;
  const result: GuestDisk = {
    windows: false,
    linux: false,
    partitions: 0,
    gpt: false,
    efi: false,
    bootCode: signed && mbr.subarray(0, 440).some((byte) => byte !== 0),
  };
  const starts = [0, ...(signed ? await partitionStarts(mbr, read, result) : [])];
  for (const start of starts) await lookAt(start * 512, read, result);
  return result;
}

type Read = (offset: number, length: number) => Promise<Buffer>;

/** First sectors of all partitions, primary and logical, or those of the GPT. */
async function partitionStarts(mbr: Buffer, read: Read, result: GuestDisk): Promise<number[]> {
  const starts: number[] = [];
  for (let at = 446; at < 510; at += 16) {
    const type = mbr[at + 4];
    const first = mbr.readUInt32LE(at + 8);
    if (type === 0xee) return gptStarts(read, result);
    if (type === 0 || first === 0) continue;
    if (type === 0xef) result.efi = true;
    starts.push(first);
    if (type === 0x05 || type === 0x0f) starts.push(...(await logicalStarts(first, read)));
  }
  result.partitions = starts.length;
  return starts;
}

async function logicalStarts(extended: number, read: Read): Promise<number[]> {
  const starts: number[] = [];
  let table = extended;
  for (let count = 0; count < 16; count += 1) {
    const sector = await read(table * 512, 512);
    if (sector.readUInt16LE(510) !== 0xaa55) break;
    const first = sector.readUInt32LE(446 + 8);
    if (first) starts.push(table + first);
    const next = sector.readUInt32LE(462 + 8);
    if (!next) break;
    table = extended + next;
  }
  return starts;
}

async function gptStarts(read: Read, result: GuestDisk): Promise<number[]> {
  const header = await read(512, 512);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') return [];
  result.gpt = true;
  const entriesAt = Number(header.readBigUInt64LE(72));
  const count = Math.min(header.readUInt32LE(80), 128);
  const size = header.readUInt32LE(84);
  if (size < 128 || size > 4096) return [];
  const entries = await read(entriesAt * 512, count * size);
  const starts: number[] = [];
  for (let at = 0; at + size <= entries.length; at += size) {
    const type = entries.toString('hex', at, at + 16);
    if (/^0+$/.test(type)) continue;
    if (type === efiType) result.efi = true;
    if (type === biosBootType) result.bootCode = true;
    starts.push(Number(entries.readBigUInt64LE(at + 32)));
  }
  result.partitions = starts.length;
  return starts;
}

async function lookAt(offset: number, read: Read, result: GuestDisk): Promise<void> {
  const start = await read(offset, 4096);
  const text = (at: number, length: number) => start.toString('latin1', at, at + length);
  if (text(3, 8) === 'NTFS    ' || (offset > 0 && /bootmgr/i.test(text(0, 512)))) result.windows = true;
  const ext = start.readUInt16LE(1080) === 0xef53;
  const lvm = [0, 512, 1024, 1536].some((at) => text(at, 8) === 'LABELONE');
  if (ext || lvm || text(0, 4) === 'XFSB') result.linux = true;
}

/** Bytes of a snapshot; zeros where nobody wrote and beyond its end. */
async function readBytes(store: SnapshotStore, id: string, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const position = offset + at;
    const within = position % blockSize;
    const block = await store.read(id, Math.floor(position / blockSize));
    const part = Math.min(blockSize - within, length - at);
    block?.copy(bytes, at, within, within + part);
    at += part;
  }
  return bytes;
}
