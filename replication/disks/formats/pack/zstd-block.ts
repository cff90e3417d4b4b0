// Makes blocks smaller and whole again by zstd, on libuv's pool. Only this folder imports it.
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { looksIncompressible, PROBED_BYTES } from '../looks-incompressible.ts';

/** Makes one zstd frame, or gives the bytes as they are where that promises nothing; many may be under way at once. */
export type CompressBlock = (bytes: Uint8Array) => Promise<Uint8Array>;

/** The guess is made of each of these; a block is taken for incompressible if all of its parts are. */
function isIncompressible(bytes: Uint8Array): boolean {
  if (bytes.length % PROBED_BYTES !== 0) return false;
  for (let at = 0; at < bytes.length; at += PROBED_BYTES) {
    if (!looksIncompressible(bytes.subarray(at, at + PROBED_BYTES))) return false;
  }
  return true;
}

/** Room that a frame gets at a time: most blocks that compress fit in one; a block's worth of room costs more than it saves. */
const FRAME_ROOM = 128 * 1024;

export function compressOnPool(level: number): CompressBlock {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return (bytes) => {
    if (isIncompressible(bytes)) return Promise.resolve(bytes);
    return new Promise((resolve, reject) => {
      const options = { params, chunkSize: FRAME_ROOM, pledgedSrcSize: bytes.length };
      zstdCompress(bytes, options, (error, frame) => (error ? reject(error) : resolve(frame)));
    });
  };
}

/** Fails where the frame is damaged or holds more than `length` bytes. */
export function decompressOnPool(frame: Uint8Array, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // A little more room than a block, so that zstd finds the end of the frame in one go.
    const options = { chunkSize: length + 64, maxOutputLength: length };
    zstdDecompress(frame, options, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}
