// Gathers small pieces into large chunks for whoever takes the bytes away.
// The formats that are written as a stream import it.

/** Takes bytes away, in order, one call at a time. The chunk is the sink's own from then on. Obeys the signal. */
export type Sink = (chunk: Uint8Array, signal: AbortSignal) => Promise<void>;

const CHUNK_BYTES = 1024 * 1024;

export class ChunkSink {
  readonly #sink: Sink;
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #filled = 0;
  #bytesSent = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Bytes that the sink has taken. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** Bytes appended so far. */
  get length(): number {
    return this.#bytesSent + this.#filled;
  }

  /** Copies the bytes; waits only where that fills a chunk. */
  async append(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, CHUNK_BYTES - this.#filled);
      this.#chunk.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === CHUNK_BYTES) await this.flush(signal);
    }
  }

  /** Hands over what there is; the chunk is not touched again. */
  async flush(signal: AbortSignal): Promise<void> {
    if (this.#filled === 0) return;
    signal.throwIfAborted();
    const chunk = this.#chunk.subarray(0, this.#filled);
    await this.#sink(chunk, signal);
    this.#bytesSent += chunk.length;
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#filled = 0;
  }
}
