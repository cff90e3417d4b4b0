// The bytes of a body on their way out, as the fault rules want them: late, slow, or cut off.
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultEffect } from '../faults/rules.ts';

/** The rule's number of bytes is out: the connection is to be closed. */
export class Cut extends Error {}

/** Slows a stream down and cuts it, as the rules want. */
export class Shaper {
  readonly #delay: number;
  readonly #rate: number;
  readonly #signal: AbortSignal;
  readonly #started = Date.now();
  #left: number;
  #sent = 0;

  constructor(effects: FaultEffect[], signal: AbortSignal) {
    this.#signal = signal;
    const all = <K extends FaultEffect['kind']>(kind: K) =>
      effects.filter((effect): effect is Extract<FaultEffect, { kind: K }> => effect.kind === kind);
    this.#delay = all('delay').reduce((sum, effect) => sum + effect.ms, 0);
    this.#rate = Math.min(Number.POSITIVE_INFINITY, ...all('rate').map((effect) => effect.bytesPerSecond));
    this.#left = Math.min(Number.POSITIVE_INFINITY, ...all('cut').map((effect) => effect.afterBytes));
  }

  async *shape(bytes: Buffer): AsyncGenerator<Buffer> {
    if (this.#delay > 0) await sleep(this.#delay, undefined, { signal: this.#signal });
    const step = Number.isFinite(this.#rate) ? Math.max(512, Math.ceil(this.#rate / 10)) : bytes.length;
    for (let start = 0; start < bytes.length; start += step) {
      const piece = bytes.subarray(start, Math.min(start + step, start + this.#left));
      if (piece.length > 0) yield piece;
      this.#sent += piece.length;
      this.#left -= piece.length;
      if (this.#left <= 0) throw new Cut();
      const early = (this.#sent / this.#rate) * 1000 - (Date.now() - this.#started);
      if (early > 1) await sleep(early, undefined, { signal: this.#signal });
    }
  }
}

export function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      response.off('drain', go);
      reject(signal.reason);
    };
    const go = () => {
      signal.removeEventListener('abort', stop);
      resolve();
    };
    if (signal.aborted) return stop();
    response.once('drain', go);
    signal.addEventListener('abort', stop, { once: true });
  });
}
