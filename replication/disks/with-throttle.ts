// Holds a copy to so many bytes a second. Wrappers: a reader or a writer again. One bucket may serve many disks.

import { pause } from './pause.ts';
import type { DiskReader } from './reader.ts';
import type { DiskWriter, SealedDisk } from './writer.ts';

export interface TokenBucketOptions {
  bytesPerSecond: number;
  /** What may go at once after a rest. Default: one second's worth. */
  burstBytes?: number;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
  sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Bytes are paid after they went (only then is their number known, as they are compressed), so the bucket may be in
 * debt; whoever wants to go on waits until the debt is paid. On average no more than `bytesPerSecond` pass.
 */
export class TokenBucket {
  readonly #burst: number;
  readonly #now: () => number;
  readonly #sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  #rate: number;
  #tokens: number;
  #at: number;

  constructor(options: TokenBucketOptions) {
    this.#rate = checkRate(options.bytesPerSecond);
    this.#burst = options.burstBytes ?? options.bytesPerSecond;
    this.#now = options.now ?? (() => performance.now());
    this.#sleep = options.sleep ?? pause;
    this.#tokens = this.#burst;
    this.#at = this.#now();
  }

  /** Changes the rate from now on. */
  setRate(bytesPerSecond: number): void {
    this.#refill();
    this.#rate = checkRate(bytesPerSecond);
  }

  /** Takes the bytes out, into debt if need be. */
  pay(bytes: number): void {
    this.#refill();
    this.#tokens -= bytes;
  }

  /** Resolves when nothing is owed; rejects with the signal's reason. */
  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (this.#refill(); this.#tokens < 0; this.#refill()) {
      // In slices, so that a new rate is felt soon.
      const wait = Math.min(1000, Math.max(1, Math.ceil((-this.#tokens / this.#rate) * 1000)));
      try {
        await this.#sleep(wait, signal);
      } finally {
        signal.throwIfAborted();
      }
    }
  }

  #refill(): void {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
  }
}

function checkRate(bytesPerSecond: number): number {
  if (bytesPerSecond > 0) return bytesPerSecond;
  throw new RangeError(`a throttle of ${bytesPerSecond} bytes a second would stand still`);
}

/** Holds what the writer sends (not what it is given) to the rate of the bucket. */
export function withThrottle<Sealed extends SealedDisk>(
  writer: DiskWriter<Sealed>,
  bucket: TokenBucket,
): DiskWriter<Sealed> {
  let paid = writer.bytesSent;
  const pay = () => {
    const sent = writer.bytesSent;
    bucket.pay(sent - paid);
    paid = sent;
  };
  return {
    capacityBytes: writer.capacityBytes,
    needsOrder: writer.needsOrder,
    get bytesSent() {
      return writer.bytesSent;
    },
    async write(block, signal) {
      await bucket.ready(signal);
      await writer.write(block, signal).finally(pay);
    },
    seal: (signal) => writer.seal(signal).finally(pay),
    abort: () => writer.abort(),
    ...(writer.checkpoint ? { checkpoint: () => writer.checkpoint?.() ?? null } : {}),
  };
}

/** Holds what the reader takes from its source to the rate of the bucket. */
export function withReadThrottle(reader: DiskReader, bucket: TokenBucket): DiskReader {
  let paid = reader.bytesRead;
  return {
    capacityBytes: reader.capacityBytes,
    ordered: reader.ordered,
    skipsZeros: reader.skipsZeros,
    get bytesRead() {
      return reader.bytesRead;
    },
    async *blocks(signal) {
      for await (const block of reader.blocks(signal)) {
        bucket.pay(reader.bytesRead - paid);
        paid = reader.bytesRead;
        await bucket.ready(signal);
        yield block;
      }
    },
    close: () => reader.close(),
  };
}
