// Writes a grey picture as a baseline JPEG.
//
// From ITU-T T.81 | ISO/IEC 10918-1: the DCT (A.3.3), the coding of coefficients (F.1.2), the markers (annex B), and the tables of
// annex K for luminance: quantization (table K.1), Huffman codes for DC (K.3) and AC (K.5). The wrapping is JFIF 1.01 (ITU-T T.871).

/** Table K.1 in rows. Halved, as K.1 suggests for a picture that looks the same; the pictures of EC2 have these very values. */
const luminance = [
  [16, 11, 10, 16, 24, 40, 51, 61],
  [12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56],
  [14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77],
  [24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101],
  [72, 92, 95, 98, 112, 100, 103, 99],
].flat();
const steps = luminance.map((step) => Math.round(step / 2));

/** How many codes there are of each length from 1 to 16 bits, and the values in the order of their codes. */
interface HuffmanTable {
  counts: number[];
  values: Buffer;
}

const dcTable: HuffmanTable = {
  counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  values: Buffer.from('000102030405060708090a0b', 'hex'),
};
const acTable: HuffmanTable = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
  values: Buffer.from(
    '0102030004110512213141061351610722711432' +
      '8191a1082342b1c11552d1f02433627282090a16' +
      '1718191a25262728292a3435363738393a434445' +
      '464748494a535455565758595a63646566676869' +
      '6a737475767778797a838485868788898a929394' +
      '95969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6' +
      'b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8' +
      'd9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8' +
      'f9fa',
    'hex',
  ),
};

/** Sixteen zeros, and the end of a block, among the values of the AC table. */
const [zeroRun, endOfBlock] = [0xf0, 0x00];

/** Places of a block (row × 8 + column) in the order of figure A.6: along the diagonals, up and down in turn. */
const zigzag = Array.from({ length: 64 }, (_, place) => place).sort((a, b) => {
  const [rowA, rowB] = [a >> 3, b >> 3];
  const diagonal = rowA + (a & 7);
  const apart = diagonal - (rowB + (b & 7));
  return apart || (diagonal % 2 ? rowA - rowB : rowB - rowA);
});

/** `cosines[frequency * 8 + sample]`, with the factors of A.3.3 in it. */
const cosines = Float64Array.from({ length: 64 }, (_, place) => {
  const [frequency, sample] = [place >> 3, place & 7];
  return (frequency ? 0.5 : Math.SQRT1_2 / 2) * Math.cos(((2 * sample + 1) * frequency * Math.PI) / 16);
});

/**
 * A baseline JPEG of one component.
 * @param pixels rows from the top, a byte per pixel, 0 is black
 * @param width at most 65535, as `height`
 */
export function encodeGreyJpeg(pixels: Uint8Array, width: number, height: number): Buffer {
  const scan = new Scan();
  const [dc, ac] = [codesOf(dcTable), codesOf(acTable)];
  let before = 0;
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      const levels = quantized(blockAt(pixels, width, height, left, top));
      scan.block(levels, before, dc, ac);
      before = levels[0] ?? 0;
    }
  }
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, [...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    segment(0xdb, [0, ...zigzag.map((place) => steps[place] ?? 1)]),
    segment(0xc0, [8, ...size, 1, 1, 0x11, 0]),
    segment(0xc4, [0x00, ...dcTable.counts, ...dcTable.values]),
    segment(0xc4, [0x10, ...acTable.counts, ...acTable.values]),
    segment(0xda, [1, 1, 0x00, 0, 63, 0]),
    scan.end(),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function segment(marker: number, content: number[]): Buffer {
  const length = content.length + 2;
  return Buffer.from([0xff, marker, length >> 8, length & 255, ...content]);
}

/** Eight by eight samples around zero; what lies beyond the picture repeats its edge. */
function blockAt(pixels: Uint8Array, width: number, height: number, left: number, top: number): Float64Array {
  const block = new Float64Array(64);
  for (let place = 0; place < 64; place++) {
    const row = Math.min(top + (place >> 3), height - 1);
    const column = Math.min(left + (place & 7), width - 1);
    block[place] = (pixels[row * width + column] ?? 0) - 128;
  }
  return block;
}

/** The DCT's coefficients in steps of the quantization, in zigzag order. */
function quantized(block: Float64Array): number[] {
  const coefficients = transformed(transformed(block));
  return zigzag.map((place) => Math.round((coefficients[place] ?? 0) / (steps[place] ?? 1)));
}

/** The one-dimensional DCT of each row, turned over; twice is the two-dimensional one. */
function transformed(block: Float64Array): Float64Array {
  const result = new Float64Array(64);
  for (let row = 0; row < 8; row++) {
    for (let frequency = 0; frequency < 8; frequency++) {
      let sum = 0;
      for (let at = 0; at < 8; at++) sum += (block[row * 8 + at] ?? 0) * (cosines[frequency * 8 + at] ?? 0);
      result[frequency * 8 + row] = sum;
    }
  }
  return result;
}

type Codes = Map<number, { code: number; bits: number }>;

/** Annex C: codes of one length follow each other, and the next length goes on behind them. */
function codesOf({ counts, values }: HuffmanTable): Codes {
  const codes: Codes = new Map();
  let code = 0;
  let next = 0;
  for (const [at, count] of counts.entries()) {
    for (const value of values.subarray(next, next + count)) codes.set(value, { code: code++, bits: at + 1 });
    next += count;
    code <<= 1;
  }
  return codes;
}

/** The entropy-coded bits. */
class Scan {
  readonly #bytes: number[] = [];
  #pending = 0;
  #count = 0;

  block(levels: number[], before: number, dc: Codes, ac: Codes): void {
    this.#coded((levels[0] ?? 0) - before, 0, dc);
    let zeros = 0;
    for (const level of levels.slice(1)) {
      if (level === 0) {
        zeros += 1;
        continue;
      }
      for (; zeros > 15; zeros -= 16) this.#symbol(zeroRun, ac);
      this.#coded(level, zeros, ac);
      zeros = 0;
    }
    if (zeros) this.#symbol(endOfBlock, ac);
  }

  /** The last byte is filled up with ones (F.1.2.3). */
  end(): Buffer {
    if (this.#count) this.#put(0x7f, 8 - this.#count);
    return Buffer.from(this.#bytes);
  }

  /** The code of the run and of the value's length in bits, then the value: a negative one is told less one. */
  #coded(value: number, zeros: number, codes: Codes): void {
    const bits = 32 - Math.clz32(Math.abs(value));
    this.#symbol(zeros * 16 + bits, codes);
    this.#put(value < 0 ? value - 1 : value, bits);
  }

  #symbol(symbol: number, codes: Codes): void {
    const found = codes.get(symbol);
    if (!found) throw new Error(`The Huffman table has no code for ${symbol}.`);
    this.#put(found.code, found.bits);
  }

  #put(value: number, bits: number): void {
    for (let bit = bits - 1; bit >= 0; bit--) {
      this.#pending = (this.#pending << 1) | ((value >> bit) & 1);
      this.#count += 1;
      if (this.#count < 8) continue;
      this.#bytes.push(this.#pending);
      // A byte of ones would look like a marker without a zero behind it.
      if (this.#pending === 0xff) this.#bytes.push(0);
      this.#pending = 0;
      this.#count = 0;
    }
  }
}
