// What the connector keeps on its own disk, readable by its owner only: its token for the console, and pinned certificates.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const keptSchema = z.object({
  token: z.string().optional(),
  consoleUrl: z.string().optional(),
  /** SHA-256 fingerprints by URL of the VM manager, trusted on first use. */
  pins: z.record(z.string(), z.string()).default({}),
  /** Another process of this connector took over from the last one that ran here. */
  superseded: z.boolean().default(false),
});
type Kept = z.infer<typeof keptSchema>;

export class Vault {
  readonly #file: string;
  #kept: Kept;

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#file = path.join(dir, 'vault.json');
    try {
      this.#kept = keptSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#kept = { pins: {}, superseded: false };
    }
  }

  get token(): string | undefined {
    return this.#kept.token;
  }

  keepToken(token: string | undefined, consoleUrl: string): void {
    this.#write({ ...this.#kept, token, consoleUrl });
  }

  get superseded(): boolean {
    return this.#kept.superseded;
  }

  keepSuperseded(superseded: boolean): void {
    if (superseded !== this.#kept.superseded) this.#write({ ...this.#kept, superseded });
  }

  pinOf(url: string): string | undefined {
    return this.#kept.pins[url];
  }

  pin(url: string, fingerprint: string): void {
    this.#write({ ...this.#kept, pins: { ...this.#kept.pins, [url]: fingerprint } });
  }

  /** Whole or not at all: written beside and renamed. */
  #write(kept: Kept): void {
    const temporary = `${this.#file}.new`;
    writeFileSync(temporary, JSON.stringify(kept, null, 2), { mode: 0o600 });
    renameSync(temporary, this.#file);
    this.#kept = kept;
  }
}
