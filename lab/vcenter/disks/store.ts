// All disks of the lab's vCenter. A disk comes into being, and is filled, when somebody first looks into it.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chainOf, type VmState } from '../state.ts';
import { LabDisk } from './disk.ts';
import { type DiskHashes, hashDisk } from './hashes.ts';

const ZERO_PIECE = 4 * 1024 * 1024;

export class DiskStore {
  readonly #root: string;
  readonly #open = new Map<string, Promise<LabDisk>>();
  readonly #ready = new Map<string, LabDisk>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(root: string) {
    this.#root = root;
  }

  disk(vm: VmState, index: number): Promise<LabDisk> {
    const description = vm.vm.disks[index];
    if (!description) return Promise.reject(new Error(`${vm.vm.name} has no disk ${index}`));
    const name = `${vm.vm.id}-${index}`;
    const known = this.#open.get(name);
    if (known) return known;
    const opened = LabDisk.open(join(this.#root, name), description.capacityBytes, description.content).then(
      async (disk) => {
        // A process that was killed between freezing a view and noting the snapshot leaves a view that nobody knows.
        const known = new Set(chainOf(vm).map((one) => one.id));
        for (const id of disk.viewIds) if (!known.has(id)) await disk.release(id);
        this.#ready.set(name, disk);
        return disk;
      },
    );
    this.#open.set(name, opened);
    opened.catch(() => this.#open.delete(name));
    return opened;
  }

  /** The disk if it is in use already; for what must not bring one into being. */
  diskInUse(vm: VmState, index: number): Promise<LabDisk> | undefined {
    return this.#open.get(`${vm.vm.id}-${index}`);
  }

  /** The disk if somebody looked into it already, at once. */
  ready(vm: VmState, index: number): LabDisk | undefined {
    return this.#ready.get(`${vm.vm.id}-${index}`);
  }

  /** Looks into every disk that has views, so that what they hold is known. */
  async openFrozen(vms: VmState[]): Promise<void> {
    for (const vm of vms)
      if (chainOf(vm).length > 0) for (const index of vm.vm.disks.keys()) await this.disk(vm, index);
  }

  /** A write of the guest; waits while the VM is stunned by a snapshot. */
  guestWrite(vm: VmState, index: number, offset: number, bytes: Uint8Array): Promise<void> {
    return this.#whileNotStunned(vm, async () => (await this.disk(vm, index)).write(offset, bytes));
  }

  /** The guest gives a range back; waits while the VM is stunned. */
  guestTrim(vm: VmState, index: number, offset: number, length: number): Promise<void> {
    return this.#whileNotStunned(vm, async () => (await this.disk(vm, index)).trim(offset, length));
  }

  /** The guest writes zeros, a piece at a time. */
  async guestZero(vm: VmState, index: number, offset: number, length: number): Promise<void> {
    const capacity = vm.vm.disks[index]?.capacityBytes ?? 0;
    if (offset + length > capacity) throw new RangeError('The range ends beyond the disk');
    for (let done = 0; done < length; done += ZERO_PIECE) {
      await this.guestWrite(vm, index, offset + done, Buffer.alloc(Math.min(ZERO_PIECE, length - done)));
    }
  }

  /**
   * Freezes the disks that take part in snapshots at one instant: no guest write falls between two of them.
   * `before` and `after` run in the same instant. The change id of each disk that tracks changes.
   */
  freeze(
    vm: VmState,
    view: string,
    before: () => Promise<void>,
    after: () => Promise<void>,
  ): Promise<(string | undefined)[]> {
    return this.#whileNotStunned(vm, async () => {
      await before();
      const changeIds: (string | undefined)[] = vm.vm.disks.map(() => undefined);
      for (const index of snapshotDisks(vm)) changeIds[index] = await (await this.disk(vm, index)).freeze(view);
      await after();
      return changeIds;
    });
  }

  /** A moment in which the guest stands still: what `work` does falls between two of its writes. */
  stun(vm: VmState, work: () => Promise<void>): Promise<void> {
    return this.#whileNotStunned(vm, work);
  }

  /** Switches change tracking on every disk that takes part in snapshots. To be called within a stun. */
  async track(vm: VmState, on: boolean, blind: boolean): Promise<void> {
    for (const index of snapshotDisks(vm)) await (await this.disk(vm, index)).track(on, blind);
  }

  async resetTracking(vm: VmState, index: number): Promise<void> {
    await (await this.disk(vm, index)).resetTracking();
  }

  /** Makes a disk larger. Throws while the VM has snapshots. */
  async grow(vm: VmState, index: number, capacity: number): Promise<void> {
    await this.#whileNotStunned(vm, async () => {
      const disk = await this.disk(vm, index);
      const description = vm.vm.disks[index]!;
      const { content } = description;
      // What is computed rather than stored must not reach into the new end.
      if (content.kind === 'incompressible') content.bytes = Math.min(content.bytes, disk.capacity);
      await disk.grow(capacity);
      description.capacityBytes = capacity;
    });
  }

  async release(vm: VmState, view: string): Promise<void> {
    for (const index of vm.vm.disks.keys()) await (await this.disk(vm, index)).release(view);
  }

  async hash(vm: VmState, index: number, view?: string): Promise<DiskHashes> {
    const disk = await this.disk(vm, index);
    if (view === undefined || disk.viewIds.includes(view)) return hashDisk(disk, view);
    const kept = await readFile(this.#hashesPath(vm, index, view), 'utf8').catch(() => undefined);
    if (!kept) throw new Error(`The disk ${index} of ${vm.vm.name} has no view ${view}, and no hashes of it were kept`);
    return JSON.parse(kept) as DiskHashes;
  }

  /** Notes the hashes of a view, so that they can be asked for when it is gone. */
  async keepHashes(vm: VmState, view: string): Promise<void> {
    await mkdir(join(this.#root, 'hashes'), { recursive: true });
    for (const index of vm.vm.disks.keys()) {
      const disk = await this.disk(vm, index);
      if (!disk.viewIds.includes(view)) continue;
      const path = this.#hashesPath(vm, index, view);
      await writeFile(`${path}.part`, JSON.stringify(await hashDisk(disk, view)));
      await rename(`${path}.part`, path);
    }
  }

  async close(): Promise<void> {
    for (const opened of this.#open.values()) {
      const disk = await opened.catch(() => undefined);
      await disk?.close();
    }
    this.#open.clear();
    this.#ready.clear();
  }

  #hashesPath(vm: VmState, index: number, view: string): string {
    return join(this.#root, 'hashes', `${vm.vm.id}-${index}-${view}.json`);
  }

  #whileNotStunned<T>(vm: VmState, work: () => Promise<T>): Promise<T> {
    const result = (this.#turns.get(vm.vm.id) ?? Promise.resolve()).then(work);
    this.#turns.set(
      vm.vm.id,
      result.catch(() => undefined),
    );
    return result;
  }
}

/** Independent disks take no part in snapshots. */
export function snapshotDisks(vm: VmState): number[] {
  return [...vm.vm.disks.keys()].filter((index) => vm.vm.disks[index]!.mode === 'persistent');
}
