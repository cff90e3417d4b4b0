// Writes a digest set: the candidate of one run, on top of the baseline's set or of nothing. Nothing that the baseline
// is made of is ever touched: a changed chunk becomes an object under the candidate's own prefix.
// changed-blocks.ts fills it; whoever may import replication/disks may import it.
import { faultError } from '../../model/fault.ts';
import { blockCount, checkCapacity, ZERO_BLOCK_DIGEST } from '../block.ts';
import { chunkOf, DIGEST_BYTES, DigestChunk, sha256Hex } from './chunk.ts';
import type { DigestSet } from './digest-set.ts';
import { type ChunkRecord, chunkKey, encodeManifest, manifestKey } from './manifest.ts';
import { DigestDoubt, type DigestStore, getVerified } from './store.ts';

export interface DigestWriterOptions {
  store: DigestStore;
  /** Where this candidate's objects go; ends on a slash, and belongs to one (run, disk, fence). */
  prefix: string;
  capacityBytes: number;
  /** The set that holds for every block that is not set; null: such a block is zeros. */
  base: DigestSet | null;
  /** Chunks held in memory, 33 KiB each; a chunk that gives way is stored and read again when it is needed. Default 64. */
  openChunks?: number;
}

export interface SealedDigests {
  readonly capacityBytes: number;
  readonly manifestKey: string;
  /** SHA-256 of the manifest, in hex: what Postgres keeps. */
  readonly root: string;
  /** Chunks that the manifest names, the base's among them. */
  readonly chunkObjects: number;
  /** Blocks that are not zeros. */
  readonly entries: number;
  /** Bytes stored in all, the manifest's among them. */
  readonly bytesWritten: number;
  /** Bytes taken from the store, those that reading the base took among them. */
  readonly bytesRead: number;
  /** Objects that were stored on the way and are not part of the set. Almost always none. */
  readonly unusedKeys: readonly string[];
}

/** Chunks that are stored at once when the set is sealed. */
const PUTS_AT_ONCE = 8;

interface OpenChunk {
  readonly chunk: DigestChunk;
  changed: boolean;
}

/**
 * Begins a candidate. Fails with a DigestDoubt (`shrunk`) where the disk is smaller than the base's, and refuses a prefix
 * that the base has objects under.
 */
export function createDigestWriter(options: DigestWriterOptions): DigestWriter {
  const { capacityBytes, base, prefix } = options;
  checkCapacity(capacityBytes);
  if (base && base.capacityBytes > capacityBytes) {
    const message = `The disk has ${capacityBytes} bytes; at the last copy it had ${base.capacityBytes}.`;
    throw new DigestDoubt('shrunk', null, message);
  }
  if (!prefix.endsWith('/')) {
    throw faultError('internal', { message: `The prefix "${prefix}" of a digest set does not end on a slash.` });
  }
  const taken = base?.manifestKey === manifestKey(prefix) || base?.chunks.some((row) => row.prefix === prefix);
  if (taken) throw faultError('internal', { message: `The baseline has objects under the prefix "${prefix}".` });
  return new DigestWriter(options);
}

/** Made by `createDigestWriter`. Calls may overlap. A failed call breaks the writer: what it was to hold is not whole any more. */
export class DigestWriter {
  readonly capacityBytes: number;
  readonly base: DigestSet | null;
  readonly #store: DigestStore;
  readonly #prefix: string;
  readonly #limit: number;
  /** Least recently used first. */
  readonly #open = new Map<number, OpenChunk>();
  /** What became of chunks that are not as the base has them; null: all zeros now. */
  readonly #rows = new Map<number, ChunkRecord | null>();
  readonly #stored = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  #bytesWritten = 0;
  #bytesReadAgain = 0;
  #failure: { error: unknown } | null = null;
  #sealing = false;
  #sealed: SealedDigests | null = null;

  constructor(options: DigestWriterOptions) {
    this.capacityBytes = options.capacityBytes;
    this.base = options.base;
    this.#store = options.store;
    this.#prefix = options.prefix;
    this.#limit = Math.max(1, options.openChunks ?? 64);
  }

  /** Keys of the objects stored so far; all that there is to delete of a candidate that is given up. */
  get storedKeys(): string[] {
    return [...this.#stored];
  }

  /** Says what a block holds: its SHA-256, or null (or the digest of zeros) for zeros. A later word replaces an earlier. */
  async set(index: number, digest: Uint8Array | null, signal: AbortSignal): Promise<void> {
    this.#checkOpen(signal);
    if (!Number.isSafeInteger(index) || index < 0 || index >= blockCount(this.capacityBytes)) {
      throw faultError('internal', { message: `Block ${index} is not on a disk of ${this.capacityBytes} bytes.` });
    }
    if (digest && digest.length !== DIGEST_BYTES) {
      throw faultError('internal', { message: `A digest of ${digest.length} bytes was given for block ${index}.` });
    }
    const value = digest && Buffer.compare(digest, ZERO_BLOCK_DIGEST) !== 0 ? digest : null;
    const number = chunkOf(index);
    // Whoever finds the chunk open changes it at once; between a chunk's opening and its change nobody else has a turn.
    const change = (open: OpenChunk) => {
      if (open.chunk.set(index, value)) open.changed = true;
    };
    const open = this.#open.get(number);
    if (open) {
      this.#open.delete(number);
      this.#open.set(number, open);
      return change(open);
    }
    await this.#inTurn(async () => {
      this.#checkOpen(signal);
      change(this.#open.get(number) ?? (await this.#openChunk(number, signal)));
    }, signal);
  }

