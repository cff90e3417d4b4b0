// A disk that is read once, from a stream of bytes: opened, told to stop, and let go of in the same way in every format.
// The formats that are read as a stream import it.
import { FaultError, faultError, isAbort } from '../../model/fault.ts';
import type { DiskBlock } from '../block.ts';
import type { DiskReader } from '../reader.ts';
import { ByteFeed, type ByteSource, FeedBroke, FeedEnded } from './byte-feed.ts';

/** The fault of a source that ended, or broke, after so many bytes and before its end. */
export type CutFault = (how: 'ended' | 'broke', bytesRead: number, cause: unknown) => FaultError;

/** Reads the head of a stream. Where that fails, or the signal comes meanwhile, the source is let go of. */
export async function openStreamedDisk<Reader>(
  source: ByteSource,
  signal: AbortSignal | undefined,
  cut: CutFault,
  readHead: (feed: ByteFeed) => Promise<Reader>,
): Promise<Reader> {
  const feed = new ByteFeed(source);
  const onAbort = () => feed.stop(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    return await readHead(feed);
  } catch (error) {
    const failure = signal?.aborted ? signal.reason : asFault(error, feed, cut);
    feed.stop(failure);
    throw failure;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * The rest of the stream as a DiskReader: a format says by `readBlocks` how its blocks follow one another. The source is let
 * go of at the end of the iteration, however it ends, and by `close`; what became of it is told by `cut`.
 */
export abstract class StreamedDisk implements DiskReader {
  readonly capacityBytes: number;
  abstract readonly ordered: boolean;
  abstract readonly skipsZeros: boolean;
  protected readonly feed: ByteFeed;
  readonly #cut: CutFault;
  #used = false;
  #closed = false;

  constructor(feed: ByteFeed, capacityBytes: number, cut: CutFault) {
    this.feed = feed;
    this.capacityBytes = capacityBytes;
    this.#cut = cut;
  }

  get bytesRead(): number {
    return this.feed.bytesRead;
  }

  blocks(signal: AbortSignal): AsyncIterable<DiskBlock> {
    if (this.#used) throw faultError('internal', { message: 'A stream can be read once only.' });
    this.#used = true;
    return this.#read(signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.feed.stop(closedFault());
  }

  /** The blocks. `check` throws where the reading must stop; it is asked after every wait that is not for the feed. */
  protected abstract readBlocks(check: () => void): AsyncGenerator<DiskBlock>;

  async *#read(signal: AbortSignal): AsyncGenerator<DiskBlock> {
    const onAbort = () => this.feed.stop(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const check = () => {
      signal.throwIfAborted();
      if (this.#closed) throw closedFault();
    };
    try {
      check();
      yield* this.readBlocks(check);
      check();
    } catch (error) {
      throw signal.aborted ? signal.reason : asFault(error, this.feed, this.#cut);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.feed.stop(closedFault());
    }
  }
}

function closedFault(): FaultError {
  return faultError('internal', { message: 'The disk was closed while it was read.' });
}

/** What became of the source is a fault of the source; anything else goes through as it is. */
function asFault(error: unknown, feed: ByteFeed, cut: CutFault): unknown {
  if (error instanceof FeedEnded) return cut('ended', feed.bytesRead, error);
  if (!(error instanceof FeedBroke)) return error;
  const { cause } = error;
  return cause instanceof FaultError || isAbort(cause) ? cause : cut('broke', feed.bytesRead, cause);
}
