// All disks of the lab's vCenter. A disk comes into being, and is filled, when somebody first looks into it.
// For lab/vcenter only.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VmState } from '../state.ts';
import { LabDisk } from './disk.ts';
import { type DiskHashes, hashDisk } from './hashes.ts';

export class DiskStore {
  readonly #root: string;
  readonly #open = new Map<string, Promise<LabDisk>>();
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
        const known = new Set(vm.snapshots.map((snapshot) => snapshot.id));
        for (const id of disk.viewIds) if (!known.has(id)) await disk.release(id);
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

  /** A write of the guest; waits while the VM is stunned by a snapshot. */
  guestWrite(vm: VmState, index: number, offset: number, bytes: Uint8Array): Promise<void> {
    return this.#whileNotStunned(vm, async () => (await this.disk(vm, index)).write(offset, bytes));
  }

  /** Freezes the disks that take part in snapshots at one instant: no guest write falls between two of them. */
  freeze(vm: VmState, view: string): Promise<void> {
    return this.#whileNotStunned(vm, async () => {
      for (const index of snapshotDisks(vm)) await (await this.disk(vm, index)).freeze(view);
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
