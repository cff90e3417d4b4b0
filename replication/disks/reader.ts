// The port through which the bytes of one frozen disk come in, whatever they are read from.
// Sources and formats implement it and run contract.ts; the pump and the wrappers use it.
import type { DiskBlock } from './block.ts';

/**
 * Reads one disk, once.
 *
 * - `blocks()` is called at most once; a second call fails. A reader that cannot be read twice is the rule.
 * - Each block is yielded at most once. Its bytes belong to whoever takes it: the reader never touches them again.
 * - The iteration ends without an error only when everything was read. It fails with the signal's reason when the
 *   signal is aborted, also while it waits for its source, and with a FaultError for everything else. After a failure
 *   only `close()` is of use.
 * - Leaving the loop early (`break`, `return()`) releases the source, like `close()`.
 * - It reads ahead by a bounded number of blocks only, and only while somebody asks for blocks.
 */
export interface DiskReader {
  /** Size of the disk in bytes, a multiple of 512. */
  readonly capacityBytes: number;
  /** Blocks come with ascending index. */
  readonly ordered: boolean;
  /**
   * True: the reader covers the whole disk, and every block that it leaves out is zeros.
   * False: it yields every block that it covers, zero ones too (with data null); a block that is left out is not
   * covered. For a full copy that is none; for a delta it is every block that did not change.
   */
  readonly skipsZeros: boolean;
  /** Bytes taken from the source so far, as they came over the wire or from the file. Never shrinks. */
  readonly bytesRead: number;
  blocks(signal: AbortSignal): AsyncIterable<DiskBlock>;
  /** Releases the source. May be called at any time and again; ends an iteration under way. Never rejects. */
  close(): Promise<void>;
}

/** A frozen disk that can be read at any place: for sources that let us. `openSeekReader` makes a DiskReader of it. */
export interface SeekableDisk {
  /** Size of the disk in bytes, a multiple of 512. */
  readonly capacityBytes: number;
  /**
   * Exactly `length` bytes from byte `offset` on; they belong to the caller. Calls may overlap. Fails with the signal's
   * reason or a FaultError, and may then be called again. One try: whoever wants more wraps the disk by `withReadRetry`.
   */
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Releases the source; reads under way fail. May be called at any time and again. Never rejects. */
  close(): Promise<void>;
}
