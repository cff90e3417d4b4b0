// What the tests of sources read, list and await, whatever the platform.
import { createHash } from 'node:crypto';
import { DISK_BLOCK_BYTES } from '../disks/block.ts';
import type { DiskReader } from '../disks/reader.ts';
import { FaultError } from '../model/fault.ts';

export const never = new AbortController().signal;

/** How whole disks are read. */
export const WHOLE = { transport: 'auto', seek: false } as const;

/** The fault that a promise rejects with; anything but a FaultError fails the test. */
export async function faultOf(promise: Promise<unknown>): Promise<FaultError['fault']> {
  const error = await promise.then(
    () => new Error('it went through'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof FaultError) return error.fault;
  throw error;
}

/** SHA-256 of every block of a reader, computed here from its bytes, filled up with zeros. */
export async function hashBlocks(reader: DiskReader, signal = never): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for await (const block of reader.blocks(signal)) {
    if (!block.data) continue;
    const padding = new Uint8Array(DISK_BLOCK_BYTES - block.data.length);
    found.set(block.index, createHash('sha256').update(block.data).update(padding).digest('hex'));
  }
  return found;
}

/** Index of every block that a reader yields, the zero ones too, with its SHA-256 or null. */
export async function readBlocks(reader: DiskReader): Promise<Map<number, string | null>> {
  const found = new Map<number, string | null>();
  for await (const { index, data } of reader.blocks(never)) {
    const padded = data && new Uint8Array(DISK_BLOCK_BYTES).fill(0);
    padded?.set(data ?? []);
    found.set(index, padded && createHash('sha256').update(padded).digest('hex'));
  }
  return found;
}

/** All pages of a list. */
export async function everyPage<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(page);
  return found;
}

/** Lets everything else on the event loop have its turn. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
