// Reads exact numbers of bytes from a stream, holding no more than one piece of it.

export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;
  #position = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** Bytes handed out or skipped so far. */
  get position(): number {
    return this.#position;
  }

  /** The next `length` bytes, or fewer at the end of the stream. */
  async take(length: number): Promise<Buffer> {
    const taken = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const piece = await this.#next(length - filled);
      if (!piece) break;
      taken.set(piece, filled);
      filled += piece.length;
    }
    return filled === length ? taken : taken.subarray(0, filled);
  }

  /** Passes over `length` bytes; false when the stream ends before. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0; ) {
      const piece = await this.#next(left);
      if (!piece) return false;
      left -= piece.length;
    }
    return true;
  }

  async #next(most: number): Promise<Uint8Array | undefined> {
    while (this.#at >= this.#piece.length) {
      const result = await this.#pieces.next();
      if (result.done) return undefined;
      this.#piece = result.value;
      this.#at = 0;
    }
    const piece = this.#piece.subarray(this.#at, this.#at + most);
    this.#at += piece.length;
    this.#position += piece.length;
    return piece;
  }
}
