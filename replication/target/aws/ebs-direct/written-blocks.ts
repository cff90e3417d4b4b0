// Which blocks of a disk are safe at AWS: one bit a block (4 MiB for 16 TiB), and a compact text of them to keep.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { faultError } from '../../../model/fault.ts';

export class WrittenBlocks {
  readonly #bits: Uint8Array;
  #count = 0;

  constructor(blocks: number) {
    this.#bits = new Uint8Array(Math.ceil(blocks / 8));
  }

  get count(): number {
    return this.#count;
  }

  has(index: number): boolean {
    return ((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** Whether it is new. */
  add(index: number): boolean {
    if (this.has(index)) return false;
    this.#bits[index >> 3]! |= 1 << (index & 7);
    this.#count += 1;
    return true;
  }

  /** Ascending. */
  *indexes(): Generator<number> {
    for (let at = 0; at < this.#bits.length; at += 1) {
      const byte = this.#bits[at];
      if (byte) for (let bit = 0; bit < 8; bit += 1) if (byte & (1 << bit)) yield at * 8 + bit;
    }
  }

  /** Deflated, in base64: long stretches cost almost nothing. */
  toText(): string {
    return deflateRawSync(this.#bits, { level: 1 }).toString('base64');
  }

  /** @throws `internal` when the text is not of a disk of so many blocks. */
  static fromText(text: string, blocks: number): WrittenBlocks {
    const made = new WrittenBlocks(blocks);
    const most = made.#bits.length;
    try {
      const bits = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: most });
      if (bits.length !== most) throw new Error(`${bits.length} bytes in place of ${most}`);
      made.#bits.set(bits);
    } catch (error) {
      throw faultError('internal', { message: 'The checkpoint of a snapshot does not belong to this disk.' }, error);
    }
    for (const byte of made.#bits) for (let rest = byte; rest; rest &= rest - 1) made.#count += 1;
    return made;
  }
}
