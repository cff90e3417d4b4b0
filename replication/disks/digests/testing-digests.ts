// Sets of pretend digests, and what their tests ask of them.
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { DISK_BLOCK_BYTES } from '../block.ts';
import { type DigestEntry, type DigestSet, openDigestSet } from './digest-set.ts';
import { createDigestWriter, type SealedDigests } from './digest-writer.ts';
import { DigestDoubt } from './store.ts';
import { createMemoryStore, type MemoryDigestStore } from './testing-memory-store.ts';

export const never = new AbortController().signal;
export const GiB = 1024 ** 3;
export const TiB = 1024 ** 4;
export const CHUNK = 1024;

/** The digest of pretend content; null for content 0, which is zeros. */
export function digestOf(content: number): Uint8Array | null {
  return content === 0 ? null : createHash('sha256').update(String(content)).digest();
}

export const hex = (digest: Uint8Array | null | undefined) => (digest ? Buffer.from(digest).toString('hex') : null);

export async function all(entries: AsyncIterable<DigestEntry>): Promise<[number, string | null][]> {
  const list: [number, string | null][] = [];
  for await (const { index, digest } of entries) list.push([index, hex(digest)]);
  return list;
}

export function open(store: MemoryDigestStore, sealed: SealedDigests, cachedChunks?: number): Promise<DigestSet> {
  return openDigestSet({ store, manifestKey: sealed.manifestKey, root: sealed.root, signal: never, cachedChunks });
}

export interface Seed {
  store?: MemoryDigestStore;
  prefix?: string;
  capacityBytes: number;
  base?: DigestSet | null;
  openChunks?: number;
  /** Block index and content. */
  blocks: Iterable<readonly [number, number]>;
}

export async function write({
  store = createMemoryStore(),
  prefix = 'run-1/disk-1/1/',
  base = null,
  blocks,
  ...rest
}: Seed) {
  const writer = createDigestWriter({ store, prefix, base, ...rest });
  for (const [index, content] of blocks) await writer.set(index, digestOf(content), never);
  const sealed = await writer.seal(never);
  return { store, writer, sealed, set: await open(store, sealed) };
}

export function* everyBlock(bytes: number, content = 1): Generator<[number, number]> {
  for (let index = 0; index < bytes / DISK_BLOCK_BYTES; index += 1) yield [index, content + index];
}

export function expectDoubt(reason: string) {
  return (error: unknown) => {
    expect(error).toBeInstanceOf(DigestDoubt);
    expect((error as DigestDoubt).reason).toBe(reason);
  };
}