  /** Stores what is left, and the manifest last. After it nothing can be set; called again it gives the same answer. */
  async seal(signal: AbortSignal): Promise<SealedDigests> {
    if (this.#sealed) return this.#sealed;
    this.#checkOpen(signal);
    this.#sealing = true;
    await this.#inTurn(async () => {
      this.#throwFailure();
      try {
        await this.#storeAll(signal);
        this.#sealed = await this.#storeManifest(signal);
      } catch (error) {
        this.#failure = { error };
        throw error;
      }
    }, signal);
    return this.#sealed!;
  }

  async #openChunk(number: number, signal: AbortSignal): Promise<OpenChunk> {
    while (this.#open.size >= this.#limit) {
      const [oldest, leaving] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      await this.#storeChunk(leaving, signal);
    }
    const open = { chunk: await this.#loadChunk(number, signal), changed: false };
    this.#open.set(number, open);
    return open;
  }

  async #loadChunk(number: number, signal: AbortSignal): Promise<DigestChunk> {
    const row = this.#rows.get(number);
    if (row === null) return new DigestChunk(number);
    if (row === undefined) return new DigestChunk(number, (await this.base?.chunkAt(number, signal)) ?? undefined);
    const key = chunkKey(row.prefix, number);
    const bytes = await getVerified(this.#store, key, row.sha256, sha256Hex, signal);
    this.#bytesReadAgain += bytes.length;
    const chunk = DigestChunk.decode(number, bytes, blockCount(this.capacityBytes));
    if (!chunk) throw faultError('internal', { message: `The digests at ${key} cannot be read again.` });
    return chunk;
  }

  async #storeChunk({ chunk, changed }: OpenChunk, signal: AbortSignal): Promise<void> {
    if (!changed) return;
    const { number, count } = chunk;
    if (count === 0) {
      this.#rows.set(number, null);
      return;
    }
    const bytes = chunk.encode();
    const row = { number, prefix: this.#prefix, entries: count, sha256: sha256Hex(bytes) };
    if (row.sha256 === this.base?.rowOf(number)?.sha256) {
      // It was changed and changed back.
      this.#rows.delete(number);
      return;
    }
    await this.#put(chunkKey(this.#prefix, number), bytes, signal);
    this.#rows.set(number, row);
  }

  async #storeAll(signal: AbortSignal): Promise<void> {
    const waiting = this.#open.values();
    const one = async () => {
      for (const open of waiting) await this.#storeChunk(open, signal);
    };
    const outcomes = await Promise.allSettled(Array.from({ length: PUTS_AT_ONCE }, one));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    this.#open.clear();
  }

  async #storeManifest(signal: AbortSignal): Promise<SealedDigests> {
    const rows = new Map(this.base?.chunks.map((row) => [row.number, row]));
    for (const [number, row] of this.#rows) {
      if (row) rows.set(number, row);
      else rows.delete(number);
    }
    const chunks = [...rows.values()].sort((left, right) => left.number - right.number);
    const bytes = encodeManifest({ capacityBytes: this.capacityBytes, chunks });
    const key = manifestKey(this.#prefix);
    await this.#put(key, bytes, signal);
    const used = new Set([key, ...chunks.map(({ prefix, number }) => chunkKey(prefix, number))]);
    return {
      capacityBytes: this.capacityBytes,
      manifestKey: key,
      root: sha256Hex(bytes),
      chunkObjects: chunks.length,
      entries: chunks.reduce((sum, row) => sum + row.entries, 0),
      bytesWritten: this.#bytesWritten,
      bytesRead: (this.base?.bytesRead ?? 0) + this.#bytesReadAgain,
      unusedKeys: this.storedKeys.filter((stored) => !used.has(stored)),
    };
  }

  async #put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#stored.add(key);
    await this.#store.put(key, bytes, signal);
    this.#bytesWritten += bytes.length;
  }

  /** One after the other: what opens, stores or seals. */
  async #inTurn(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const turn = this.#turn.then(work).catch((error) => {
      this.#failure ??= { error };
      throw signal.aborted ? signal.reason : error;
    });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  #checkOpen(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#throwFailure();
    if (this.#sealing) throw faultError('internal', { message: 'The digest set is sealed; it takes no more blocks.' });
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
