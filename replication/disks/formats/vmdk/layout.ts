// How a stream-optimized VMDK is laid out: header, records, descriptor. Numbers are little-endian, places are sectors
// of 512 bytes. Sources: VMware's "Virtual Disk Format 5.0"; the declarations in open-vmdk's vmware_vmdk.h;
// files made by qemu-img 7.2 and open-vmdk, taken apart. Only this folder imports it.
import { SECTOR_BYTES } from '../../block.ts';

export const GRAIN_SECTORS = 128;
export const GRAIN_BYTES = GRAIN_SECTORS * SECTOR_BYTES;
export const ENTRIES_PER_TABLE = 512;
/** What one grain table covers: 32 MiB. */
export const TABLE_SPAN_BYTES = ENTRIES_PER_TABLE * GRAIN_BYTES;
/** A deflated grain may be a little larger than the grain, where it is stored in many blocks. */
export const LARGEST_DEFLATED_GRAIN = GRAIN_BYTES + 1024;
/** Grain header: place of the grain in the disk (u64), number of deflated bytes (u32); they follow at once. */
export const GRAIN_HEADER_BYTES = 12;
/** Value of the directory's place in the header when the true one is in the footer. */
export const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;

/** Records that are no grain: sectors that follow (u64), 0 (u32), type (u32), padded to one sector. */
export const MARKER = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3, progress: 4 } as const;

const MAGIC = 0x564d_444b;
const FLAG_NEWLINE_TEST = 1;
const FLAG_COMPRESSED = 1 << 16;
const FLAG_MARKERS = 1 << 17;
const DEFLATE = 1;
const NEWLINES = Buffer.from('\n \r\n', 'latin1');

export interface VmdkHeader {
  readonly version: number;
  readonly flags: number;
  readonly capacitySectors: bigint;
  readonly grainSectors: bigint;
  readonly descriptorSector: bigint;
  readonly descriptorSectors: bigint;
  readonly entriesPerTable: number;
  readonly directorySector: bigint;
  /** Where the records begin. */
  readonly overheadSectors: bigint;
  readonly compression: number;
}

/** Reads a header (or footer) of 512 bytes; says in a sentence what is wrong instead where it cannot be one of ours. */
export function parseHeader(sector: Buffer): VmdkHeader | { wrong: string } {
  if (sector.readUInt32LE(0) !== MAGIC) return { wrong: notVmdk(sector) };
  const header: VmdkHeader = {
    version: sector.readUInt32LE(4),
    flags: sector.readUInt32LE(8),
    capacitySectors: sector.readBigUInt64LE(12),
    grainSectors: sector.readBigUInt64LE(20),
    descriptorSector: sector.readBigUInt64LE(28),
    descriptorSectors: sector.readBigUInt64LE(36),
    entriesPerTable: sector.readUInt32LE(44),
    directorySector: sector.readBigUInt64LE(56),
    overheadSectors: sector.readBigUInt64LE(64),
    compression: sector.readUInt16LE(77),
  };
  const { version, flags, grainSectors, compression } = header;
  if (version < 1 || version > 3) return { wrong: `It is a VMDK of version ${version}; 1 to 3 are known.` };
  if (flags & FLAG_NEWLINE_TEST && !sector.subarray(73, 77).equals(NEWLINES)) {
    return { wrong: 'Its line ends were changed on the way, as by a transfer in text mode.' };
  }
  if (!(flags & FLAG_COMPRESSED) || !(flags & FLAG_MARKERS)) {
    return { wrong: 'It is a VMDK, but not a stream-optimized one.' };
  }
  if (compression !== DEFLATE)
    return { wrong: `It is compressed by method ${compression}; only deflate (1) is known.` };
  if (grainSectors !== BigInt(GRAIN_SECTORS)) {
    return { wrong: `Its grains have ${grainSectors} sectors; stream-optimized disks have ${GRAIN_SECTORS}.` };
  }
  if (header.overheadSectors < 1n) return { wrong: 'Its header says that the data begins inside the header.' };
  return header;
}

function notVmdk(sector: Buffer): string {
  const start = sector.toString('latin1', 0, 21);
  if (start === '# Disk DescriptorFile') return 'It is only the text descriptor of a VMDK, without its data.';
  if (start.startsWith('COWD') || sector.readBigUInt64LE(0) === 0xcafe_babe_0000_0001n) {
    return 'It is a VMDK, but not a stream-optimized one.';
  }
  return 'It is not a VMDK.';
}

/** A header for a disk whose directory stands at `directorySector`: in the header DIRECTORY_AT_END, in the footer true. */
export function buildHeader(capacityBytes: number, directorySector: bigint, overheadSectors: number): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  sector.writeUInt32LE(MAGIC, 0);
  sector.writeUInt32LE(3, 4);
  sector.writeUInt32LE(FLAG_NEWLINE_TEST | FLAG_COMPRESSED | FLAG_MARKERS, 8);
  sector.writeBigUInt64LE(BigInt(capacityBytes / SECTOR_BYTES), 12);
  sector.writeBigUInt64LE(BigInt(GRAIN_SECTORS), 20);
  sector.writeBigUInt64LE(1n, 28);
  sector.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
  sector.writeUInt32LE(ENTRIES_PER_TABLE, 44);
  sector.writeBigUInt64LE(directorySector, 56);
  sector.writeBigUInt64LE(BigInt(overheadSectors), 64);
  NEWLINES.copy(sector, 73);
  sector.writeUInt16LE(DEFLATE, 77);
  return sector;
}

const DESCRIPTOR_SECTORS = 20;

/** The text descriptor, padded to DESCRIPTOR_SECTORS. `name` is the file's own: there is no extent beside it. */
export function buildDescriptor(capacityBytes: number, name: string): Buffer {
  const sectors = capacityBytes / SECTOR_BYTES;
  // 255 heads and 63 sectors are what every BIOS translates large disks to; nobody reads more into it.
  const cylinders = Math.min(65_535, Math.max(1, Math.floor(sectors / (255 * 63))));
  const text = `# Disk DescriptorFile
version=1
CID=fffffffe
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW ${sectors} SPARSE "${name}"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "${cylinders}"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.virtualHWVersion = "4"
`;
  const bytes = Buffer.alloc(DESCRIPTOR_SECTORS * SECTOR_BYTES);
  bytes.write(text, 'latin1');
  return bytes;
}

/** A marker sector that says that so many sectors of this type follow. */
export function buildMarker(type: number, sectorsThatFollow: number): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  sector.writeBigUInt64LE(BigInt(sectorsThatFollow), 0);
  sector.writeUInt32LE(type, 12);
  return sector;
}

/** Bytes filled up to whole sectors. */
export function paddedLength(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}
