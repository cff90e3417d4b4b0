// One byte of state for each 64 KiB grain of a disk, kept in a file beside the data.
import { type FileHandle, open } from 'node:fs/promises';

/** Bytes in a grain: the unit of allocation, of copy-before-write and of a stream-optimized VMDK. */
export const GRAIN = 65_536;

/** `absent`: this file says nothing about the grain. `data`: its bytes are in the file. `zero`: it is known to be all zeros. */
export const grainState = { absent: 0, data: 1, zero: 2 } as const;

export class GrainMap {
  readonly #file: FileHandle;
  states: Uint8Array;

  private constructor(file: FileHandle, states: Uint8Array) {
    this.#file = file;
    this.states = states;
  }

  /** Opens the map, or creates an empty one. A short file counts as absent grains at its end. */
  static async open(path: string, grains: number): Promise<GrainMap> {
    const file = await open(path, 'a+').then(async (created) => {
      await created.close();
      return open(path, 'r+');
    });
    const states = new Uint8Array(grains);
    await file.read(states, 0, grains, 0);
    return new GrainMap(file, states);
  }

  /** Resolves when the state is in the file, so that a killed process has lost nothing that it went on from. */
  async set(grain: number, state: number): Promise<void> {
    if (this.states[grain] === state) return;
    await this.#file.write(Uint8Array.of(state), 0, 1, grain);
    this.states[grain] = state;
  }

  /** More grains, all absent. */
  grow(grains: number): void {
    const states = new Uint8Array(grains);
    states.set(this.states);
    this.states = states;
  }

  /** Writes all states at once, after the array was filled in place. */
  async writeAll(): Promise<void> {
    await this.#file.write(this.states, 0, this.states.length, 0);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
