// Takes bytes in the lengths that a parser wants from a source that gives them in any lengths.
// The formats that are read as a stream import it.

/** Where the bytes come from: a stream of Node's, a response's body, a generator. It does not use a chunk again. */
export type ByteSource = AsyncIterable<Uint8Array> & {
  destroy?: () => unknown;
  on?: (event: 'error', listener: () => void) => unknown;
};

/** The source ended, or was let go, before it gave what was asked for. */
export class FeedEnded extends Error {}

/** The source failed; its error is the cause. */
export class FeedBroke extends Error {}

/** Holds no more than the chunk at hand and what `take` was asked for. One call at a time. */
export class ByteFeed {
  readonly #source: ByteSource;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  #bytesRead = 0;
  #stopped: { error: unknown } | undefined;
  #interrupt: ((error: unknown) => void) | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#chunks = source[Symbol.asyncIterator]();
    // A stream that is destroyed before its first chunk may say so by an event that nobody else listens to.
    source.on?.('error', () => undefined);
  }

  /** Bytes that came from the source so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The next `length` bytes: a view of the source's own chunk, a copy only where they straddle chunks. */
  async take(length: number): Promise<Buffer> {
    if (this.#chunk.length - this.#at >= length) return this.#slice(length);
    if (this.#chunk.length === this.#at) {
      await this.#next();
      if (this.#chunk.length >= length) return this.#slice(length);
    }
    const whole = Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length; ) {
      if (this.#chunk.length === this.#at) await this.#next();
      const count = Math.min(length - filled, this.#chunk.length - this.#at);
      this.#chunk.copy(whole, filled, this.#at, this.#at + count);
      this.#at += count;
      filled += count;
    }
    return whole;
  }

  /** As `take` where the bytes are at hand already; null where they must be waited for. */
  takeNow(length: number): Buffer | null {
    return this.#stopped || this.#chunk.length - this.#at < length ? null : this.#slice(length);
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      if (this.#chunk.length === this.#at) await this.#next();
      const count = Math.min(left, this.#chunk.length - this.#at);
      this.#at += count;
      left -= count;
    }
  }

  /** Whether the source ended in good order just here. Waits for its next chunk or its end. */
  async atEnd(): Promise<boolean> {
    if (this.#chunk.length > this.#at) return false;
    try {
      await this.#next();
      return false;
    } catch (error) {
      if (error instanceof FeedEnded && !this.#stopped) return true;
      throw error;
    }
  }

  /**
   * Reads what is left, at most so many bytes and milliseconds, and lets go of the source. A sender that was heard out
   * does not take the transfer for broken off, and its connection can be used again.
   */
  async finish(limitBytes: number, limitMs: number): Promise<void> {
    const timer = setTimeout(() => this.stop(new FeedEnded('nobody waits any longer')), limitMs);
    const until = this.#bytesRead + limitBytes;
    try {
      while (this.#bytesRead < until) await this.#next();
    } catch {
      // Its end, the time limit, or a failure behind the last byte that matters.
    } finally {
      clearTimeout(timer);
      this.stop(new FeedEnded('the stream was read to its end'));
    }
  }

  /** Lets go of the source without waiting for it; a `take` under way, and every later one, fails with `error`. */
  stop(error: unknown): void {
    if (this.#stopped) return;
    this.#stopped = { error };
    this.#interrupt?.(error);
    this.#chunk = Buffer.alloc(0);
    this.#at = 0;
    // A stream is destroyed, for its iterator would first wait for a chunk that may never come.
    if (this.#source.destroy) this.#source.destroy();
    else this.#chunks.return?.().catch(() => undefined);
  }

  #slice(length: number): Buffer {
    const bytes = this.#chunk.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  async #next(): Promise<void> {
    do {
      if (this.#stopped) throw this.#stopped.error;
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        this.#interrupt = reject;
        this.#chunks.next().then(resolve, (cause) => reject(new FeedBroke('the stream broke', { cause })));
      });
      if (next.done) throw new FeedEnded('the stream ended');
      this.#chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
      this.#at = 0;
      this.#bytesRead += this.#chunk.length;
    } while (this.#chunk.length === 0);
  }
}
