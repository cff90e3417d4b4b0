// The bytes of one connection: exactly as many as are asked for, with a deadline on silence.
// Part of replication/disks/nbd.
import type { Duplex } from 'node:stream';
import { NbdBreach, NbdCut, NbdSilence } from './faults.ts';

/** So much may lie here unread before the peer is held back. */
const UNREAD_BYTES = 1024 * 1024;

interface Want {
  readonly target: Uint8Array;
  filled: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** One read at a time. Everything that ends the connection fails the read under way and every later one. */
export class Wire {
  readonly #stream: Duplex;
  readonly #chunks: Buffer[] = [];
  readonly #silenceMs: number;
  #unread = 0;
  #want: Want | undefined;
  #failure: { error: unknown } | undefined;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;
  #bytesRead = 0;

  constructor(stream: Duplex, silenceMs: number) {
    this.#stream = stream;
    this.#silenceMs = silenceMs;
    stream.on('data', this.#onData);
    stream.on('error', this.#onError);
    stream.on('end', this.#onEnd);
    stream.on('close', this.#onEnd);
    if (stream.errored) this.#onError(stream.errored);
    else if (stream.destroyed || stream.readableEnded) this.#onEnd();
  }

  /** Bytes that came so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  async read(length: number): Promise<Buffer> {
    const first = this.#chunks[0];
    if (!this.#failure && first && first.length >= length) {
      const bytes = first.subarray(0, length);
      this.#consume(length);
      return bytes;
    }
    const bytes = Buffer.alloc(length);
    await this.readInto(bytes);
    return bytes;
  }

  /** Fills the target. */
  readInto(target: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure.error);
      this.#want = { target, filled: 0, resolve, reject };
      this.#serve();
    });
  }

  write(bytes: Uint8Array): void {
    if (!this.#failure) this.#stream.write(bytes);
  }

  /** Whether bytes are awaited: then the connection is given up when none comes for as long as `silenceMs`. */
  expect(awaited: boolean): void {
    if (awaited && !this.#failure) {
      this.#timer ??= setTimeout(() => {
        this.fail(new NbdSilence(`nothing came for ${this.#silenceMs / 1000} s`));
      }, this.#silenceMs);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Ends the connection at once. */
  fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.expect(false);
    this.#want?.reject(error);
    this.#want = undefined;
    this.#chunks.length = 0;
    this.#unread = 0;
    this.#stream.destroy();
  }

  /** Sends the last bytes and ends the connection; waits no longer than `limitMs` for them to go. */
  async finish(last: Uint8Array, limitMs: number, error: unknown): Promise<void> {
    if (!this.#failure && !this.#stream.destroyed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        const onDone = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#stream.once('close', onDone);
        this.#stream.end(last, onDone);
      });
    }
    this.fail(error);
  }

  /**
   * Hands the stream on, to be wrapped in TLS. Bytes that came in the clear and were not asked for must not be taken
   * for bytes that came through TLS, so they end the connection.
   */
  surrender(): Duplex {
    if (this.#failure) throw this.#failure.error;
    if (this.#unread > 0) throw new NbdBreach('went on talking in the clear after it had agreed on TLS');
    this.expect(false);
    const stream = this.#stream;
    stream.pause();
    stream.off('data', this.#onData);
    stream.off('end', this.#onEnd);
    stream.off('close', this.#onEnd);
    stream.off('error', this.#onError);
    // What breaks is told by the TLS stream on top of it.
    stream.on('error', () => undefined);
    this.#failure = { error: new NbdCut('the connection was handed on') };
    return stream;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytesRead += chunk.length;
    this.#timer?.refresh();
    if (this.#failure) return;
    this.#chunks.push(chunk);
    this.#unread += chunk.length;
    this.#serve();
    if (this.#unread > UNREAD_BYTES) this.#stream.pause();
  };

  readonly #onError = (cause: Error): void => {
    this.fail(new NbdCut('the connection broke', { cause }));
  };

  /** What came before the end may still be read. */
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#serve();
  };

  #serve(): void {
    const want = this.#want;
    if (!want) return;
    while (want.filled < want.target.length && this.#chunks.length > 0) {
      const count = Math.min(this.#chunks[0]!.length, want.target.length - want.filled);
      this.#chunks[0]!.copy(want.target, want.filled, 0, count);
      want.filled += count;
      this.#consume(count);
    }
    if (want.filled === want.target.length) {
      this.#want = undefined;
      want.resolve();
    } else if (this.#ended) {
      this.fail(new NbdCut('the connection was closed'));
    }
  }

  #consume(count: number): void {
    const first = this.#chunks[0]!;
    if (count === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    this.#unread -= count;
    if (this.#unread <= UNREAD_BYTES && this.#stream.isPaused()) this.#stream.resume();
  }
}
