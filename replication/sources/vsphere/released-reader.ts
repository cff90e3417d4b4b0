// A disk reader that tells the export behind it when it has ended.
import type { DiskReader } from '../../disks/reader.ts';

/** The reader, which calls `release` when it is closed, read to its end, or left. */
export function released(reader: DiskReader, release: () => Promise<void>): DiskReader {
  return {
    capacityBytes: reader.capacityBytes,
    ordered: reader.ordered,
    skipsZeros: reader.skipsZeros,
    get bytesRead() {
      return reader.bytesRead;
    },
    async *blocks(signal) {
      try {
        yield* reader.blocks(signal);
      } finally {
        await release();
      }
    },
    async close() {
      await reader.close();
      await release();
    },
  };
}
