// The few blocks of a VMDK stream that are open at once: grains are inflated into them side by side.
// Only read-stream.ts imports it.
import { faultError } from '../../../model/fault.ts';
import { blockCount, blockLength, DISK_BLOCK_BYTES, type DiskBlock, makeBlock } from '../../block.ts';
import { GRAIN_BYTES } from './layout.ts';

const GRAINS_PER_BLOCK = DISK_BLOCK_BYTES / GRAIN_BYTES;
/** 4 MiB and their deflated grains: enough to keep every thread of the pool busy. */
const OPEN_BLOCKS = 8;

type Inflate = (deflated: Buffer, done: (error: Error | null, grain: Buffer) => void) => void;

interface OpenBlock {
  readonly bytes: Buffer;
  /** One bit for each grain that came. */
  arrived: number;
  inflating: number;
  failure: Error | null;
  whenInflated: (() => void) | null;
}

/**
 * Blocks leave by ascending index. Which grain comes too late depends on the stream alone, never on timing: a block is
 * given up when OPEN_BLOCKS others are open.
 */
export class BlockWindow {
  readonly #capacityBytes: number;
  readonly #inflate: Inflate;
  readonly #open = new Map<number, OpenBlock>();
  #lastGiven = -1;

  constructor(capacityBytes: number, inflate: Inflate) {
    this.#capacityBytes = capacityBytes;
    this.#inflate = inflate;
  }

  /** Takes grain number `grain` of the disk and begins to inflate it. */
  add(grain: number, deflated: Buffer): void {
    const index = Math.floor(grain / GRAINS_PER_BLOCK);
    const place = grain % GRAINS_PER_BLOCK;
    if (index <= this.#lastGiven) throw invalid(`The grain at ${grain * GRAIN_BYTES} comes too late or twice.`);
    const block = this.#open.get(index) ?? this.#begin(index);
    if (block.arrived & (1 << place)) throw invalid(`The grain at ${grain * GRAIN_BYTES} comes twice.`);
    block.arrived |= 1 << place;
    block.inflating += 1;
    this.#inflate(deflated, (error, bytes) => {
      block.failure ??= error ? inflateFault(grain, error) : this.#put(grain, block, place, bytes);
      block.inflating -= 1;
      if (block.inflating === 0) block.whenInflated?.();
    });
  }

  /** The block that must leave now, if any; `ending` when no more grains come. */
  due(ending: boolean): number | null {
    if (this.#open.size === 0 || (this.#open.size <= OPEN_BLOCKS && !ending)) return null;
    return Math.min(...this.#open.keys());
  }

  /** Takes block `index` out, when its grains are inflated. */
  async take(index: number): Promise<DiskBlock> {
    const block = this.#open.get(index)!;
    this.#open.delete(index);
    this.#lastGiven = index;
    if (block.inflating > 0) await new Promise<void>((resolve) => (block.whenInflated = resolve));
    if (block.failure) throw block.failure;
    for (let place = 0; place * GRAIN_BYTES < block.bytes.length; place += 1) {
      if ((block.arrived & (1 << place)) === 0) {
        block.bytes.subarray(place * GRAIN_BYTES, (place + 1) * GRAIN_BYTES).fill(0);
      }
    }
    return makeBlock(index, this.#capacityBytes, block.bytes);
  }

  #begin(index: number): OpenBlock {
    if (index >= blockCount(this.#capacityBytes)) throw invalid(`Block ${index} is behind the end of the disk.`);
    const bytes = Buffer.allocUnsafeSlow(blockLength(index, this.#capacityBytes));
    const block: OpenBlock = { bytes, arrived: 0, inflating: 0, failure: null, whenInflated: null };
    this.#open.set(index, block);
    return block;
  }

  /** The last grain of a disk may be cut to what the disk has; some writers fill it up, some do not. */
  #put(grain: number, block: OpenBlock, place: number, bytes: Buffer): Error | null {
    const within = Math.min(GRAIN_BYTES, block.bytes.length - place * GRAIN_BYTES);
    if (bytes.length !== GRAIN_BYTES && bytes.length !== within) {
      return invalid(
        `The grain at ${grain * GRAIN_BYTES} inflates to ${bytes.length} bytes instead of ${GRAIN_BYTES}.`,
      );
    }
    bytes.copy(block.bytes, place * GRAIN_BYTES, 0, within);
    return null;
  }
}

function inflateFault(grain: number, error: Error): Error {
  const tooLong = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
  const what = tooLong ? `inflates to more than ${GRAIN_BYTES} bytes` : 'cannot be inflated';
  return invalid(`The grain at ${grain * GRAIN_BYTES} ${what}.`, error);
}

function invalid(what: string, cause?: Error): Error {
  return faultError('vmdk-invalid', { message: `The disk came in a form that is not a valid export. ${what}` }, cause);
}
