// What a program wrote: into a file that does not grow for ever, and its last lines in memory for the moment it dies.
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const LIMIT_BYTES = 10_000_000;
const TAIL_CHARACTERS = 4000;

export class ProgramLog {
  readonly #file: string;
  readonly #echo: ((line: string) => void) | undefined;
  #descriptor: number;
  #size: number;
  #tail = '';
  #line = '';

  /** @param echo gets every whole line as well */
  constructor(file: string, echo?: (line: string) => void) {
    this.#file = file;
    this.#echo = echo;
    this.#descriptor = openSync(file, 'a', 0o600);
    this.#size = fstatSync(this.#descriptor).size;
  }

  write(chunk: Buffer): void {
    try {
      if (this.#size > LIMIT_BYTES) this.#turnOver();
      this.#size += writeSync(this.#descriptor, chunk);
    } catch {
      // A full disk loses lines of the log; it must not take down the programs.
    }
    this.#tail = (this.#tail + chunk.toString()).slice(-TAIL_CHARACTERS);
    if (!this.#echo) return;
    const lines = (this.#line + chunk.toString()).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.#echo(line);
  }

  /** The last lines that were written since `forget`. */
  lastLines(count = 15): string {
    return this.#tail.trim().split('\n').slice(-count).join('\n');
  }

  forget(): void {
    this.#tail = '';
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #turnOver(): void {
    renameSync(this.#file, `${this.#file}.1`);
    const next = openSync(this.#file, 'a', 0o600);
    closeSync(this.#descriptor);
    this.#descriptor = next;
    this.#size = 0;
  }
}
