// CRC-32, CRC-32C and CRC-64/NVME: of a stream, and of a whole from the CRCs of its parts.
import { crc32 } from 'node:zlib';

export interface RunningCrc {
  update(bytes: Buffer): void;
  digest(): Buffer;
}

/** Reflected polynomials. */
const POLYNOMIALS = {
  CRC32: { width: 32n, polynomial: 0xedb88320n },
  CRC32C: { width: 32n, polynomial: 0x82f63b78n },
  CRC64NVME: { width: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
} as const;

export type CrcName = keyof typeof POLYNOMIALS;

export function startCrc(name: CrcName): RunningCrc {
  if (name === 'CRC32') return new Crc32();
  return name === 'CRC32C' ? new Crc32c() : new Crc64Nvme();
}

class Crc32 implements RunningCrc {
  #value = 0;

  update(bytes: Buffer): void {
    this.#value = crc32(bytes, this.#value);
  }

  digest(): Buffer {
    return toBuffer(BigInt(this.#value), 4);
  }
}

/** Eight tables of 256: table k gives the CRC of a byte that k zero bytes follow. */
function makeTables(name: CrcName): bigint[] {
  const { polynomial } = POLYNOMIALS[name];
  const tables: bigint[] = [];
  for (let byte = 0; byte < 256; byte += 1) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    tables[byte] = value;
  }
  for (let at = 256; at < 2048; at += 1) {
    const before = tables[at - 256]!;
    tables[at] = (before >> 8n) ^ tables[Number(before & 255n)]!;
  }
  return tables;
}

let tables32c: Uint32Array | undefined;

class Crc32c implements RunningCrc {
  #value = 0xffffffff;
  readonly #tables: Uint32Array;

  constructor() {
    tables32c ??= Uint32Array.from(makeTables('CRC32C'), Number);
    this.#tables = tables32c;
  }

  update(bytes: Buffer): void {
    const table = this.#tables;
    let crc = this.#value;
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      crc =
        table[1792 + (crc & 255)]! ^
        table[1536 + ((crc >>> 8) & 255)]! ^
        table[1280 + ((crc >>> 16) & 255)]! ^
        table[1024 + (crc >>> 24)]! ^
        table[768 + bytes[at + 4]!]! ^
        table[512 + bytes[at + 5]!]! ^
        table[256 + bytes[at + 6]!]! ^
        table[bytes[at + 7]!]!;
    }
    for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 255]!;
    this.#value = crc;
  }

  digest(): Buffer {
    return toBuffer(BigInt((this.#value ^ 0xffffffff) >>> 0), 4);
  }
}

let tables64: { low: Uint32Array; high: Uint32Array } | undefined;

class Crc64Nvme implements RunningCrc {
  #low = -1;
  #high = -1;
  readonly #tables: { low: Uint32Array; high: Uint32Array };

  constructor() {
    if (!tables64) {
      const tables = makeTables('CRC64NVME');
      tables64 = {
        low: Uint32Array.from(tables, (value) => Number(value & 0xffffffffn)),
        high: Uint32Array.from(tables, (value) => Number(value >> 32n)),
      };
    }
    this.#tables = tables64;
  }

  update(bytes: Buffer): void {
    const { low: tl, high: th } = this.#tables;
    let low = this.#low;
    let high = this.#high;
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      low ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      high ^= bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
      const a = 1792 + (low & 255);
      const b = 1536 + ((low >>> 8) & 255);
      const c = 1280 + ((low >>> 16) & 255);
      const d = 1024 + (low >>> 24);
      const e = 768 + (high & 255);
      const f = 512 + ((high >>> 8) & 255);
      const g = 256 + ((high >>> 16) & 255);
      const h = high >>> 24;
      low = tl[a]! ^ tl[b]! ^ tl[c]! ^ tl[d]! ^ tl[e]! ^ tl[f]! ^ tl[g]! ^ tl[h]!;
      high = th[a]! ^ th[b]! ^ th[c]! ^ th[d]! ^ th[e]! ^ th[f]! ^ th[g]! ^ th[h]!;
    }
    for (; at < bytes.length; at += 1) {
      const index = (low ^ bytes[at]!) & 255;
      low = ((low >>> 8) | (high << 24)) ^ tl[index]!;
      high = (high >>> 8) ^ th[index]!;
    }
    this.#low = low;
    this.#high = high;
  }

  digest(): Buffer {
    const buffer = Buffer.alloc(8);
    buffer.writeUInt32BE(~this.#high >>> 0, 0);
    buffer.writeUInt32BE(~this.#low >>> 0, 4);
    return buffer;
  }
}

/** The CRC of a whole from those of its parts in their order; `size` in bytes. */
export function combineCrcs(name: CrcName, parts: { crc: Buffer; size: number }[]): Buffer {
  const shifts = new Map<number, bigint>();
  let whole = 0n;
  for (const { crc, size } of parts) {
    let shift = shifts.get(size);
    if (shift === undefined) {
      shift = powerOfX(name, 8n * BigInt(size));
      shifts.set(size, shift);
    }
    whole = multiply(name, shift, whole) ^ BigInt(`0x${crc.toString('hex')}`);
  }
  return toBuffer(whole, Number(POLYNOMIALS[name].width) / 8);
}

/** x to the `exponent`, modulo the polynomial; bits reflected. */
function powerOfX(name: CrcName, exponent: bigint): bigint {
  const one = 1n << (POLYNOMIALS[name].width - 1n);
  let result = one;
  let base = one >> 1n;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(name, result, base);
    base = multiply(name, base, base);
  }
  return result;
}

/** The product of two polynomials modulo the CRC's own; bits reflected. */
function multiply(name: CrcName, left: bigint, right: bigint): bigint {
  const { width, polynomial } = POLYNOMIALS[name];
  let product = 0n;
  let factor = right;
  for (let mask = 1n << (width - 1n); mask > 0n; mask >>= 1n) {
    if (left & mask) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
  }
  return product;
}

function toBuffer(value: bigint, bytes: number): Buffer {
  return Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
}
