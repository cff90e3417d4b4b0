// The fixed parts of a stream-optimized VMDK: header, descriptor, markers, tables.

export const SECTOR = 512;
/** Sectors in a grain (64 KiB), and grains that one grain table covers (32 MiB). */
const GRAIN_SECTORS = 128;
export const TABLE_ENTRIES = 512;
export const TABLE_SECTORS = (TABLE_ENTRIES * 4) / SECTOR;
export const DESCRIPTOR_SECTORS = 20;
/** What the header says when only the footer knows where the directory is. */
export const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;

export const markerType = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const;

/** Bytes up to the next sector boundary. */
function padding(length: number): number {
  return (SECTOR - (length % SECTOR)) % SECTOR;
}

/**
 * The sparse extent header, which the footer repeats.
 * @param directory sector of the grain directory, or DIRECTORY_AT_END
 * @param overhead sectors before the first grain
 */
export function header(capacitySectors: number, directory: bigint, overhead: number): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.write('KDMV', 0, 'latin1');
  bytes.writeUInt32LE(3, 4);
  // Newline test, compressed grains, markers.
  bytes.writeUInt32LE(0x3_0001, 8);
  bytes.writeBigUInt64LE(BigInt(capacitySectors), 12);
  bytes.writeBigUInt64LE(BigInt(GRAIN_SECTORS), 20);
  bytes.writeBigUInt64LE(1n, 28);
  bytes.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
  bytes.writeUInt32LE(TABLE_ENTRIES, 44);
  bytes.writeBigUInt64LE(0n, 48);
  bytes.writeBigUInt64LE(directory, 56);
  bytes.writeBigUInt64LE(BigInt(overhead), 64);
  bytes.write('\n \r\n', 73, 'latin1');
  bytes.writeUInt16LE(1, 77);
  return bytes;
}

export function descriptor(capacitySectors: number, name: string, adapter: string, contentId: string): Buffer {
  const cylinders = Math.min(65_535, Math.max(1, Math.floor(capacitySectors / (255 * 63))));
  const text = `# Disk DescriptorFile
version=1
CID=${contentId}
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RDONLY ${capacitySectors} SPARSE "${name}"

# The Disk Data Base
#DDB

ddb.adapterType = "${adapter}"
ddb.encoding = "UTF-8"
ddb.geometry.cylinders = "${cylinders}"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.longContentID = "${contentId.repeat(4)}"
ddb.virtualHWVersion = "19"
`;
  const bytes = Buffer.alloc(DESCRIPTOR_SECTORS * SECTOR);
  bytes.write(text, 'utf8');
  return bytes;
}

/** A marker and what follows it belong together: `sectors` is the length of what follows. */
export function marker(sectors: number, type: number): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.writeBigUInt64LE(BigInt(sectors), 0);
  bytes.writeUInt32LE(0, 8);
  bytes.writeUInt32LE(type, 12);
  return bytes;
}

/** Bytes of a grain's record: number, length, zlib stream, padding. */
export function recordLength(deflated: Buffer): number {
  return 12 + deflated.length + padding(12 + deflated.length);
}

/** Writes a grain's record: its first sector on the disk, the length of its zlib stream, the stream, padding. */
export function writeRecord(into: Buffer, at: number, grain: number, deflated: Buffer): void {
  into.writeBigUInt64LE(BigInt(grain) * BigInt(GRAIN_SECTORS), at);
  into.writeUInt32LE(deflated.length, at + 8);
  deflated.copy(into, at + 12);
  into.fill(0, at + 12 + deflated.length, at + recordLength(deflated));
}

/** Sector numbers as 32-bit words, filled up to whole sectors. */
export function table(entries: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(entries.length * 4 + padding(entries.length * 4));
  for (let index = 0; index < entries.length; index += 1) bytes.writeUInt32LE(entries[index]!, index * 4);
  return bytes;
}
