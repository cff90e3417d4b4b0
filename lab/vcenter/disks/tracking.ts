// Changed-block tracking of one disk: which grain was changed last in which epoch. An epoch ends with each snapshot, and
// its number is the snapshot's change id. Memory and files grow with what changed, not with the disk.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Lineage {
  /** `52 de c0 d9 b9 43 9d 10-61 d5 4c 1b e9 7b 65 63`. */
  uuid: string;
  /** Number of the epoch that runs now. */
  epoch: number;
  /** Tracking is on and gives change ids, but sees nothing: it was enabled while a snapshot existed. */
  blind: boolean;
}

/** What tracking knew when a view was frozen. Grains ascending, each with the last epoch in which it was changed. */
interface FrozenMarks {
  uuid: string;
  epoch: number;
  grains: Uint32Array;
  epochs: Uint32Array;
}

/** One change in the log: grain and epoch, both 32 bits little-endian. */
const ENTRY = 8;

export class ChangeTracking {
  readonly #folder: string;
  #lineage: Lineage | undefined;
  #log: FileHandle | undefined;
  /** Grain to the last epoch in which it was changed. */
  #marks = new Map<number, number>();
  readonly #records = new Map<string, FrozenMarks>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads what an earlier process left in the disk's folder. */
  static async open(folder: string, views: string[]): Promise<ChangeTracking> {
    const tracking = new ChangeTracking(folder);
    const kept = await readFile(join(folder, 'tracking.json'), 'utf8').catch(() => undefined);
    tracking.#lineage = kept === undefined ? undefined : ((JSON.parse(kept) as Lineage | null) ?? undefined);
    for (const view of views) {
      const bytes = await readFile(tracking.#recordPath(view)).catch(() => undefined);
      if (bytes) tracking.#records.set(view, recordFrom(bytes));
    }
    if (tracking.#lineage) await tracking.#readLog(tracking.#lineage);
    return tracking;
  }

  get active(): boolean {
    return this.#lineage !== undefined;
  }

  /** Begins a lineage of its own, or ends tracking and forgets what it knew. Doing what is already so changes nothing but `blind`. */
  async set(on: boolean, blind: boolean): Promise<void> {
    if (on === this.active && (this.#lineage?.blind ?? false) === (on && blind)) return;
    if (on && this.#lineage) this.#lineage.blind = blind;
    else {
      this.#lineage = on ? { uuid: newUuid(), epoch: 1, blind } : undefined;
      await this.#forget();
    }
    await this.#saveLineage();
  }

  /** A lineage with another UUID: no change id from before is good any more. */
  async reset(): Promise<void> {
    if (!this.#lineage) return;
    this.#lineage = { ...this.#lineage, uuid: newUuid(), epoch: 1 };
    await this.#forget();
    await this.#saveLineage();
  }

  /** To be awaited before the bytes change, so that a killed process has marked too much at the most. */
  async mark(first: number, end: number): Promise<void> {
    const lineage = this.#lineage;
    if (!lineage || lineage.blind) return;
    const fresh: number[] = [];
    for (let grain = first; grain < end; grain += 1) if (this.#marks.get(grain) !== lineage.epoch) fresh.push(grain);
    if (fresh.length === 0) return;
    const bytes = Buffer.alloc(fresh.length * ENTRY);
    fresh.forEach((grain, index) => {
      bytes.writeUInt32LE(grain, index * ENTRY);
      bytes.writeUInt32LE(lineage.epoch, index * ENTRY + 4);
    });
    this.#log ??= await open(this.#logPath, 'a');
    await this.#log.write(bytes);
    for (const grain of fresh) this.#marks.set(grain, lineage.epoch);
  }

  /** The change id of the view that is being frozen; undefined when tracking is off. */
  async freeze(view: string): Promise<string | undefined> {
    const lineage = this.#lineage;
    if (!lineage) return undefined;
    const record = this.#current(lineage);
    await writeWhole(this.#recordPath(view), bytesFrom(record));
    this.#records.set(view, record);
    lineage.epoch += 1;
    await this.#saveLineage();
    return `${record.uuid}/${record.epoch}`;
  }

  async release(view: string): Promise<void> {
    this.#records.delete(view);
    await rm(this.#recordPath(view), { force: true });
  }

  /**
   * Grains (ascending) that were changed after this change id and up to the view, or up to now.
   * Undefined when the id is not of the view's lineage, is later than it, or is no change id.
   */
  changedSince(view: string | undefined, changeId: string): Uint32Array | undefined {
    const found = /^([0-9a-f -]{47})\/(\d{1,9})$/.exec(changeId);
    const record = view !== undefined ? this.#records.get(view) : this.#lineage && this.#current(this.#lineage);
    const epoch = Number(found?.[2]);
    if (!found || !record || record.uuid !== found[1] || epoch < 1 || epoch > record.epoch) return undefined;
    return record.grains.filter((_, index) => record.epochs[index]! > epoch);
  }

  async close(): Promise<void> {
    await this.#log?.close();
    this.#log = undefined;
  }

  #current({ uuid, epoch }: Lineage): FrozenMarks {
    const grains = Uint32Array.from(this.#marks.keys()).sort();
    return { uuid, epoch, grains, epochs: grains.map((grain) => this.#marks.get(grain)!) };
  }

  get #logPath(): string {
    return join(this.#folder, 'tracking.log');
  }

  #recordPath(view: string): string {
    return join(this.#folder, `${view}.ctk`);
  }

  async #saveLineage(): Promise<void> {
    await writeWhole(join(this.#folder, 'tracking.json'), JSON.stringify(this.#lineage ?? null));
  }

  async #forget(): Promise<void> {
    await this.close();
    await rm(this.#logPath, { force: true });
    this.#marks = new Map();
  }

  /** Also writes the log anew without what later entries made void. */
  async #readLog(lineage: Lineage): Promise<void> {
    const bytes = await readFile(this.#logPath).catch(() => Buffer.alloc(0));
    for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY) {
      this.#marks.set(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
    }
    if (bytes.length === this.#marks.size * ENTRY) return;
    const { grains, epochs } = this.#current(lineage);
    await writeWhole(this.#logPath, interleaved(grains, epochs));
  }
}

function newUuid(): string {
  const hex = Buffer.concat([Buffer.from([0x52]), randomBytes(15)]).toString('hex');
  const half = (digits: string) => digits.match(/../g)!.join(' ');
  return `${half(hex.slice(0, 16))}-${half(hex.slice(16))}`;
}

function interleaved(grains: Uint32Array, epochs: Uint32Array): Buffer {
  const bytes = Buffer.alloc(grains.length * ENTRY);
  grains.forEach((grain, index) => {
    bytes.writeUInt32LE(grain, index * ENTRY);
    bytes.writeUInt32LE(epochs[index]!, index * ENTRY + 4);
  });
  return bytes;
}

function bytesFrom({ uuid, epoch, grains, epochs }: FrozenMarks): Buffer {
  return Buffer.concat([Buffer.from(`${uuid}/${epoch}\n`, 'latin1'), interleaved(grains, epochs)]);
}

function recordFrom(bytes: Buffer): FrozenMarks {
  const end = bytes.indexOf('\n');
  const [uuid = '', epoch] = bytes.toString('latin1', 0, end).split('/');
  const entries = bytes.subarray(end + 1);
  const length = Math.floor(entries.length / ENTRY);
  const column = (offset: number) =>
    Uint32Array.from({ length }, (_, index) => entries.readUInt32LE(index * ENTRY + offset));
  return { uuid, epoch: Number(epoch), grains: column(0), epochs: column(4) };
}

async function writeWhole(path: string, bytes: string | Buffer): Promise<void> {
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}
