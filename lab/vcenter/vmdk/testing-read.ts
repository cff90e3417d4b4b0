// Two readers of stream-optimized VMDK that share nothing with the writer: one follows the records, one the tables.
import { inflateSync } from 'node:zlib';

const sectorAt = (file: Buffer, offset: number) => Number(file.readBigUInt64LE(offset));

/** Follows records and markers from the overhead to the end-of-stream marker. Throws on anything odd. */
export function readByRecords(file: Buffer): { disk: Buffer; markers: number[] } {
  if (file.toString('latin1', 0, 4) !== 'KDMV') throw new Error('No magic');
  const disk = Buffer.alloc(sectorAt(file, 12) * 512);
  const markers: number[] = [];
  let at = sectorAt(file, 64) * 512;
  for (;;) {
    const value = sectorAt(file, at);
    const size = file.readUInt32LE(at + 8);
    if (size > 0) {
      const grain = inflateSync(file.subarray(at + 12, at + 12 + size));
      if (grain.length !== 65_536) throw new Error(`A grain of ${grain.length} bytes`);
      grain.copy(disk, value * 512);
      at += Math.ceil((12 + size) / 512) * 512;
      continue;
    }
    const type = file.readUInt32LE(at + 12);
    markers.push(type);
    at += 512 + value * 512;
    if (type === 0) break;
  }
  if (at !== file.length) throw new Error(`${file.length - at} bytes after the end of the stream`);
  return { disk, markers };
}

/** Goes from the header (or the footer) over directory and tables to each grain. */
export function readByTables(file: Buffer): Buffer {
  let header = file.subarray(0, 512);
  if (header.readBigUInt64LE(56) === 0xffff_ffff_ffff_ffffn)
    header = file.subarray(file.length - 1024, file.length - 512);
  if (header.toString('latin1', 0, 4) !== 'KDMV') throw new Error('No footer');
  const capacity = sectorAt(header, 12);
  const disk = Buffer.alloc(capacity * 512);
  const directory = sectorAt(header, 56) * 512;
  for (let grain = 0; grain * 128 < capacity; grain += 1) {
    const table = file.readUInt32LE(directory + Math.floor(grain / 512) * 4) * 512;
    const at = table === 0 ? 0 : file.readUInt32LE(table + (grain % 512) * 4) * 512;
    if (at === 0) continue;
    if (sectorAt(file, at) !== grain * 128) throw new Error(`The table's entry ${grain} leads elsewhere`);
    inflateSync(file.subarray(at + 12, at + 12 + file.readUInt32LE(at + 8))).copy(disk, grain * 65_536);
  }
  return disk;
}
