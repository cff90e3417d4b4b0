// A frozen disk as a stream-optimized VMDK, made on the fly with memory that does not grow with the disk.
import { constants, deflate } from 'node:zlib';
import { isZero } from '../disks/content.ts';
import type { LabDisk } from '../disks/disk.ts';
import { GRAIN } from '../disks/grain-map.ts';
import {
  DESCRIPTOR_SECTORS,
  DIRECTORY_AT_END,
  descriptor,
  header,
  marker,
  markerType,
  recordLength,
  SECTOR,
  TABLE_ENTRIES,
  TABLE_SECTORS,
  table,
  writeRecord,
} from './layout.ts';

export interface VmdkSource {
  disk: LabDisk;
  /** The frozen view; undefined reads the live disk. */
  view?: string;
  /** Name of the file, for its descriptor. */
  name: string;
  adapter: string;
  layout: 'tables-in-front' | 'directory-at-end';
}

export interface VmdkPiece {
  bytes: Buffer;
  /** Bytes of the disk that lie behind the stream now: holes count as passed. */
  position: number;
  /** Bytes of the grains in this piece. */
  populated: number;
}

/** Grains read, tested and compressed together. */
const BATCH = 16;
/** A grain of noise grows by this little; one piece of output is enough for each grain. */
const DEFLATED_AT_MOST = GRAIN + 128;

interface CompressedGrain {
  grain: number;
  deflated: Buffer;
}

/** The whole file, in order. */
export function streamVmdk(source: VmdkSource): AsyncGenerator<VmdkPiece> {
  return source.layout === 'tables-in-front' ? tablesInFront(source) : directoryAtEnd(source);
}

async function* directoryAtEnd(source: VmdkSource): AsyncGenerator<VmdkPiece> {
  const capacitySectors = source.disk.capacity / SECTOR;
  const overhead = 128;
  const front = Buffer.alloc(overhead * SECTOR);
  header(capacitySectors, DIRECTORY_AT_END, overhead).copy(front, 0);
  descriptor(capacitySectors, source.name, source.adapter, contentId(source)).copy(front, SECTOR);
  yield { bytes: front, position: 0, populated: 0 };

  let sector = overhead;
  const directory = new Uint32Array(Math.ceil(source.disk.grains / TABLE_ENTRIES));
  let open = -1;
  let entries = new Uint32Array(TABLE_ENTRIES);
  const closeTable = () => {
    if (open < 0) return Buffer.alloc(0);
    directory[open] = sector + 1;
    const bytes = Buffer.concat([marker(TABLE_SECTORS, markerType.grainTable), table(entries)]);
    sector += bytes.length / SECTOR;
    entries = new Uint32Array(TABLE_ENTRIES);
    return bytes;
  };
  for await (const batch of compressedBatches(source)) {
    const pieces: Buffer[] = [];
    const pending: CompressedGrain[] = [];
    for (const { grain, deflated } of batch.grains) {
      const covering = Math.floor(grain / TABLE_ENTRIES);
      if (covering !== open) {
        pieces.push(recordsOf(pending.splice(0)), closeTable());
        open = covering;
      }
      entries[grain % TABLE_ENTRIES] = sector;
      sector += recordLength(deflated) / SECTOR;
      pending.push({ grain, deflated });
    }
    pieces.push(recordsOf(pending));
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    yield { bytes, position: batch.position, populated: batch.grains.length * GRAIN };
  }
  const lastTable = closeTable();
  const directoryBytes = table(directory);
  const directoryMarker = marker(directoryBytes.length / SECTOR, markerType.grainDirectory);
  const directorySector = sector + 1;
  const footer = header(capacitySectors, BigInt(directorySector), overhead);
  const end = [
    lastTable,
    directoryMarker,
    directoryBytes,
    marker(1, markerType.footer),
    footer,
    marker(0, markerType.endOfStream),
  ];
  yield { bytes: Buffer.concat(end), position: source.disk.capacity, populated: 0 };
}

/**
 * The tables say where each grain will lie, so all grains are compressed once only to learn their lengths; the frozen
 * bytes do not change in between.
 */
