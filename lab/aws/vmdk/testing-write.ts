// Writes stream-optimized VMDKs in both layouts. Independent of the decoder:
// it works from a whole raw disk in memory and is made from the format's description.
import { deflateSync } from 'node:zlib';

export interface VmdkShape {
  /** `front`: directory and tables before the data, as qemu-img does. `end`: markers, directory and footer, as ESXi exports. */
  layout: 'front' | 'end';
  version?: number;
  createType?: string;
  /** Puts the grains into the file in this order (grain numbers); ascending when left out. */
  order?: (grains: number[]) => number[];
}

const grain = 65536;
const sector = 512;
const zeros = Buffer.alloc(grain);

/** The VMDK of a raw disk whose length is a whole number of sectors. */
export function writeVmdk(disk: Buffer, shape: VmdkShape): Buffer {
  const capacity = disk.length / sector;
  const grains = Math.ceil(disk.length / grain);
  const groups = Math.ceil(grains / 512);
  const directorySectors = Math.ceil((groups * 4) / sector);
  const descriptorSectors = 20;
  const front = shape.layout === 'front';
  const directoryAt = 1 + descriptorSectors;
  const overHead = front ? directoryAt + directorySectors + groups * 4 : 128;
  const pieces: Buffer[] = [];
  let length = overHead * sector;
  const push = (bytes: Buffer) => {
    const padded = Buffer.alloc(Math.ceil(bytes.length / sector) * sector);
    bytes.copy(padded);
    pieces.push(padded);
    length += padded.length;
  };
  const tables = Array.from({ length: groups }, () => Buffer.alloc(2048));
  const directory = Buffer.alloc(directorySectors * sector);
  const filled: number[] = [];
  for (let number = 0; number < grains; number += 1) {
    const bytes = disk.subarray(number * grain, (number + 1) * grain);
    if (!bytes.equals(zeros.subarray(0, bytes.length))) filled.push(number);
  }
  const order = shape.order?.(filled) ?? filled;
  const finishTable = (group: number) => {
    push(marker(4, 1));
    directory.writeUInt32LE(length / sector, group * 4);
    push(tables[group]!);
  };
  for (const [at, number] of order.entries()) {
    const group = Math.floor(number / 512);
    const bytes = Buffer.alloc(grain);
    disk.copy(bytes, 0, number * grain, Math.min(disk.length, (number + 1) * grain));
    const packed = deflateSync(bytes, { level: 1 });
    const head = Buffer.alloc(12);
    head.writeBigUInt64LE(BigInt(number * 128), 0);
    head.writeUInt32LE(packed.length, 8);
    tables[group]!.writeUInt32LE(length / sector, (number % 512) * 4);
    push(Buffer.concat([head, packed]));
    const laterInGroup = order.slice(at + 1).some((other) => Math.floor(other / 512) === group);
    if (!front && !laterInGroup) finishTable(group);
  }
  let directorySector = directoryAt;
  if (!front) {
    push(marker(directorySectors, 2));
    directorySector = length / sector;
    push(directory);
    push(marker(1, 3));
    push(header(capacity, overHead, BigInt(directorySector), shape.version));
  } else {
    for (let group = 0; group < groups; group += 1) {
      directory.writeUInt32LE(directoryAt + directorySectors + group * 4, group * 4);
    }
  }
  push(marker(0, 0));
  const start = Buffer.alloc(overHead * sector);
  header(capacity, overHead, front ? BigInt(directorySector) : 0xffffffffffffffffn, shape.version).copy(start);
  start.write(descriptor(capacity, shape.createType ?? 'streamOptimized'), sector);
  if (front) Buffer.concat([directory, ...tables]).copy(start, directoryAt * sector);
  return Buffer.concat([start, ...pieces]);
}

function marker(sectors: number, type: number): Buffer {
  const bytes = Buffer.alloc(sector);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(type, 12);
  return bytes;
}

function header(capacity: number, overHead: number, directory: bigint, version = 3): Buffer {
  const bytes = Buffer.alloc(sector);
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(version, 4);
  bytes.writeUInt32LE(0x30001, 8);
  bytes.writeBigUInt64LE(BigInt(capacity), 12);
  bytes.writeBigUInt64LE(128n, 20);
  bytes.writeBigUInt64LE(1n, 28);
  bytes.writeBigUInt64LE(20n, 36);
  bytes.writeUInt32LE(512, 44);
  bytes.writeBigUInt64LE(directory, 56);
  bytes.writeBigUInt64LE(BigInt(overHead), 64);
  bytes.write('\n \r\n', 73, 'latin1');
  bytes.writeUInt16LE(1, 77);
  return bytes;
}

function descriptor(capacity: number, createType: string): string {
  return [
    '# Disk DescriptorFile',
    'version=1',
    'CID=7a5b3c1d',
    'parentCID=ffffffff',
    `createType="${createType}"`,
    '',
    '# Extent description',
    `RW ${capacity} SPARSE "disk.vmdk"`,
    '',
    'ddb.adapterType = "lsilogic"',
    '',
  ].join('\n');
}
