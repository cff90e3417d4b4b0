// Stream-optimized VMDKs put together without a line of the code that is tested, in both layouts.
import { deflateSync } from 'node:zlib';

export type Layout = 'directory-at-end' | 'tables-in-front';

export interface HandMadeVmdk {
  bytes: Buffer;
  /** Where the records begin, in bytes: grains in order, then the markers by type. */
  grainsAt: number[];
  markersAt: { tables: number[]; directory: number; footer: number; endOfStream: number };
}

export interface HandMadeOptions {
  layout: Layout;
  version?: number;
  level?: number;
  /** Numbers of the grains in the order in which they are written; default all that are not zeros, ascending. */
  order?: number[];
  /** Bytes behind the end marker. */
  tail?: number;
}

const GRAIN = 65_536;

/** A VMDK whose disk holds `disk`. */
export function vmdkByHand(disk: Uint8Array, options: HandMadeOptions): HandMadeVmdk {
  const { layout, version = 3, level = 6 } = options;
  const front = layout === 'tables-in-front';
  const sectors = disk.length / 512;
  const grains = Math.ceil(disk.length / GRAIN);
  const tables = Math.ceil(grains / 512);
  const directorySectors = Math.ceil((tables * 4) / 512);
  const overhead = front ? 21 + directorySectors + tables * 4 : 128;
  const header = (directory: bigint) => {
    const sector = Buffer.alloc(512);
    sector.write('KDMV', 0, 'latin1');
    sector.writeUInt32LE(version, 4);
    sector.writeUInt32LE(0x30001, 8);
    sector.writeBigUInt64LE(BigInt(sectors), 12);
    sector.writeBigUInt64LE(128n, 20);
    sector.writeBigUInt64LE(1n, 28);
    sector.writeBigUInt64LE(20n, 36);
    sector.writeUInt32LE(512, 44);
    sector.writeBigUInt64LE(directory, 56);
    sector.writeBigUInt64LE(BigInt(overhead), 64);
    sector.write('\n \r\n', 73, 'latin1');
    sector.writeUInt16LE(1, 77);
    return sector;
  };
  const marker = (type: number, count: number) => {
    const sector = Buffer.alloc(512);
    sector.writeUInt32LE(count, 0);
    sector.writeUInt32LE(type, 12);
    return sector;
  };

  const places = new Uint32Array(tables * 512);
  const parts: Buffer[] = [Buffer.alloc(overhead * 512)];
  let length = overhead * 512;
  const put = (part: Buffer) => {
    parts.push(part);
    length += part.length;
    return length - part.length;
  };
  const tableBytes = (table: number) => {
    const bytes = Buffer.alloc(2048);
    for (let entry = 0; entry < 512; entry += 1) bytes.writeUInt32LE(places[table * 512 + entry]!, entry * 4);
    return bytes;
  };

  const grainsAt: number[] = [];
  const markersAt = { tables: [] as number[], directory: -1, footer: -1, endOfStream: -1 };
  const directory = Buffer.alloc(directorySectors * 512);
  const endTable = (table: number) => {
    markersAt.tables.push(put(marker(1, 4)));
    directory.writeUInt32LE(length / 512, table * 4);
    put(tableBytes(table));
  };
  const order = options.order ?? Array.from({ length: grains }, (_, grain) => grain).filter(hasBytes);
  function hasBytes(grain: number) {
    const bytes = disk.subarray(grain * GRAIN, (grain + 1) * GRAIN);
    return !Buffer.alloc(bytes.length).equals(bytes);
  }
  let table = -1;
  for (const grain of order) {
    const its = Math.floor(grain / 512);
    if (!front && table >= 0 && its !== table) endTable(table);
    table = its;
    const raw = Buffer.alloc(GRAIN);
    raw.set(disk.subarray(grain * GRAIN, (grain + 1) * GRAIN));
    const deflated = deflateSync(raw, { level });
    const record = Buffer.alloc(Math.ceil((12 + deflated.length) / 512) * 512);
    record.writeBigUInt64LE(BigInt(grain * 128), 0);
    record.writeUInt32LE(deflated.length, 8);
    deflated.copy(record, 12);
    grainsAt.push(put(record));
    places[grain] = grainsAt.at(-1)! / 512;
  }
  if (!front) {
    if (table >= 0) endTable(table);
    markersAt.directory = put(marker(2, directorySectors));
    const at = put(directory) / 512;
    markersAt.footer = put(marker(3, 1));
    put(header(BigInt(at)));
  }
  markersAt.endOfStream = put(marker(0, 0));
  put(Buffer.alloc(options.tail ?? 0, 0xee));

  header(front ? 21n : 0xffff_ffff_ffff_ffffn).copy(parts[0]!, 0);
  parts[0]!.write(
    `# Disk DescriptorFile\ncreateType="streamOptimized"\nRW ${sectors} SPARSE "x.vmdk"\n`,
    512,
    'latin1',
  );
  if (front) {
    for (let each = 0; each < tables; each += 1) {
      parts[0]!.writeUInt32LE(21 + directorySectors + each * 4, 21 * 512 + each * 4);
      tableBytes(each).copy(parts[0]!, (21 + directorySectors + each * 4) * 512);
    }
  }
  return { bytes: Buffer.concat(parts), grainsAt, markersAt };
}

/** The bytes in chunks of these lengths, over and over. */
export async function* inChunks(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length]!;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
