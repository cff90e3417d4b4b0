// The port through which the bytes of one disk go out, whatever they are written to.
// Targets and formats implement it and run contract.ts; the pump and the wrappers use it.
import type { DiskBlock } from './block.ts';

/** What every sealed disk tells; adapters add where it is. */
export interface SealedDisk {
  readonly capacityBytes: number;
  /** Bytes sent to the target in all. */
  readonly bytesSent: number;
  /** Blocks that hold anything but zeros. */
  readonly blocks: number;
}

/** Where a writer can be taken up again: every block before `nextIndex` is safe at the target. JSON. */
export interface WriterCheckpoint {
  readonly nextIndex: number;
  /** What the adapter needs to go on (an upload's id, its parts); only the adapter reads it. */
  readonly state: unknown;
}

/**
 * Writes one disk, once. A block that was never written holds zeros, or the parent's bytes where there is a parent.
 *
 * - `write` resolves when the writer has taken the block and has room for the next; the bytes may still be on their
 *   way and are safe only when `seal` has resolved (or a checkpoint says so). The writer may keep the bytes until then,
 *   and nobody changes them.
 * - `needsOrder`: one `write` at a time, with ascending index, each index at most once; anything else fails.
 *   Otherwise calls may overlap, come in any order, and an index may be written again with the same bytes, so that a
 *   failed write can be tried again.
 * - A writer that needs order is broken by a failed `write`: all later calls but `abort` fail. One that needs none
 *   stays usable, unless its fault says `never`.
 * - `seal` comes after every write has settled. It is permanent once it resolved: the disk is whole, and nothing can
 *   be written or aborted any more. Called again it gives the same answer. If it rejects, only `abort` is left.
 * - `abort` throws away what was written. May be called at any time and again, also while writes are pending (they
 *   reject); after a successful `seal` it does nothing. It resolves when nothing of ours works any more. Never rejects.
 * - `write` and `seal` obey their signal and fail with its reason.
 */
export interface DiskWriter<Sealed extends SealedDisk = SealedDisk> {
  /** Size of the disk in bytes, a multiple of 512. */
  readonly capacityBytes: number;
  readonly needsOrder: boolean;
  /** Bytes sent to the target so far. Never shrinks. */
  readonly bytesSent: number;
  write(block: DiskBlock, signal: AbortSignal): Promise<void>;
  seal(signal: AbortSignal): Promise<Sealed>;
  abort(): Promise<void>;
  /** Only on writers that can be resumed; null as long as nothing is safe yet. */
  checkpoint?(): WriterCheckpoint | null;
}
