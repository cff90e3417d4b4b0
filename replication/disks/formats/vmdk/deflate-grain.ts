// Deflates the grains of a stream-optimized VMDK, on libuv's pool; what cannot be made smaller is only wrapped.
// Only this folder imports it. A pool of workers would be another DeflateGrain.
import { deflate, deflateSync } from 'node:zlib';
import { looksIncompressible } from '../looks-incompressible.ts';
import { LARGEST_DEFLATED_GRAIN } from './layout.ts';

/** Makes a zlib stream of GRAIN_BYTES bytes; many may be under way at once. */
export type DeflateGrain = (grain: Uint8Array) => Promise<Uint8Array>;

/**
 * Level 1 is the default of callers: measured on log text, level 3 sends 6 % less and level 6 21 % less, for 1.2 and
 * 2.5 times the processor time.
 */
export function deflateOnPool(level: number): DeflateGrain {
  const options = { level, chunkSize: LARGEST_DEFLATED_GRAIN };
  return (grain) => {
    if (looksIncompressible(grain)) return Promise.resolve(deflateSync(grain, { ...options, level: 0 }));
    return new Promise((resolve, reject) => {
      deflate(grain, options, (error, deflated) => (error ? reject(error) : resolve(deflated)));
    });
  };
}
