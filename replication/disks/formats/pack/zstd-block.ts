// Makes blocks smaller and whole again by zstd, on libuv's pool. Only this folder imports it.
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { DISK_BLOCK_BYTES } from '../../block.ts';

/** Makes one zstd frame; many may be under way at once. */
export type CompressBlock = (bytes: Uint8Array) => Promise<Uint8Array>;

/** Room for the largest frame that a block can become, so that the pool is entered once for each block. */
const FRAME_ROOM = DISK_BLOCK_BYTES + 4096;

export function compressOnPool(level: number): CompressBlock {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return (bytes) =>
    new Promise((resolve, reject) => {
      const options = { params, chunkSize: FRAME_ROOM, pledgedSrcSize: bytes.length };
      zstdCompress(bytes, options, (error, frame) => (error ? reject(error) : resolve(frame)));
    });
}

/** Fails where the frame is damaged or holds more than `length` bytes. */
export function decompressOnPool(frame: Uint8Array, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // A little more room than a block, so that zstd finds the end of the frame in one go.
    const options = { chunkSize: length + 64, maxOutputLength: length };
    zstdDecompress(frame, options, (error, bytes) => (error ? reject(error) : resolve(bytes)));
  });
}
