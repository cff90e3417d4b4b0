// Small JSON files of the lab's AWS that survive kill -9: written beside and renamed.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Replaces the file as a whole, so that a reader sees the old state or the new one. */
export function writeJson(path: string, value: unknown): void {
  const beside = `${path}.new`;
  const text = JSON.stringify(value);
  try {
    writeFileSync(beside, text);
  } catch (error) {
    if (!isMissing(error)) throw error;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(beside, text);
  }
  renameSync(beside, path);
}

/** Undefined when there is no such file. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Records in memory by id, and in a file each: a change costs the same however many there are. */
export class RecordFiles<T extends { id: string }> {
  /** To be changed by `save` and `remove` only. */
  readonly all: Record<string, T> = {};
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
      const record = readJson<T>(join(folder, name));
      if (record) this.all[record.id] = record;
    }
  }

  /** A new record, or one that was changed. */
  save(record: T): void {
    this.all[record.id] = record;
    writeJson(this.#path(record.id), record);
  }

  remove(id: string): void {
    delete this.all[id];
    rmSync(this.#path(id), { force: true });
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
