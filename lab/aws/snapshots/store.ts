// All EBS snapshots of the lab: metadata in JSON, blocks in sparse files that lie in layers over their parents.
// Opened once for a context by lab/aws/ec2 and lab/aws/ebs, which share it; nobody else imports it.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type PacedContext, paced, Timers } from '../pace.ts';
import { readJson, writeJson } from '../persisted.ts';
import { BlockFile, blockSize, blocksPerGiB, isZero } from './block-file.ts';
import { hashBlocks, type SnapshotHash } from './hash.ts';
import type { NewSnapshot, SnapshotRecord } from './record.ts';
import { EbsSettings } from './settings.ts';

export type { NewSnapshot, SnapshotRecord };

/** The same store for everybody who brings the same context. */
export function openSnapshotStore(context: PacedContext): SnapshotStore {
  if (!(context.snapshots instanceof SnapshotStore)) context.snapshots = new SnapshotStore(context);
  return context.snapshots as SnapshotStore;
}

/** A fresh resource id as EC2 forms them: the prefix and 17 hex digits. */
export function newId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`;
}

/** Most block files that stay open at a time. */
const openFiles = 200;

interface Layer {
  id: string;
  blocks: number;
  file: BlockFile;
}

export class SnapshotStore {
  readonly #context: PacedContext;
  readonly #root: string;
  readonly #records = new Map<string, SnapshotRecord>();
  readonly #files = new Map<string, BlockFile>();
  readonly #layers = new Map<string, Layer[]>();
  /** Ids whose files are open, the least recently used first. */
  readonly #recent = new Set<string>();
  readonly #lastWrite = new Map<string, number>();
  readonly #timers = new Timers();
  readonly settings: EbsSettings;
  /** From when on each snapshot is found by clients; those of an earlier process always were. */
  readonly #foundFrom = new Map<string, number>();
  /** Requests about snapshots while they were fresh. */
  readonly #asked = new Map<string, number>();

  constructor(context: PacedContext) {
    this.#context = context;
    this.settings = new EbsSettings(context);
    this.#root = join(context.dataDir, 'snapshots');
    mkdirSync(this.#root, { recursive: true });
    for (const id of readdirSync(this.#root)) {
      const record = readJson<SnapshotRecord>(join(this.#root, id, 'snapshot.json'));
      if (!record || record.hidden) rmSync(join(this.#root, id), { recursive: true, force: true });
      else {
        this.#records.set(id, record);
        this.#foundFrom.set(id, 0);
      }
    }
    for (const record of this.#records.values()) if (record.completing) this.#completeSoon(record);
  }

  /** The account's setting: new snapshots and volumes are encrypted. */
  get encryptionByDefault(): boolean {
    return this.settings.now.encryptionByDefault;
  }

  /** Makes a snapshot; `pending` when the caller does not say otherwise. */
  create(input: NewSnapshot): SnapshotRecord {
    const id = newId('snap');
    const record: SnapshotRecord = {
      state: 'pending',
      progress: 0,
      lineage: id,
      tags: {},
      encrypted: false,
      owner: this.#context.account,
      volumeId: 'vol-ffffffff',
      startTime: this.#context.now().toISOString(),
      ...input,
      id,
    };
    this.#records.set(id, record);
    this.#lastWrite.set(id, Number(this.#context.now()));
    this.save(record);
    return record;
  }

  /** A visible snapshot. Turns it to error first when its time without writes ran out. */
  get(id: string): SnapshotRecord | undefined {
    const record = this.#records.get(id);
    if (!record || record.hidden || record.deleted) return undefined;
    this.#expire(record);
    return record;
  }

  /** For the fault rules; undefined when there is no such snapshot. */
  descriptionOf(id: string): string | undefined {
    return this.#records.get(id)?.description;
  }

  /** A snapshot as a client's request finds it: AWS may not know yet of a fresh one. */
  seen(id: string): SnapshotRecord | undefined {
    const record = this.get(id);
    return record && !this.#notYetFound(record) ? record : undefined;
  }

  /** All snapshots as a client's request finds them. */
  allSeen(): SnapshotRecord[] {
    return this.list().filter((record) => !this.#notYetFound(record));
  }

  /** All visible snapshots in the order of their ids. */
  list(): SnapshotRecord[] {
    return this.visible().sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** All visible snapshots in the order in which they were made. */
  visible(): SnapshotRecord[] {
    const all = [...this.#records.values()].filter((record) => !record.hidden && !record.deleted);
    for (const record of all) this.#expire(record);
    return all;
  }

  save(record: SnapshotRecord): void {
    if (!record.hidden && !this.#foundFrom.has(record.id)) {
      this.#foundFrom.set(record.id, Number(this.#context.now()) + this.settings.now.notFoundMs);
    }
    writeJson(join(this.#root, record.id, 'snapshot.json'), record);
  }

  /** The snapshot's own layer, to write into. */
  file(id: string): BlockFile {
    const file = this.#fileOf(id);
    this.#recent.delete(id);
    this.#recent.add(id);
    for (const oldest of this.#recent) {
      if (this.#recent.size <= openFiles) break;
      this.#recent.delete(oldest);
      void this.#files.get(oldest)?.close();
    }
    return file;
  }

  #fileOf(id: string): BlockFile {
    let file = this.#files.get(id);
    if (!file) {
      const record = this.#records.get(id);
      if (!record) throw new Error(`There is no snapshot ${id} in the lab.`);
      file = new BlockFile(join(this.#root, id), record.volumeSize * blocksPerGiB);
      this.#files.set(id, file);
    }
    return file;
  }

  async putBlock(record: SnapshotRecord, index: number, bytes: Uint8Array, sha256: Uint8Array): Promise<void> {
    this.#lastWrite.set(record.id, Number(this.#context.now()));
    await this.file(record.id).writeBlock(index, bytes, sha256);
  }

  /** The layer that holds a block of this snapshot; undefined when nobody wrote it. */
  layerOf(id: string, index: number): string | undefined {
    for (const layer of this.#layersOf(id)) if (index < layer.blocks && layer.file.has(index)) return layer.id;
    return undefined;
  }

  /** The snapshot's own layer and those beneath it, which stay as long as it does. */
  #layersOf(id: string): Layer[] {
    let layers = this.#layers.get(id);
    if (!layers) {
      layers = [];
      for (let at = this.#records.get(id); at; at = at.below ? this.#records.get(at.below) : undefined)
        layers.push({ id: at.id, blocks: at.volumeSize * blocksPerGiB, file: this.#fileOf(at.id) });
      this.#layers.set(id, layers);
    }
    return layers;
  }

  /** A block as a reader of the snapshot sees it; undefined when it was never written in any layer. */
  async read(id: string, index: number, into: Buffer = Buffer.alloc(blockSize)): Promise<Buffer | undefined> {
    const layer = this.layerOf(id, index);
    if (!layer) return undefined;
    await this.file(layer).readBlock(index, into);
    return into;
  }

  /** The same with the SHA-256 of the bytes. */
  async readHashed(id: string, index: number): Promise<{ bytes: Buffer; sha256: Buffer } | undefined> {
    const layer = this.layerOf(id, index);
    if (!layer) return undefined;
    const bytes = Buffer.alloc(blockSize);
    return { bytes, sha256: await this.file(layer).readHashed(index, bytes) };
  }

  /** From now on no block may be written; `completed` follows shortly after. */
  complete(record: SnapshotRecord): void {
    record.completing = true;
    this.save(record);
    this.#completeSoon(record);
  }

  /** A copy with a lineage of its own. It costs no bytes. */
  copy(original: SnapshotRecord, input: Partial<NewSnapshot>): SnapshotRecord {
    return this.create({
      volumeSize: original.volumeSize,
      description: '',
      encrypted: original.encrypted,
      ...(original.kmsKeyId ? { kmsKeyId: original.kmsKeyId } : {}),
      ...input,
      below: original.id,
    });
  }

  /** Removes a snapshot. Its bytes stay while another one reads through them. */
  async remove(id: string): Promise<void> {
    const record = this.#records.get(id);
    if (!record) return;
    record.deleted = true;
    this.save(record);
    await this.#collect(record);
  }

  /** Writes the snapshot as a sparse raw image of its volume's size. */
  async flatten(id: string, path: string, signal?: AbortSignal): Promise<void> {
    const record = this.#records.get(id);
    if (!record) throw new Error(`There is no snapshot ${id} in the lab.`);
    const image = await open(path, 'w');
    try {
      await image.truncate(record.volumeSize * blocksPerGiB * blockSize);
      const block = Buffer.alloc(blockSize);
      for (let index = 0; index < record.volumeSize * blocksPerGiB; index += 1) {
        signal?.throwIfAborted();
        const bytes = await this.read(id, index, block);
        if (bytes && !isZero(bytes)) await image.write(bytes, 0, blockSize, index * blockSize);
      }
    } finally {
      await image.close();
    }
  }

  /** The lab's own hash. `length` (bytes) leaves out what lies beyond a disk that is no whole number of GiB. */
  async hash(id: string, length?: number): Promise<SnapshotHash> {
    const record = this.#records.get(id);
    if (!record || record.hidden) throw new Error(`There is no snapshot ${id} in the lab.`);
    const all = record.volumeSize * blocksPerGiB;
    const blockCount = length === undefined ? all : Math.min(all, Math.ceil(length / blockSize));
    const hashed = await hashBlocks(blockCount, async (index, into) => {
      const layer = this.layerOf(id, index);
      return layer ? this.file(layer).hashOf(index, into) : undefined;
    });
    return { snapshotId: id, blockSize, volumeSize: record.volumeSize, ...hashed };
  }

  async close(): Promise<void> {
    this.#timers.stop();
    await Promise.all([...this.#files.values()].map((file) => file.close()));
    this.#files.clear();
  }

  #notYetFound({ id }: SnapshotRecord): boolean {
    if (Number(this.#context.now()) >= (this.#foundFrom.get(id) ?? 0)) return false;
    const asked = (this.#asked.get(id) ?? 0) + 1;
    this.#asked.set(id, asked);
    return asked % this.settings.now.notFoundEvery === 0;
  }

  #completeSoon(record: SnapshotRecord): void {
    this.#timers.after(paced(this.#context, 800), () => {
      if (record.deleted) return;
      record.state = 'completed';
      record.progress = 100;
      record.completionTime = this.#context.now().toISOString();
      record.completing = undefined;
      this.save(record);
    });
  }

  #expire(record: SnapshotRecord): void {
    if (record.state !== 'pending' || record.completing || !record.timeoutMinutes) return;
    const now = Number(this.#context.now());
    const last = this.#lastWrite.get(record.id) ?? now;
    this.#lastWrite.set(record.id, last);
    if (now - last <= record.timeoutMinutes * 60_000) return;
    record.state = 'error';
    record.stateMessage = `No block was written for ${record.timeoutMinutes} minutes.`;
    this.save(record);
  }

  async #collect(record: SnapshotRecord): Promise<void> {
    if (!record.deleted || [...this.#records.values()].some((other) => other.below === record.id)) return;
    this.#records.delete(record.id);
    this.#layers.delete(record.id);
    const file = this.#files.get(record.id);
    this.#files.delete(record.id);
    this.#recent.delete(record.id);
    await file?.close();
    const folder = join(this.#root, record.id);
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    const below = record.below ? this.#records.get(record.below) : undefined;
    if (below) await this.#collect(below);
  }
}
