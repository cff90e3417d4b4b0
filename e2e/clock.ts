// Landfall's clock for schedules, moved from behind: the file that LANDFALL_TEST_CLOCK names, in the data folder.
// Time only goes forward, and it stays ahead: whatever runs after a story must not care.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const HOUR_MS = 3_600_000;

export const clockFile = (dataFolder: string): string => path.join(dataFolder, 'clock');

export class Clock {
  readonly #file: string;

  constructor(dataFolder: string) {
    this.#file = clockFile(dataFolder);
  }

  /** It is so many hours later, for web and worker at once. */
  later(hours: number): void {
    const before = existsSync(this.#file) ? Number(readFileSync(this.#file, 'utf8')) : 0;
    // Put in place whole: for whoever reads it half written, time would leap back.
    writeFileSync(`${this.#file}.new`, String(before + hours * HOUR_MS));
    renameSync(`${this.#file}.new`, this.#file);
  }
}
