// What the answer to each kind of request is made of, and that it is whole.
// Part of replication/disks/nbd.
import { NbdBreach } from './faults.ts';
import { CHUNK } from './protocol.ts';
import type { Wire } from './wire.ts';

/** Takes the content of the answer to one request. Throws NbdBreach for what cannot be part of it. */
export interface Answer {
  /** In words, for messages: `to read 512 bytes at 0`. */
  readonly what: string;
  /** Takes the payload of a chunk of a structured reply. */
  takeChunk(type: number, length: number, wire: Wire): Promise<void>;
  /** Takes the payload of a simple reply without an error. */
  takeSimple(wire: Wire): Promise<void>;
  /** Whether all of it came. */
  isWhole(): boolean;
}

/** The bytes of `target.length` bytes from `offset` on: each of them exactly once, as bytes or as part of a hole. */
export class BytesAnswer implements Answer {
  readonly #offset: number;
  readonly #target: Uint8Array;
  /** What came so far, ascending and disjoint. One range as long as chunks come in order. */
  readonly #came: { from: number; to: number }[] = [];

  /** `target` holds zeros: holes are left as they are. */
  constructor(offset: number, target: Uint8Array) {
    this.#offset = offset;
    this.#target = target;
  }

  get what(): string {
    return `to read ${this.#target.length} bytes at ${this.#offset}`;
  }

  async takeChunk(type: number, length: number, wire: Wire): Promise<void> {
    if (type === CHUNK.data && length > 8) {
      const from = this.#place((await wire.read(8)).readBigUInt64BE(0), length - 8);
      await wire.readInto(this.#target.subarray(from, from + length - 8));
    } else if (type === CHUNK.hole && length === 12) {
      const hole = await wire.read(12);
      this.#place(hole.readBigUInt64BE(0), hole.readUInt32BE(8));
    } else {
      throw new NbdBreach(`answered a read by a chunk of type ${type} with ${length} bytes`);
    }
  }

  takeSimple(wire: Wire): Promise<void> {
    this.#place(BigInt(this.#offset), this.#target.length);
    return wire.readInto(this.#target);
  }

  isWhole(): boolean {
    return this.#came.length === 1 && this.#came[0]!.to - this.#came[0]!.from === this.#target.length;
  }

  /** Where the part stands in the target. */
  #place(offset: bigint, length: number): number {
    const from = Number(offset - BigInt(this.#offset));
    const to = from + length;
    if (from < 0 || to > this.#target.length || length === 0) {
      throw new NbdBreach(`sent ${length} bytes at ${offset} to one who asked ${this.what}`);
    }
    const came = this.#came;
    let at = came.length;
    while (at > 0 && came[at - 1]!.from >= to) at -= 1;
    const before = came[at - 1];
    if (before && before.to > from)
      throw new NbdBreach(`sent the byte at ${offset} twice to one who asked ${this.what}`);
    came.splice(at, 0, { from, to });
    if (came[at + 1]?.from === to) came[at]!.to = came.splice(at + 1, 1)[0]!.to;
    if (before?.to === from) before.to = came.splice(at, 1)[0]!.to;
    return from;
  }
}

/** A stretch of the disk with the flags that a context gives it. */
export interface StatusExtent {
  offset: number;
  length: number;
  flags: number;
}

// Far above what servers send in one chunk: QEMU 1 MiB, nbdkit 8 MiB.
const LARGEST_STATUS = 16 * 1024 * 1024;

/** The status of a part of the disk by one of the chosen contexts; those of the others are passed over. */
export class StatusAnswer implements Answer {
  readonly what: string;
  readonly #offset: number;
  readonly #contextId: number;
  #extents: StatusExtent[] | undefined;

  constructor(offset: number, length: number, contextId: number) {
    this.what = `to tell the block status of ${length} bytes at ${offset}`;
    this.#offset = offset;
    this.#contextId = contextId;
  }

  /** From the offset on, without gaps; they may end before or behind what was asked for. */
  get extents(): StatusExtent[] {
    return this.#extents ?? [];
  }

  async takeChunk(type: number, length: number, wire: Wire): Promise<void> {
    if (type !== CHUNK.blockStatus || length < 12 || length % 8 !== 4 || length > LARGEST_STATUS) {
      throw new NbdBreach(`answered a question for block status by a chunk of type ${type} with ${length} bytes`);
    }
    const data = await wire.read(length);
    if (data.readUInt32BE(0) !== this.#contextId) return;
    if (this.#extents) throw new NbdBreach('told the block status of a context twice');
    this.#extents = [];
    let offset = this.#offset;
    for (let at = 4; at < length; at += 8) {
      const extent = { offset, length: data.readUInt32BE(at), flags: data.readUInt32BE(at + 4) };
      if (extent.length === 0) throw new NbdBreach('told the block status of no bytes');
      this.#extents.push(extent);
      offset += extent.length;
    }
  }

  takeSimple(): Promise<void> {
    throw new NbdBreach('answered a question for block status by a simple reply');
  }

  isWhole(): boolean {
    return this.#extents !== undefined;
  }
}