async function* tablesInFront(source: VmdkSource): AsyncGenerator<VmdkPiece> {
  const capacitySectors = source.disk.capacity / SECTOR;
  const tables = Math.ceil(source.disk.grains / TABLE_ENTRIES);
  const directorySector = 1 + DESCRIPTOR_SECTORS;
  const firstTable = directorySector + Math.ceil((tables * 4) / SECTOR);
  const overhead = Math.ceil((firstTable + tables * TABLE_SECTORS) / 128) * 128;
  const entries = new Uint32Array(tables * TABLE_ENTRIES);
  let sector = overhead;
  for await (const batch of compressedBatches(source)) {
    for (const { grain, deflated } of batch.grains) {
      entries[grain] = sector;
      sector += recordLength(deflated) / SECTOR;
    }
  }
  const front = Buffer.alloc(overhead * SECTOR);
  header(capacitySectors, BigInt(directorySector), overhead).copy(front, 0);
  descriptor(capacitySectors, source.name, source.adapter, contentId(source)).copy(front, SECTOR);
  table(Array.from({ length: tables }, (_, index) => firstTable + index * TABLE_SECTORS)).copy(
    front,
    directorySector * SECTOR,
  );
  table(entries).copy(front, firstTable * SECTOR);
  yield { bytes: front, position: 0, populated: 0 };
  for await (const batch of compressedBatches(source)) {
    yield { bytes: recordsOf(batch.grains), position: batch.position, populated: batch.grains.length * GRAIN };
  }
  yield { bytes: marker(0, markerType.endOfStream), position: source.disk.capacity, populated: 0 };
}

function recordsOf(grains: CompressedGrain[]): Buffer {
  const bytes = Buffer.allocUnsafe(grains.reduce((sum, { deflated }) => sum + recordLength(deflated), 0));
  let at = 0;
  for (const { grain, deflated } of grains) {
    writeRecord(bytes, at, grain, deflated);
    at += recordLength(deflated);
  }
  return bytes;
}

/** Grains that hold something, ascending; the next batch is worked on while the one before is being sent. */
async function* compressedBatches(source: VmdkSource): AsyncGenerator<{ grains: CompressedGrain[]; position: number }> {
  let next = source.disk.nextAllocated(source.view, 0);
  // Two buffers take turns: a batch's bytes are done with when it is compressed.
  const buffers = [Buffer.alloc(BATCH * GRAIN), Buffer.alloc(BATCH * GRAIN)] as const;
  let turn = 0;
  const begin = () => {
    if (next < 0) return undefined;
    const first = next;
    next = source.disk.nextAllocated(source.view, first + BATCH);
    turn += 1;
    const work = compressBatch(source, first, buffers[turn % 2]!);
    // A failure shows when the batch's turn comes; until then nobody listens.
    work.catch(() => undefined);
    return work;
  };
  const inWork = [begin(), begin()];
  try {
    for (;;) {
      const batch = await inWork.shift();
      if (!batch) return;
      inWork.push(begin());
      yield batch;
    }
  } finally {
    await Promise.allSettled(inWork);
  }
}

async function compressBatch(
  source: VmdkSource,
  first: number,
  buffer: Buffer,
): Promise<{ grains: CompressedGrain[]; position: number }> {
  const bytes = await source.disk.read(source.view, first * GRAIN, BATCH * GRAIN, buffer);
  const work: Promise<CompressedGrain>[] = [];
  for (let index = 0; index < BATCH; index += 1) {
    const grain = bytes.subarray(index * GRAIN, (index + 1) * GRAIN);
    if (!isZero(grain)) work.push(compress(grain).then((deflated) => ({ grain: first + index, deflated })));
  }
  const position = Math.min(source.disk.capacity, (first + BATCH) * GRAIN);
  return { grains: await Promise.all(work), position };
}

/** Noise is stored rather than compressed: deflate would only take time and make it longer. */
function compress(grain: Buffer): Promise<Buffer> {
  const level = looksLikeNoise(grain) ? constants.Z_NO_COMPRESSION : constants.Z_BEST_SPEED;
  return new Promise((resolve, reject) => {
    deflate(grain, { level, chunkSize: DEFLATED_AT_MOST }, (error, deflated) =>
      error ? reject(error) : resolve(deflated),
    );
  });
}

/** Of 1024 bytes taken from all over a random grain about 251 of the 256 values occur. */
function looksLikeNoise(grain: Buffer): boolean {
  const seen = new Uint8Array(256);
  let different = 0;
  for (let index = 0; index < GRAIN; index += 61) {
    const value = grain[index]!;
    if (seen[value] === 0) {
      seen[value] = 1;
      different += 1;
    }
  }
  return different > 240;
}

function contentId(source: VmdkSource): string {
  let mixed = 0x811c9dc5;
  for (const character of source.view ?? source.name)
    mixed = Math.imul(mixed ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return (mixed % 0xffff_fffe).toString(16).padStart(8, '0');
}
