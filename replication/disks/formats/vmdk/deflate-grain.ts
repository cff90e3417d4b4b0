// Deflates the grains of a stream-optimized VMDK, on libuv's pool; what cannot be made smaller is only wrapped.
// Only this folder imports it. A pool of workers would be another DeflateGrain.
import { constants, createDeflate, type Deflate } from 'node:zlib';
import { looksIncompressible } from '../looks-incompressible.ts';
import { GRAIN_BYTES } from './layout.ts';

/** Makes a zlib stream of GRAIN_BYTES bytes; many may be under way at once. */
export type DeflateGrain = (grain: Uint8Array) => Promise<Uint8Array>;

/**
 * Level 4 is the default of callers: on source text it makes 5 % more bytes than level 6, in three quarters of the
 * processor time; on a disk of zeros, text and noise 0.8 % more.
 */
export function deflateOnPool(level: number): DeflateGrain {
  const compressing = deflateWith(level);
  const wrapping = deflateWith(0);
  return (grain) => (looksIncompressible(grain) ? wrapping(grain) : compressing(grain));
}

/**
 * Uses its deflaters over and over: to make one for each grain costs as much as a quarter of the deflating, in memory
 * that is mapped and given back, and in collections that this brings about.
 */
function deflateWith(level: number): DeflateGrain {
  const idle: Deflate[] = [];
  // A deflated grain always fits what may wait to be read, so that a write ends without anybody reading.
  const options = {
    level,
    flush: constants.Z_FINISH,
    chunkSize: 2 * GRAIN_BYTES,
    readableHighWaterMark: 4 * GRAIN_BYTES,
  };
  return (grain) =>
    new Promise((resolve, reject) => {
      const deflater = idle.pop() ?? createDeflate(options);
      deflater.once('error', reject);
      deflater.write(grain, (error) => {
        if (error) return;
        const deflated: Buffer = deflater.read();
        deflater.off('error', reject);
        deflater.reset();
        idle.push(deflater);
        resolve(deflated);
      });
    });
}
