// What the guest and the administrators do to one server of a property run, and what the test remembers of it: sizes, names,
// which blocks may differ from the baseline, which disks lost their change tracking.
import type { Vm } from '../lab/world/world.ts';
import { DISK_BLOCK_BYTES } from '../replication/model/extent.ts';
import type { Installation } from './installation.ts';
import type { Action } from './property-turns.ts';
import { leastOffset } from './property-world.ts';

/** What happened to the disks since some moment. */
export interface Happened {
  /** Per disk, blocks that were written, zeroed or given back. */
  touched: Set<number>[];
  /** Disks whose change ids are of a new lineage. */
  reset: Set<number>;
}

export class Guest {
  readonly #site: Installation;
  readonly #vm: Vm;
  readonly capacities: number[];
  /** Somebody else's snapshot was there once: tracking may have been impossible to turn on. */
  foreignEver = false;
  #foreign = false;
  #names = 0;
  #happened: Happened;

  constructor(site: Installation, vm: Vm) {
    this.#site = site;
    this.#vm = vm;
    this.capacities = vm.disks.map((disk) => disk.capacityBytes);
    this.#happened = nothing(vm);
  }

  /** What happened since this was asked last. */
  takeHappened(): Happened {
    const happened = this.#happened;
    this.#happened = nothing(this.#vm);
    return happened;
  }

  async act(action: Action): Promise<void> {
    const { id: vm, disks } = this.#vm;
    const control = (call: string, body: object) =>
      this.#site.control<Record<string, unknown>>(`/vcenter/${call}`, { vm, ...body });
    const some = (disk: number) => disk % disks.length;
    switch (action.do) {
      case 'guest-work': {
        const disk = some(action.disk);
        // The lab chooses the places, so the disk that VM Import looks at is left alone.
        if (leastOffset(this.#vm, disk) > 0) return;
        const { seed, operations } = action;
        const { done } = await control('guest-work', { disk, seed, operations, maxBytes: 400_000 });
        for (const one of done as { offset: number; length: number }[]) this.#touch(disk, one.offset, one.length);
        return;
      }
      case 'write':
      case 'zero':
      case 'trim': {
        const disk = some(action.disk);
        const place = this.#place(disk, action);
        if (place.length === 0) return;
        await control(action.do, { disk, ...place, ...(action.do === 'write' && { seed: action.seed }) });
        this.#touch(disk, place.offset, place.length);
        return;
      }
      case 'grow':
        return this.#grow(some(action.disk), action.sectors, action.reset);
      case 'reset-tracking': {
        const disk = action.disk === null ? undefined : some(action.disk);
        await control('reset-tracking', { disk });
        return this.#reset(disk);
      }
      case 'relocate': {
        const disk = action.disk === null ? undefined : some(action.disk);
        const name = action.rename && disk !== undefined ? this.#newName() : undefined;
        await control('relocate', { disk, name, datastore: action.datastore, resetTracking: action.reset });
        return action.reset ? this.#reset(disk) : undefined;
      }
      case 'swap-names':
        return this.#swapNames();
      case 'foreign-snapshot':
        if (action.remove !== this.#foreign) return;
        // Files that another's removal leaves are not for us to consolidate: no run would begin any more.
        if (action.remove) await control('vm', { removal: 'consolidates' });
        await control('foreign-snapshot', { name: 'by hand', remove: action.remove });
        this.#foreign = !action.remove;
        this.foreignEver = true;
        return;
      case 'folder-mode':
        return void (await control('vm', { folderMode: action.mode }));
      case 'removal':
        return void (await control('vm', { removal: action.removal }));
      case 'power':
        return void (await control('power', { on: action.on }));
    }
  }

  /** Whole blocks where that is asked for; nothing before the boot loader's end. */
  #place(disk: number, { at, length, blocks }: { at: number; length: number; blocks: boolean }) {
    const capacity = this.capacities[disk] ?? 0;
    const least = leastOffset(this.#vm, disk);
    const unit = blocks ? DISK_BLOCK_BYTES : 1;
    const wanted = least + Math.floor(((capacity - least) * at) / 1_000_001);
    const offset = Math.max(least, Math.floor(wanted / unit) * unit);
    return { offset, length: Math.min(capacity - offset, Math.ceil(length / unit) * unit) };
  }

  async #grow(disk: number, sectors: number, resetTracking: boolean): Promise<void> {
    const vm = this.#vm.id;
    const { snapshots } = await this.#site.control<{ snapshots: unknown[] }>('/vcenter/snapshots', { vm });
    // vSphere refuses it under snapshots, and one of a run that failed may still be there.
    if (snapshots.length > 0) return;
    const capacityBytes = (this.capacities[disk] ?? 0) + sectors * 512;
    await this.#site.control('/vcenter/grow', { vm, disk, capacityBytes, resetTracking });
    this.#touch(disk, this.capacities[disk] ?? 0, sectors * 512);
    this.capacities[disk] = capacityBytes;
    if (resetTracking) this.#reset(disk);
  }

  /** The first two disks get each other's file names: nothing but their identity tells them apart. */
  async #swapNames(): Promise<void> {
    if (this.#vm.disks.length < 2) return;
    const vm = this.#vm.id;
    const rename = (disk: number, name: string) =>
      this.#site.control<{ fileNames: string[] }>('/vcenter/relocate', { vm, disk, name });
    const { fileNames } = await this.#site.control<{ fileNames: string[] }>('/vcenter/relocate', { vm, disk: 0 });
    const [first = '', second = ''] = fileNames.map((name) =>
      name.replace(/^.*\//, '').replace(/(-\d{6})?\.vmdk$/, ''),
    );
    await rename(0, this.#newName());
    await rename(1, first);
    await rename(0, second);
  }

  #newName(): string {
    this.#names += 1;
    return `${this.#vm.name}-moved-${this.#names}`;
  }

  #touch(disk: number, offset: number, length: number): void {
    const last = Math.ceil((offset + length) / DISK_BLOCK_BYTES);
    for (let block = Math.floor(offset / DISK_BLOCK_BYTES); block < last; block += 1)
      this.#happened.touched[disk]?.add(block);
  }

  #reset(disk: number | undefined): void {
    for (const index of disk === undefined ? this.#vm.disks.keys() : [disk]) this.#happened.reset.add(index);
  }
}

export function nothing(vm: Vm): Happened {
  return { touched: vm.disks.map(() => new Set()), reset: new Set() };
}

export function together(one: Happened, other: Happened): Happened {
  return {
    touched: one.touched.map((blocks, disk) => new Set([...blocks, ...(other.touched[disk] ?? [])])),
    reset: new Set([...one.reset, ...other.reset]),
  };
}
