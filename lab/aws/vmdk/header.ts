// The header and the descriptor of a sparse VMDK extent.
// Layout: VMware's Virtual Disk Format note, as in open-vmdk's vmware_vmdk.h.

export const sectorSize = 512;
/** gdOffset of a file whose directory stands at its end. */
export const directoryAtEnd = 0xffffffffffffffffn;

export interface SparseHeader {
  version: number;
  flags: number;
  /** Sectors. */
  capacity: number;
  /** Sectors in one grain. */
  grainSize: number;
  descriptorOffset: number;
  descriptorSize: number;
  tableEntries: number;
  redundantDirectory: bigint;
  directory: bigint;
  /** Sectors before the first marker. */
  overHead: number;
  compression: number;
}

/** What VM Import says about a file; the message is AWS's or of its form. */
export class DiskRefused extends Error {}

export function refuse(reason: string): never {
  throw new DiskRefused(`ClientError: Disk validation failed [${reason}]`);
}

/** Parses a header; refuses what is no stream-optimized VMDK. */
export function parseHeader(bytes: Buffer): SparseHeader {
  if (bytes.length < sectorSize) refuse('Unexpected end of file');
  if (bytes.readUInt32LE(0) !== 0x564d444b) refuse('Unsupported VMDK File Format');
  const header: SparseHeader = {
    version: bytes.readUInt32LE(4),
    flags: bytes.readUInt32LE(8),
    capacity: Number(bytes.readBigUInt64LE(12)),
    grainSize: Number(bytes.readBigUInt64LE(20)),
    descriptorOffset: Number(bytes.readBigUInt64LE(28)),
    descriptorSize: Number(bytes.readBigUInt64LE(36)),
    tableEntries: bytes.readUInt32LE(44),
    redundantDirectory: bytes.readBigUInt64LE(48),
    directory: bytes.readBigUInt64LE(56),
    overHead: Number(bytes.readBigUInt64LE(64)),
    compression: bytes.readUInt16LE(77),
  };
  const compressedWithMarkers = (header.flags & 0x30000) === 0x30000 && header.compression === 1;
  if (header.version < 1 || header.version > 3 || !compressedWithMarkers) refuse('Unsupported VMDK File Format');
  if ((header.flags & 1) !== 0 && bytes.toString('latin1', 73, 77) !== '\n \r\n') {
    refuse('The VMDK was damaged by a transfer in text mode');
  }
  const grainOk = header.grainSize >= 8 && header.grainSize <= 1024 && Number.isInteger(Math.log2(header.grainSize));
  if (!grainOk || header.tableEntries !== 512) refuse('Unsupported VMDK grain size or grain table size');
  if (header.capacity < 1 || header.overHead < 1) refuse('The VMDK header is damaged');
  if (header.capacity * sectorSize > 16 * 2 ** 40) refuse('The disk image is larger than 16 TiB');
  return header;
}

/** The descriptor's text must name the kind of the disk. */
export function checkDescriptor(text: string): void {
  const kind = /^\s*createType\s*=\s*"([^"]*)"/m.exec(text)?.[1];
  if (kind !== 'streamOptimized') refuse('Unsupported VMDK File Format');
  const parent = /^\s*parentCID\s*=\s*([0-9a-fA-F]+)/m.exec(text)?.[1];
  if (parent && parent.toLowerCase() !== 'ffffffff') refuse('The VMDK is a delta of another disk');
}
