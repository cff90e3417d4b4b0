// Copies one disk from a reader to a writer: bounded, parallel where the writer allows it, and stopped as one.
// Steps of the connector call it; it knows no format, no platform and no target.
import { faultError } from '../model/fault.ts';
import type { DiskBlock } from './block.ts';
import type { DiskReader } from './reader.ts';
import { type CopyProgress, withProgress } from './with-progress.ts';
import type { DiskWriter, SealedDisk } from './writer.ts';

export type { CopyProgress } from './with-progress.ts';

export interface PumpOptions {
  signal: AbortSignal;
  /** Writes under way at once on a writer that needs no order; such a writer holds so many blocks. Default 4. */
  concurrency?: number;
  /** Called after each block taken and after the seal, on the copy's own path: be quick, coalesce. */
  onProgress?: (progress: CopyProgress) => void;
  /** Asked when all blocks are written and before the seal, the step of no return; if it throws, nothing is sealed. */
  beforeSeal?: (signal: AbortSignal) => Promise<void>;
}

export interface PumpResult<Sealed extends SealedDisk> {
  readonly sealed: Sealed;
  readonly blocksDone: number;
  readonly bytesRead: number;
}

/**
 * Reads every block, writes it, seals the writer and closes the reader.
 *
 * In memory at most: what reader and writer hold by themselves, and `concurrency` + 1 blocks (2 in order).
 * On any failure (reader, writer, `beforeSeal`, the signal) both sides are stopped, the reader is closed, the writer
 * is aborted, everything under way is waited for, and the first error is thrown.
 */
export async function pump<Sealed extends SealedDisk>(
  reader: DiskReader,
  target: DiskWriter<Sealed>,
  options: PumpOptions,
): Promise<PumpResult<Sealed>> {
  const stop = new AbortController();
  const onAbort = () => stop.abort(options.signal.reason);
  if (options.signal.aborted) onAbort();
  else options.signal.addEventListener('abort', onAbort, { once: true });

  let blocksDone = 0;
  const writer = withProgress(
    target,
    () => reader.bytesRead,
    (progress) => {
      blocksDone = progress.blocksDone;
      options.onProgress?.(progress);
    },
  );
  const writing = new Set<Promise<void>>();
  try {
    stop.signal.throwIfAborted();
    checkPair(reader, writer);
    await copyBlocks(reader, writer, writing, options.concurrency ?? 4, stop);
    stop.signal.throwIfAborted();
    await options.beforeSeal?.(stop.signal);
    stop.signal.throwIfAborted();
    const sealed = await writer.seal(stop.signal);
    return { sealed, blocksDone, bytesRead: reader.bytesRead };
  } catch (error) {
    // A failed write stops the reader too; the reader's complaint about that must not hide the write's own error.
    const first = stop.signal.aborted ? stop.signal.reason : error;
    stop.abort(first);
    await Promise.all([writer.abort(), reader.close()]);
    throw first;
  } finally {
    options.signal.removeEventListener('abort', onAbort);
    await Promise.allSettled(writing);
    await reader.close();
  }
}

function checkPair(reader: DiskReader, writer: DiskWriter) {
  if (reader.capacityBytes !== writer.capacityBytes) {
    const message = `The disk has ${reader.capacityBytes} bytes, its copy was prepared for ${writer.capacityBytes}.`;
    throw faultError('internal', { message });
  }
  if (writer.needsOrder && !reader.ordered) {
    throw faultError('internal', { message: 'The disk is read out of order, but its copy must be written in order.' });
  }
}

async function copyBlocks(
  reader: DiskReader,
  writer: DiskWriter,
  writing: Set<Promise<void>>,
  concurrency: number,
  stop: AbortController,
): Promise<void> {
  const limit = writer.needsOrder ? 1 : Math.max(1, concurrency);
  const blocks = reader.blocks(stop.signal)[Symbol.asyncIterator]();

  const start = (block: DiskBlock) => {
    const write = writer
      .write(block, stop.signal)
      .catch((error) => stop.abort(error))
      .finally(() => writing.delete(write));
    writing.add(write);
  };

  try {
    // The next block is asked for before the writers are waited for, so that reading and writing overlap.
    for (let next = await blocks.next(); !next.done; next = await blocks.next()) {
      while (writing.size >= limit) await Promise.race(writing);
      stop.signal.throwIfAborted();
      start(next.value);
    }
    await Promise.all(writing);
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    if (stop.signal.aborted) await blocks.return?.().catch(() => undefined);
  }
}
