// Counts the blocks that a writer took and says where in the disk the copy stands. A wrapper: a writer again.
// The pump puts it around its writer; whoever needs fewer ticks coalesces them.
import type { DiskWriter, SealedDisk } from './writer.ts';

export interface CopyProgress {
  /** Blocks that the writer has taken; blocks that the reader left out are not counted. */
  readonly blocksDone: number;
  /** Bytes taken from the source so far. */
  readonly bytesRead: number;
  /** Bytes sent to the target so far. */
  readonly bytesSent: number;
  readonly capacityBytes: number;
  /** Position in the disk: with a reader in order, everything before it is done. Never goes back; ends at capacity. */
  readonly offset: number;
}

/** Calls `onProgress` after each block that `writer` took and after its seal. `bytesRead` asks the reader. */
export function withProgress<Sealed extends SealedDisk>(
  writer: DiskWriter<Sealed>,
  bytesRead: () => number,
  onProgress: (progress: CopyProgress) => void,
): DiskWriter<Sealed> {
  const pending = new Set<number>();
  let blocksDone = 0;
  let furthest = 0;
  let offset = 0;

  function report() {
    let done = furthest;
    for (const start of pending) done = Math.min(done, start);
    offset = Math.max(offset, done);
    const { bytesSent, capacityBytes } = writer;
    onProgress({ blocksDone, bytesRead: bytesRead(), bytesSent, capacityBytes, offset });
  }

  return {
    capacityBytes: writer.capacityBytes,
    needsOrder: writer.needsOrder,
    get bytesSent() {
      return writer.bytesSent;
    },
    async write(block, signal) {
      pending.add(block.offset);
      try {
        await writer.write(block, signal);
      } finally {
        pending.delete(block.offset);
      }
      blocksDone += 1;
      furthest = Math.max(furthest, block.offset + block.length);
      report();
    },
    async seal(signal) {
      const sealed = await writer.seal(signal);
      furthest = writer.capacityBytes;
      report();
      return sealed;
    },
    abort: () => writer.abort(),
    ...(writer.checkpoint ? { checkpoint: () => writer.checkpoint?.() ?? null } : {}),
  };
}
