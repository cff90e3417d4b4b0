// Keeps the buckets, objects and uploads of the lab's S3: in memory for answers, in one small file each on disk.
// A change is one rename, made without a pause in between, so that a kill at any moment leaves the old or the new.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataFiles } from './data-files.ts';
import type { BucketRecord, Part, StoredObject, Upload, UploadRecord } from './model.ts';
import { SortedKeys } from './sorted-keys.ts';

interface BucketState {
  record: BucketRecord;
  objects: Map<string, StoredObject>;
  keys: SortedKeys;
}

export class S3Store {
  readonly data: DataFiles;
  readonly #folder: string;
  readonly #buckets = new Map<string, BucketState>();
  readonly #uploads = new Map<string, Upload>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.data = new DataFiles(join(folder, 'data'));
  }

  /** Reads what is there, and clears away what a crash left unfinished. */
  static async open(folder: string): Promise<S3Store> {
    const store = new S3Store(folder);
    mkdirSync(join(folder, 'buckets'), { recursive: true });
    mkdirSync(join(folder, 'uploads'), { recursive: true });
    for (const name of readdirSync(join(folder, 'buckets'))) store.#loadBucket(name);
    for (const id of readdirSync(join(folder, 'uploads'))) store.#loadUpload(id);
    await store.data.removeOrphans();
    return store;
  }

  #loadBucket(name: string): void {
    const folder = this.#bucketFolder(name);
    if (!existsSync(join(folder, 'bucket.json'))) return;
    const state = emptyBucket(read<BucketRecord>(join(folder, 'bucket.json')));
    for (const object of readAll<StoredObject>(join(folder, 'objects'))) {
      state.objects.set(object.key, object);
      this.data.retain(object.segments);
    }
    state.keys = new SortedKeys(state.objects.keys());
    this.#buckets.set(name, state);
  }

  #loadUpload(id: string): void {
    const folder = this.#uploadFolder(id);
    if (!existsSync(join(folder, 'upload.json'))) {
      rmSync(folder, { recursive: true });
      return;
    }
    const parts = readAll<Part>(join(folder, 'parts'));
    for (const part of parts) this.data.retain(part.segments);
    const record = read<UploadRecord>(join(folder, 'upload.json'));
    this.#uploads.set(id, { ...record, parts: new Map(parts.map((part) => [part.number, part])) });
  }

  buckets(): BucketRecord[] {
    return [...this.#buckets.values()].map(({ record }) => record).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  bucket(name: string): BucketRecord | undefined {
    return this.#buckets.get(name)?.record;
  }

  createBucket(record: BucketRecord): void {
    mkdirSync(join(this.#bucketFolder(record.name), 'objects'), { recursive: true });
    this.#buckets.set(record.name, emptyBucket(record));
    this.saveBucket(record);
  }

  /** To be called after a change of its settings. */
  saveBucket(record: BucketRecord): void {
    write(join(this.#bucketFolder(record.name), 'bucket.json'), record);
  }

  /** The bucket must be empty. */
  deleteBucket(name: string): void {
    for (const upload of this.uploads(name)) this.removeUpload(upload.id);
    rmSync(join(this.#bucketFolder(name), 'bucket.json'));
    rmSync(this.#bucketFolder(name), { recursive: true });
    this.#buckets.delete(name);
  }

  object(bucket: string, key: string): StoredObject | undefined {
    return this.#buckets.get(bucket)?.objects.get(key);
  }

  /** In the order of their bytes in UTF-8, beginning with the first key that is not less than `from`. */
  keysFrom(bucket: string, from: string): Iterable<string> {
    return this.#buckets.get(bucket)?.keys.from(from) ?? [];
  }

  objectCount(bucket: string): number {
    return this.#buckets.get(bucket)?.objects.size ?? 0;
  }

  /** Makes or replaces an object, and takes over its data. */
  commitObject(bucket: string, object: StoredObject): void {
    const state = this.#buckets.get(bucket);
    if (!state) throw new Error(`there is no bucket ${bucket}`);
    write(this.#objectPath(bucket, object.key), object);
    const before = state.objects.get(object.key);
    this.data.retain(object.segments);
    state.objects.set(object.key, object);
    if (before) this.data.release(before.segments);
    else state.keys.add(object.key);
  }

  removeObject(bucket: string, key: string): void {
    const state = this.#buckets.get(bucket);
    const object = state?.objects.get(key);
    if (!state || !object) return;
    rmSync(this.#objectPath(bucket, key), { force: true });
    state.objects.delete(key);
    state.keys.remove(key);
    this.data.release(object.segments);
  }

  /** Open uploads of a bucket, or of all, by key and then by time. */
  uploads(bucket?: string): Upload[] {
    return [...this.#uploads.values()]
      .filter((upload) => bucket === undefined || upload.bucket === bucket)
      .sort((a, b) =>
        a.key === b.key ? (a.initiated + a.id < b.initiated + b.id ? -1 : 1) : SortedKeys.compare(a.key, b.key),
      );
  }

  upload(id: string): Upload | undefined {
    return this.#uploads.get(id);
  }

  createUpload(record: Omit<UploadRecord, 'id'>): Upload {
    const full: UploadRecord = { id: randomBytes(24).toString('base64url'), ...record };
    mkdirSync(join(this.#uploadFolder(full.id), 'parts'), { recursive: true });
    write(join(this.#uploadFolder(full.id), 'upload.json'), full);
    const upload = { ...full, parts: new Map<number, Part>() };
    this.#uploads.set(full.id, upload);
    return upload;
  }

  /** Makes or replaces a part, and takes over its data. */
  commitPart(upload: Upload, part: Part): void {
    write(join(this.#uploadFolder(upload.id), 'parts', `${part.number}.json`), part);
    const before = upload.parts.get(part.number);
    this.data.retain(part.segments);
    upload.parts.set(part.number, part);
    if (before) this.data.release(before.segments);
  }

  removeUpload(id: string): void {
    const upload = this.#uploads.get(id);
    if (!upload) return;
    // Without its upload.json the rest is rubbish, should a kill come in between.
    rmSync(join(this.#uploadFolder(id), 'upload.json'), { force: true });
    rmSync(this.#uploadFolder(id), { recursive: true, force: true });
    this.#uploads.delete(id);
    for (const part of upload.parts.values()) this.data.release(part.segments);
  }

  #bucketFolder(name: string): string {
    return join(this.#folder, 'buckets', name);
  }

  #uploadFolder(id: string): string {
    return join(this.#folder, 'uploads', id);
  }

  #objectPath(bucket: string, key: string): string {
    const name = createHash('sha256').update(key).digest('hex');
    return join(this.#bucketFolder(bucket), 'objects', `${name}.json`);
  }
}

function emptyBucket(record: BucketRecord): BucketState {
  return { record, objects: new Map(), keys: new SortedKeys([]) };
}

function write(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value));
  renameSync(`${path}.new`, path);
}

function read<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

function readAll<T>(folder: string): T[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => read<T>(join(folder, name)));
}
