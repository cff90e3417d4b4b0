// Checks the directory and the tables of a stream-optimized VMDK against the grains that were really met.
// The decoder itself goes by the markers; this finds files whose tables would mislead another reader.
import { refuse, type SparseHeader } from './header.ts';

/** Above this the tables are not checked, so that memory stays bounded (128 KiB for each GiB of the disk). */
const mostGrains = 4 * 2 ** 20;

export class GrainTables {
  readonly #header: SparseHeader;
  readonly #seen: Uint8Array;
  readonly #sectors: Uint32Array | undefined;
  readonly #tables = new Map<number, Uint32Array>();

  constructor(header: SparseHeader) {
    this.#header = header;
    const grains = Math.ceil(header.capacity / header.grainSize);
    this.#seen = new Uint8Array(Math.ceil(grains / 8));
    if (grains <= mostGrains) this.#sectors = new Uint32Array(grains);
  }

  get checked(): boolean {
    return this.#sectors !== undefined;
  }

  /** A grain whose marker stands at `sector` of the file. */
  grain(number: number, sector: number): void {
    const bit = 1 << (number & 7);
    const byte = this.#seen[number >> 3] ?? 0;
    if (byte & bit) refuse(`Grain ${number} stands twice in the VMDK`);
    this.#seen[number >> 3] = byte | bit;
    if (this.#sectors) this.#sectors[number] = sector;
  }

  /** A grain table whose entries start at `sector` of the file. */
  table(sector: number, bytes: Buffer): void {
    if (!this.#sectors) return;
    const entries = new Uint32Array(this.#header.tableEntries);
    for (let at = 0; at < entries.length && at * 4 + 4 <= bytes.length; at += 1)
      entries[at] = bytes.readUInt32LE(at * 4);
    this.#tables.set(sector, entries);
  }

  /** The whole directory; every table that it names must have been given before. */
  directory(bytes: Buffer): void {
    if (!this.#sectors) return;
    const { tableEntries, flags } = this.#header;
    const groups = Math.ceil(this.#sectors.length / tableEntries);
    if (bytes.length < groups * 4) refuse('The grain directory is too short');
    for (let group = 0; group < groups; group += 1) {
      const sector = bytes.readUInt32LE(group * 4);
      const table = this.#tables.get(sector);
      if (sector !== 0 && !table) refuse(`Grain directory entry ${group} names no grain table`);
      const end = Math.min(tableEntries, this.#sectors.length - group * tableEntries);
      for (let at = 0; at < end; at += 1) {
        const entry = table?.[at] ?? 0;
        const told = (flags & 4) !== 0 && entry === 1 ? 0 : entry;
        if (told !== this.#sectors[group * tableEntries + at]) {
          refuse(`The grain table does not agree with grain ${group * tableEntries + at}`);
        }
      }
    }
  }
}
