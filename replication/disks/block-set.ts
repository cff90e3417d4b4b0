// A set of block numbers of one disk: a bit a block, in pieces that exist only where a number was added.
// Part of replication/disks; whoever may import that may import it.

const BLOCKS_PER_PIECE = 65_536;

/** At most 4 MiB for a disk of 16 TiB; next to nothing where the blocks lie close together. */
export class BlockSet {
  readonly #pieces = new Map<number, Uint8Array>();
  #size = 0;

  /** How many blocks are in the set. */
  get size(): number {
    return this.#size;
  }

  /** Adds a block; false when it was in the set already. */
  add(index: number): boolean {
    const { piece: number, byte, bit } = placeOf(index);
    let piece = this.#pieces.get(number);
    if (!piece) {
      piece = new Uint8Array(BLOCKS_PER_PIECE / 8);
      this.#pieces.set(number, piece);
    }
    if (piece[byte]! & bit) return false;
    piece[byte]! |= bit;
    this.#size += 1;
    return true;
  }

  has(index: number): boolean {
    const { piece, byte, bit } = placeOf(index);
    return ((this.#pieces.get(piece)?.[byte] ?? 0) & bit) !== 0;
  }
}

function placeOf(index: number) {
  const place = index % BLOCKS_PER_PIECE;
  return { piece: Math.floor(index / BLOCKS_PER_PIECE), byte: place >>> 3, bit: 1 << (place & 7) };
}
