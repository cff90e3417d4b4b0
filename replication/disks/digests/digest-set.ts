// Reads a digest set: what every block of one disk held at one run. Each object is checked against its SHA-256.
// changed-blocks.ts compares with it, the writer builds on it, verification samples it. Whoever may import
// replication/disks may import it.
import { blockCount, DISK_BLOCK_BYTES } from '../block.ts';
import { BLOCKS_PER_CHUNK, chunkOf, DigestChunk, type DigestEntry, sha256Hex } from './chunk.ts';
import { type ChunkRecord, chunkKey, decodeManifest, type Manifest } from './manifest.ts';
import { sampleOrdinals } from './sample.ts';
import { DigestDoubt, type DigestStore, getVerified } from './store.ts';

export type { DigestEntry } from './chunk.ts';

/** Bytes of the disk whose digests lie in one object. */
export const DIGEST_CHUNK_BYTES = BLOCKS_PER_CHUNK * DISK_BLOCK_BYTES;

export interface OpenDigestSetOptions {
  store: DigestStore;
  manifestKey: string;
  /** SHA-256 of the manifest, in hex, as the writer's seal gave it. */
  root: string;
  signal: AbortSignal;
  /** Chunks kept in memory, 33 KiB each. Default 64. */
  cachedChunks?: number;
}

/** Reads the manifest. Fails with a DigestDoubt where it is missing, altered or unreadable. */
export async function openDigestSet(options: OpenDigestSetOptions): Promise<DigestSet> {
  const { store, manifestKey, root, signal } = options;
  const bytes = await getVerified(store, manifestKey, root, sha256Hex, signal);
  const manifest = decodeManifest(bytes);
  if (!manifest) {
    throw new DigestDoubt('unreadable', manifestKey, `The digests of the last copy cannot be read (${manifestKey}).`);
  }
  return new DigestSet(options, manifest, bytes.length);
}

/** Made by `openDigestSet`. In memory: the manifest's rows and a few chunks, whatever the size of the disk. */
export class DigestSet {
  readonly capacityBytes: number;
  readonly manifestKey: string;
  readonly root: string;
  /** Blocks that are not zeros. */
  readonly entryCount: number;
  readonly #store: DigestStore;
  readonly #manifest: Manifest;
  readonly #cachedChunks: number;
  /** Least recently used first. */
  readonly #cache = new Map<number, DigestChunk>();
  readonly #loading = new Map<number, Promise<DigestChunk>>();
  #bytesRead: number;

  constructor(options: OpenDigestSetOptions, manifest: Manifest, manifestBytes: number) {
    this.#store = options.store;
    this.manifestKey = options.manifestKey;
    this.root = options.root;
    this.#cachedChunks = Math.max(2, options.cachedChunks ?? 64);
    this.#manifest = manifest;
    this.capacityBytes = manifest.capacityBytes;
    this.entryCount = manifest.chunks.reduce((sum, chunk) => sum + chunk.entries, 0);
    this.#bytesRead = manifestBytes;
  }

  /** Bytes taken from the store so far, the manifest's among them. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The rows of the manifest, ascending. */
  get chunks(): readonly ChunkRecord[] {
    return this.#manifest.chunks;
  }

  /** The digest of a block; null for zeros, and behind the end of the disk. */
  async digestAt(index: number, signal: AbortSignal): Promise<Uint8Array | null> {
    return (await this.chunkAt(chunkOf(index), signal))?.get(index) ?? null;
  }

  /** The entries from block `from` up to, and without, block `to`, ascending. Reads only the chunks of that range. */
  async *entries(from: number, to: number, signal: AbortSignal): AsyncGenerator<DigestEntry> {
    const { chunks } = this.#manifest;
    for (let at = this.#rowFrom(chunkOf(from)); at < chunks.length; at += 1) {
      const { number } = chunks[at]!;
      if (number * BLOCKS_PER_CHUNK >= to) return;
      yield* (await this.chunkAt(number, signal))!.entries(from, to);
    }
  }

  /**
   * Picks `count` different entries (all, where there are no more), each as likely as any other and the same for the
   * same seed, ascending. Reads only the chunks that hold them.
   */
  async *sample(count: number, seed: number, signal: AbortSignal): AsyncGenerator<DigestEntry> {
    const ordinals = sampleOrdinals(this.entryCount, count, seed);
    let before = 0;
    let next = 0;
    for (const { number, entries } of this.#manifest.chunks) {
      if (next === ordinals.length) return;
      if (ordinals[next]! < before + entries) {
        let ordinal = before;
        for (const entry of (await this.chunkAt(number, signal))!.entries()) {
          if (ordinal === ordinals[next]) {
            next += 1;
            yield entry;
          }
          ordinal += 1;
        }
      }
      before += entries;
    }
  }

  /** Begins to read the chunk of a block that will be asked for soon; what goes wrong is told then. */
  warm(index: number, signal: AbortSignal): void {
    if (!this.#cache.has(chunkOf(index))) this.chunkAt(chunkOf(index), signal).catch(() => undefined);
  }

  /** The row of a chunk, null where all its blocks are zeros. */
  rowOf(number: number): ChunkRecord | null {
    const row = this.#manifest.chunks[this.#rowFrom(number)];
    return row?.number === number ? row : null;
  }

  /** A chunk that nobody changes, null where all its blocks are zeros. */
  async chunkAt(number: number, signal: AbortSignal): Promise<DigestChunk | null> {
    signal.throwIfAborted();
    const cached = this.#cache.get(number);
    if (cached) {
      this.#cache.delete(number);
      this.#cache.set(number, cached);
      return cached;
    }
    const row = this.rowOf(number);
    if (!row) return null;
    let loading = this.#loading.get(number);
    if (!loading) {
      loading = this.#load(row, signal).finally(() => this.#loading.delete(number));
      this.#loading.set(number, loading);
    }
    return loading;
  }

  async #load(row: ChunkRecord, signal: AbortSignal): Promise<DigestChunk> {
    const key = chunkKey(row.prefix, row.number);
    const bytes = await getVerified(this.#store, key, row.sha256, sha256Hex, signal);
    this.#bytesRead += bytes.length;
    const chunk = DigestChunk.decode(row.number, bytes, blockCount(this.capacityBytes));
    if (chunk?.count !== row.entries) {
      throw new DigestDoubt('unreadable', key, `The digests of the last copy cannot be read (${key}).`);
    }
    this.#cache.set(row.number, chunk);
    if (this.#cache.size > this.#cachedChunks) this.#cache.delete(this.#cache.keys().next().value!);
    return chunk;
  }

  /** The position of the first row whose number is `number` or higher. */
  #rowFrom(number: number): number {
    const { chunks } = this.#manifest;
    let low = 0;
    for (let high = chunks.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (chunks[middle]!.number >= number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The keys of all objects that `old` is made of and `current` (nothing, if null) is not, its manifest among them. */
export function keysOnlyIn(old: DigestSet, current: DigestSet | null): string[] {
  const kept = new Set(current ? keysOf(current) : []);
  return [...keysOf(old)].filter((key) => !kept.has(key));
}

function* keysOf(set: DigestSet): Generator<string> {
  yield set.manifestKey;
  for (const { prefix, number } of set.chunks) yield chunkKey(prefix, number);
}
