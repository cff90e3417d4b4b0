// How an object of unknown length is cut into the 10,000 parts that S3 allows, with little memory. Pure.
// For part-upload.ts and whoever wants to say how much memory an upload needs.

const MiB = 1024 * 1024;

/** S3: a multipart upload has at most so many parts. */
export const MAX_PARTS = 10_000;
/** S3: every part but the last has at least so many bytes. */
export const MIN_PART_BYTES = 5 * MiB;
/** Parts on their way at the same time. */
export const PARTS_IN_FLIGHT = 4;

/**
 * A part that is sent must be kept until S3 has taken it, since it may have to be sent again. Parts of 1.7 GiB, which
 * 16 TiB in 10,000 parts would take, do not fit in memory. So the first `plainParts` are sent from memory as they are;
 * each one after those is composed: its bytes go to an object of its own (the *piece*), again in parts from memory,
 * and S3 then copies the piece into the upload as one part.
 */
export interface PartSchedule {
  plainParts: number;
  /** Bytes of plain part `number` (from 1). */
  plainBytes(number: number): number;
  /** Bytes of a composed part; S3 copies at most 5 GiB at once. */
  composedBytes: number;
  /** Bytes of the parts in which a piece is sent. */
  pieceBytes: number;
}

const PART_BYTES = 8 * MiB;

/**
 * | part          | bytes   | object so far |
 * |---------------|---------|---------------|
 * | 1 – 6,500     | 8 MiB   | 51 GiB        |
 * | 6,501 – 10,000| 5 GiB, composed of 640 × 8 MiB | 17.1 TiB |
 *
 * Memory: one buffer that is filled and four on their way, 5 × 8 MiB = 40 MiB for every disk. Parts that grow with the
 * object would let the connector grow with it.
 */
export const PART_SCHEDULE: PartSchedule = {
  plainParts: 6500,
  plainBytes: () => PART_BYTES,
  composedBytes: 5 * 1024 * MiB,
  pieceBytes: PART_BYTES,
};

/** The largest object that the schedule can hold, in bytes. */
export function largestObject(schedule: PartSchedule): number {
  let bytes = (MAX_PARTS - schedule.plainParts) * schedule.composedBytes;
  for (let number = 1; number <= schedule.plainParts; number += 1) bytes += schedule.plainBytes(number);
  return bytes;
}

/** Bytes of buffers that an upload holds at most. */
export function largestMemory(schedule: PartSchedule): number {
  let largest = schedule.pieceBytes;
  for (let number = 1; number <= schedule.plainParts; number += 1) {
    largest = Math.max(largest, schedule.plainBytes(number));
  }
  return largest * (PARTS_IN_FLIGHT + 1);
}

/** The key of the piece from which part `number` of `key` is composed. */
export function pieceKey(key: string, number: number): string {
  return `${key}.piece-${String(number).padStart(5, '0')}`;
}

export function isPieceOf(key: string, candidate: string): boolean {
  return candidate.startsWith(`${key}.piece-`) && /^\d{5}$/.test(candidate.slice(key.length + 7));
}
