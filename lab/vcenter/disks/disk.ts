// A virtual disk with real bytes: one sparse raw file, and for each snapshot a file of the grains that were overwritten
// since (copy before write), so that the frozen view stays while the guest writes on.
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ComputedBytes, computedBytes, type DiskContent, fillDisk } from './content.ts';
import { GRAIN, GrainMap, grainState } from './grain-map.ts';
import { ChangeTracking } from './tracking.ts';

/** Preserved grains of one snapshot. What it lacks is found in the next newer view, and at last in the live file. */
interface FrozenView {
  id: string;
  file: FileHandle;
  map: GrainMap;
}

type Source = Pick<FileHandle, 'read'> | ComputedBytes;

export class LabDisk {
  readonly folder: string;
  readonly tracking: ChangeTracking;
  #capacity: number;
  readonly #live: FileHandle;
  /** Which grains the live file holds, and which were trimmed; the others are as computed, or zeros. */
  readonly #allocated: GrainMap;
  readonly #computed: ComputedBytes | undefined;
  /** Oldest first. */
  readonly #views: FrozenView[];
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    folder: string,
    capacity: number,
    live: FileHandle,
    allocated: GrainMap,
    computed: ComputedBytes | undefined,
    views: FrozenView[],
    tracking: ChangeTracking,
  ) {
    this.folder = folder;
    this.tracking = tracking;
    this.#capacity = capacity;
    this.#live = live;
    this.#allocated = allocated;
    this.#computed = computed;
    this.#views = views;
  }

  /** Opens the disk in this folder; the first time it is created and filled with its content. */
  static async open(folder: string, capacity: number, content: DiskContent): Promise<LabDisk> {
    await mkdir(folder, { recursive: true });
    const grains = Math.ceil(capacity / GRAIN);
    const path = join(folder, 'live.raw');
    const mapPath = join(folder, 'live.map');
    const existing = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    let live = existing;
    if (!live) {
      const part = `${path}.part`;
      await rm(mapPath, { force: true });
      const [fresh, map] = [await open(part, 'w+'), await GrainMap.open(mapPath, grains)];
      await fresh.truncate(capacity);
      await fillDisk(fresh, map.states, capacity, content);
      await map.writeAll();
      await map.close();
      await rename(part, path);
      live = fresh;
    }
    // Killed while the disk grew: the description knows it already.
    if ((await live.stat()).size < capacity) await live.truncate(capacity);
    const names = await readFile(join(folder, 'views.json'), 'utf8').then(
      (text) => JSON.parse(text) as string[],
      () => [],
    );
    const views: FrozenView[] = [];
    for (const id of names) views.push(await openView(folder, id, capacity));
    const allocated = await GrainMap.open(mapPath, grains);
    const tracking = await ChangeTracking.open(folder, names);
    return new LabDisk(folder, capacity, live, allocated, computedBytes(content, capacity), views, tracking);
  }

  /** Bytes, a multiple of 512. */
  get capacity(): number {
    return this.#capacity;
  }

  get grains(): number {
    return Math.ceil(this.#capacity / GRAIN);
  }

  get viewIds(): string[] {
    return this.#views.map((view) => view.id);
  }

  /** Bytes that the preserved grains of all snapshots take. */
  get preservedBytes(): number {
    let grains = 0;
    for (const view of this.#views) for (const state of view.map.states) if (state === grainState.data) grains += 1;
    return grains * GRAIN;
  }

  /** Bytes of the file at the bottom of the chain: what the oldest view shows, or the live disk. */
  get baseBytes(): number {
    let grains = 0;
    for (let at = this.nextAllocated(this.viewIds[0], 0); at >= 0; at = this.nextAllocated(this.viewIds[0], at + 1)) {
      grains += 1;
    }
    return Math.min(this.capacity, grains * GRAIN);
  }

  /** Bytes of the delta file above a view: what was written until the next one was frozen. */
  deltaBytes(id: string): number {
    const view = this.#views.find((candidate) => candidate.id === id);
    let grains = 0;
    for (const state of view?.map.states ?? []) if (state !== grainState.absent) grains += 1;
    return grains * GRAIN;
  }

  /** From now on the view of this id shows the disk as it is at this moment. Its change id, if changes are tracked. */
  freeze(id: string): Promise<string | undefined> {
    return this.#exclusive(async () => {
      if (this.#views.some((view) => view.id === id)) throw new Error(`The view ${id} exists`);
      const changeId = await this.tracking.freeze(id);
      this.#views.push(await openView(this.folder, id, this.capacity));
      await this.#saveViews();
      return changeId;
    });
  }

  /** Switches tracking on or off, between two writes. */
  track(on: boolean, blind: boolean): Promise<void> {
    return this.#exclusive(() => this.tracking.set(on, blind));
  }

  resetTracking(): Promise<void> {
    return this.#exclusive(() => this.tracking.reset());
  }

  /** Makes the disk larger; the new end reads as zeros. Throws while a frozen view exists. */
  grow(capacity: number): Promise<void> {
    return this.#exclusive(async () => {
      if (this.#views.length > 0) throw new Error('A disk with snapshots cannot grow');
      if (capacity < this.#capacity) throw new RangeError('A disk does not become smaller');
      await this.#live.truncate(capacity);
      this.#allocated.grow(Math.ceil(capacity / GRAIN));
      this.#capacity = capacity;
    });
  }

  /** Forgets a frozen view; grains that an older view still needs move into it. Unknown ids are let pass. */
  release(id: string): Promise<void> {
    return this.#exclusive(async () => {
      const index = this.#views.findIndex((view) => view.id === id);
      const view = this.#views[index];
      if (!view) return;
      const older = this.#views[index - 1];
      if (older) {
        for (let grain = 0; grain < this.grains; grain += 1) {
          const state = view.map.states[grain]!;
          if (state === grainState.absent || older.map.states[grain] !== grainState.absent) continue;
          if (state === grainState.data) await copyGrain(view.file, older.file, grain, this.capacity);
          await older.map.set(grain, state);
        }
      }
      this.#views.splice(index, 1);
      await this.#saveViews();
      await view.file.close();
      await view.map.close();
      await rm(viewPath(this.folder, id, 'raw'), { force: true });
      await rm(viewPath(this.folder, id, 'map'), { force: true });
      await this.tracking.release(id);
    });
  }

  /** A write by the guest. Throws a RangeError outside of the disk. */
  write(offset: number, bytes: Uint8Array): Promise<void> {
    if (offset < 0 || offset + bytes.length > this.capacity) throw new RangeError('The write ends beyond the disk');
    if (bytes.length === 0) return Promise.resolve();
    return this.#exclusive(async () => {
      const end = Math.ceil((offset + bytes.length) / GRAIN);
      const first = Math.floor(offset / GRAIN);
      await this.tracking.mark(first, end);
      for (let grain = first; grain < end; grain += 1) {
        await this.#preserve(grain);
        await this.#store(grain);
      }
      await this.#live.write(bytes, 0, bytes.length, offset);
    });
  }

  /** An unmap by the guest: whole grains are given back, what is left at both ends is overwritten with zeros. */
  async trim(offset: number, length: number): Promise<void> {
    const stop = offset + length;
    if (offset < 0 || length < 0 || stop > this.capacity) throw new RangeError('The range ends beyond the disk');
    const first = Math.ceil(offset / GRAIN);
    const end = stop === this.capacity ? this.grains : Math.floor(stop / GRAIN);
    if (first >= end) return this.write(offset, Buffer.alloc(length));
    await this.write(offset, Buffer.alloc(first * GRAIN - offset));
    await this.write(Math.min(stop, end * GRAIN), Buffer.alloc(Math.max(0, stop - end * GRAIN)));
    await this.#exclusive(async () => {
      await this.tracking.mark(first, end);
      for (let grain = first; grain < end; grain += 1) {
        await this.#preserve(grain);
        await this.#allocated.set(grain, grainState.zero);
      }
    });
  }

  /**
   * Bytes of the live disk (`view` undefined) or of a frozen view. Past the end of the disk there are zeros.
   * @param into is filled and returned instead of a new buffer, for readers of whole disks
   */
  read(view: string | undefined, offset: number, length: number, into?: Buffer): Promise<Buffer> {
    return this.#exclusive(async () => {
      const buffer = into?.subarray(0, length).fill(0) ?? Buffer.alloc(length);
      let position = offset;
      const end = Math.min(offset + length, this.capacity);
      while (position < end) {
        const file = this.#sourceOf(view, Math.floor(position / GRAIN));
        let stop = (Math.floor(position / GRAIN) + 1) * GRAIN;
        while (stop < end && this.#sourceOf(view, stop / GRAIN) === file) stop += GRAIN;
        stop = Math.min(stop, end);
        if (file) await file.read(buffer, position - offset, stop - position, position);
        position = stop;
      }
      return buffer;
    });
  }

  /** The first grain at or after this one that may hold something other than zeros; -1 when there is none. */
  nextAllocated(view: string | undefined, from: number): number {
    const first = this.#firstView(view);
    for (let grain = from; grain < this.grains; grain += 1) {
      if (this.#fileFor(first, grain)) return grain;
    }
    return -1;
  }

  async close(): Promise<void> {
    await this.#exclusive(async () => {
      for (const view of this.#views) {
        await view.file.close();
        await view.map.close();
      }
      await this.#live.close();
      await this.#allocated.close();
      await this.tracking.close();
    });
  }

  /** The live file holds this grain from now on. */
  async #store(grain: number): Promise<void> {
    const state = this.#allocated.states[grain];
    if (state === grainState.data) return;
    const below = state === grainState.zero ? zeros : this.#belowViews(grain);
    if (below) await copyGrain(below, this.#live, grain, this.capacity);
    await this.#allocated.set(grain, grainState.data);
  }

  /** Before a grain changes, the newest view takes what it showed. */
  async #preserve(grain: number): Promise<void> {
    const view = this.#views.at(-1);
    if (!view || view.map.states[grain] !== grainState.absent) return;
    const below = this.#belowViews(grain);
    if (!below) return view.map.set(grain, grainState.zero);
    await copyGrain(below, view.file, grain, this.capacity);
    await view.map.set(grain, grainState.data);
  }

  #firstView(view: string | undefined): number {
    if (view === undefined) return this.#views.length;
    const first = this.#views.findIndex((candidate) => candidate.id === view);
    if (first < 0) throw new Error(`There is no view ${view}`);
    return first;
  }

  #sourceOf(view: string | undefined, grain: number): Source | undefined {
    return this.#fileFor(this.#firstView(view), grain);
  }

  #fileFor(first: number, grain: number): Source | undefined {
    for (let index = first; index < this.#views.length; index += 1) {
      const view = this.#views[index]!;
      const state = view.map.states[grain];
      if (state === grainState.data) return view.file;
      if (state === grainState.zero) return undefined;
    }
    return this.#belowViews(grain);
  }

  /** Where the live disk has this grain; undefined for zeros. */
  #belowViews(grain: number): Source | undefined {
    const state = this.#allocated.states[grain];
    if (state === grainState.data) return this.#live;
    if (state === grainState.zero) return undefined;
    return this.#computed && grain < this.#computed.grains ? this.#computed : undefined;
  }

  async #saveViews(): Promise<void> {
    const path = join(this.folder, 'views.json');
    await writeFile(`${path}.part`, JSON.stringify(this.viewIds));
    await rename(`${path}.part`, path);
  }

  /** One operation after the other: a read never sees half a write, nor a view that is being merged. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** The live file still holds what a trimmed grain was. */
const zeros: ComputedBytes = {
  grains: Number.POSITIVE_INFINITY,
  read: async (buffer, start, length) => buffer.fill(0, start, start + length),
};

async function copyGrain(from: Source, to: FileHandle, grain: number, capacity: number): Promise<void> {
  const length = Math.min(GRAIN, capacity - grain * GRAIN);
  const buffer = Buffer.alloc(length);
  await from.read(buffer, 0, length, grain * GRAIN);
  await to.write(buffer, 0, length, grain * GRAIN);
}

function viewPath(folder: string, id: string, kind: 'raw' | 'map'): string {
  return join(folder, `${id}.${kind}`);
}

async function openView(folder: string, id: string, capacity: number): Promise<FrozenView> {
  const path = viewPath(folder, id, 'raw');
  const file = await open(path, 'a+').then(async (created) => {
    await created.close();
    return open(path, 'r+');
  });
  return { id, file, map: await GrainMap.open(viewPath(folder, id, 'map'), Math.ceil(capacity / GRAIN)) };
}
