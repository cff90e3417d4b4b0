// The lab's own decoder of stream-optimized VMDK, of both layouts (tables in front; directory and footer at the end).
// Shares no code with Landfall, so that it cannot share its misunderstandings.
import { inflateSync } from 'node:zlib';
import { ByteSource } from './byte-source.ts';
import { GrainTables } from './grain-tables.ts';
import {
  checkDescriptor,
  DiskRefused,
  directoryAtEnd,
  parseHeader,
  refuse,
  type SparseHeader,
  sectorSize,
} from './header.ts';

/** Most sectors in front of the first marker that are kept for checking. */
const mostOverHead = 2 ** 17;

export interface DiskSink {
  /** Called once, before the first grain. Bytes. */
  begin(capacity: number): Promise<void> | void;
  /** Bytes at an offset of the disk; never beyond its capacity. The buffer is the sink's to keep. */
  write(offset: number, bytes: Buffer): Promise<void>;
}

/**
 * Decodes a VMDK stream into the sink, grain by grain, in the order of the file; memory does not grow with the data.
 * Throws DiskRefused, with AWS's words or words of their form, for what VM Import refuses. Bytes after the end marker are not read.
 * `onProgress` gets the bytes of the file consumed so far.
 */
export async function decodeVmdk(
  stream: AsyncIterable<Uint8Array>,
  sink: DiskSink,
  onProgress: (bytesRead: number) => void = () => {},
): Promise<void> {
  const source = new ByteSource(stream);
  const first = await source.take(sectorSize);
  const header = parseHeader(first);
  const tables = new GrainTables(header);
  await sink.begin(header.capacity * sectorSize);
  const directoryInFront = await readFront(source, header, tables, first);
  let footer: SparseHeader | undefined;
  let directory: { sector: number; bytes: Buffer } | undefined;
  for (;;) {
    const sector = source.position / sectorSize;
    const marker = await source.take(sectorSize);
    if (marker.length === 0 && directoryInFront) return checkUnmarkedEnd(tables, directoryInFront);
    if (marker.length < sectorSize) refuse('Unexpected end of file');
    const value = marker.readBigUInt64LE(0);
    const size = marker.readUInt32LE(8);
    if (size > 0) {
      await readGrain(source, header, tables, sink, { lba: Number(value), size, sector, marker });
      onProgress(source.position);
      continue;
    }
    const type = marker.readUInt32LE(12);
    if (type === 0) break;
    if (type > 4 || value > BigInt(mostOverHead)) refuse(`Unknown marker at sector ${sector}`);
    const content = await source.take(Number(value) * sectorSize);
    if (content.length < Number(value) * sectorSize) refuse('Unexpected end of file');
    if (type === 1) tables.table(sector + 1, content);
    if (type === 2) directory = { sector: sector + 1, bytes: content };
    if (type === 3) footer = parseHeader(content);
  }
  onProgress(source.position);
  if (directoryInFront) tables.directory(directoryInFront);
  if (header.directory === directoryAtEnd) checkEnd(header, tables, footer, directory);
}

/** Checks the descriptor; with tables in front it takes them in and answers the directory. */
async function readFront(
  source: ByteSource,
  header: SparseHeader,
  tables: GrainTables,
  first: Buffer,
): Promise<Buffer | undefined> {
  if (header.overHead > mostOverHead) refuse('The VMDK header is damaged');
  const rest = await source.take((header.overHead - 1) * sectorSize);
  if (rest.length < (header.overHead - 1) * sectorSize) refuse('Unexpected end of file');
  const front = Buffer.concat([first, rest]);
  const { descriptorOffset, descriptorSize } = header;
  if (descriptorOffset < 1 || descriptorOffset + descriptorSize > header.overHead) refuse('The VMDK has no descriptor');
  const text = front.toString('utf8', descriptorOffset * sectorSize, (descriptorOffset + descriptorSize) * sectorSize);
  checkDescriptor(text);
  if (header.directory === directoryAtEnd || !tables.checked) return undefined;
  const start = Number(header.directory) * sectorSize;
  const groups = Math.ceil(header.capacity / header.grainSize / header.tableEntries);
  if (start + groups * 4 > front.length) refuse('The grain directory lies outside of the VMDK header');
  const directory = Buffer.from(front.subarray(start, start + groups * 4));
  for (let group = 0; group < groups; group += 1) {
    const sector = directory.readUInt32LE(group * 4);
    const at = sector * sectorSize;
    if (sector === 0) continue;
    if (at + header.tableEntries * 4 > front.length) refuse(`Grain directory entry ${group} names no grain table`);
    tables.table(sector, front.subarray(at, at + header.tableEntries * 4));
  }
  return directory;
}

interface GrainMarker {
  lba: number;
  size: number;
  sector: number;
  marker: Buffer;
}

async function readGrain(
  source: ByteSource,
  header: SparseHeader,
  tables: GrainTables,
  sink: DiskSink,
  { lba, size, sector, marker }: GrainMarker,
): Promise<void> {
  const grainBytes = header.grainSize * sectorSize;
  if (lba % header.grainSize !== 0 || lba >= header.capacity) refuse(`A grain lies outside of the disk (LBA ${lba})`);
  if (size > grainBytes + 1024) refuse(`The grain at LBA ${lba} is too long`);
  const whole = Math.ceil((12 + size) / sectorSize) * sectorSize;
  const rest = await source.take(whole - sectorSize);
  if (rest.length < whole - sectorSize) refuse('Unexpected end of file');
  tables.grain(lba / header.grainSize, sector);
  const packed = rest.length ? Buffer.concat([marker, rest]) : marker;
  const bytes = inflate(packed.subarray(12, 12 + size), grainBytes, lba);
  if (bytes.length !== grainBytes) refuse('Uncompressed data has invalid length');
  const inDisk = Math.min(grainBytes, (header.capacity - lba) * sectorSize);
  await sink.write(lba * sectorSize, bytes.subarray(0, inDisk));
}

function inflate(packed: Buffer, grainBytes: number, lba: number): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: grainBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      refuse('Uncompressed data has invalid length');
    return refuse(`The compressed data of the grain at LBA ${lba} is damaged`);
  }
}

/** qemu-img ends a full disk without an end marker; the tables in front then tell whether a grain is missing. */
function checkUnmarkedEnd(tables: GrainTables, directory: Buffer): void {
  try {
    tables.directory(directory);
  } catch {
    refuse('Unexpected end of file');
  }
}

/** The footer repeats the header and knows where the directory is. */
function checkEnd(
  header: SparseHeader,
  tables: GrainTables,
  footer: SparseHeader | undefined,
  directory: { sector: number; bytes: Buffer } | undefined,
): void {
  if (!footer) refuse('The VMDK ends without a footer');
  const same = (['version', 'flags', 'capacity', 'grainSize', 'descriptorOffset', 'descriptorSize'] as const).every(
    (field) => footer[field] === header[field],
  );
  if (!same || footer.overHead !== header.overHead) throw new DiskRefused('ClientError: Footers not identical');
  if (!directory || footer.directory !== BigInt(directory.sector)) refuse('The footer names no grain directory');
  tables.directory(directory.bytes);
}
