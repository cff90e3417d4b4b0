// The lab's vCenter as one object: what every method of the API works on.
import { join } from 'node:path';
import type { FaultRules } from '../faults/rules.ts';
import type { World } from '../world/world.ts';
import { DiskStore } from './disks/store.ts';
import { Events } from './events.ts';
import type { ManagedObject } from './inventory/managed-object.ts';
import { Inventory } from './inventory/tree.ts';
import { Leases } from './leases.ts';
import { Sessions } from './sessions.ts';
import { defaultSettings, type VcenterSettings } from './settings.ts';
import { managedObjectNotFound } from './soap/fault.ts';
import { type MoRef, ref } from './soap/value.ts';
import { loadState, newState, type SnapshotState, saveState, type VcenterState, type VmState } from './state.ts';
import { Tasks } from './tasks.ts';
import { Traffic } from './traffic.ts';

export interface CenterOptions {
  dataDir: string;
  faults: FaultRules;
  world: World;
  clockScale: number;
  settings?: Partial<VcenterSettings>;
}

export class Center {
  readonly settings: VcenterSettings;
  readonly faults: FaultRules;
  readonly state: VcenterState;
  readonly disks: DiskStore;
  readonly sessions: Sessions;
  readonly tasks: Tasks;
  readonly leases: Leases;
  readonly events: Events;
  readonly inventory: Inventory;
  readonly traffic = new Traffic();
  /** Aborted when the lab stops. */
  readonly closing = new AbortController();
  /** Where clients reach it; filled in when the server listens. */
  address = { port: 0, thumbprint: '', fingerprint: '', certificate: '' };
  readonly #statePath: string;
  #waiters = new Set<() => void>();
  #changes = 0;

  constructor(options: CenterOptions) {
    this.#statePath = join(options.dataDir, 'vcenter.json');
    this.faults = options.faults;
    this.settings = { ...defaultSettings(options.clockScale), ...options.settings };
    this.state = loadState(this.#statePath) ?? newState(options.world);
    for (const added of newState(options.world).vms) {
      if (!this.state.vms.some((known) => known.vm.id === added.vm.id)) this.state.vms.push(added);
    }
    this.disks = new DiskStore(join(options.dataDir, 'disks'));
    this.sessions = new Sessions(this);
    this.events = new Events(this);
    this.tasks = new Tasks(this);
    this.leases = new Leases(this);
    this.inventory = new Inventory(this);
    this.save();
  }

  /** Writes the state to disk and wakes whoever waits for updates. */
  save(): void {
    saveState(this.#statePath, this.state);
    this.changed();
  }

  /** Something that a property shows is different now. */
  changed(): void {
    this.#changes += 1;
    for (const wake of [...this.#waiters]) wake();
  }

  get changes(): number {
    return this.#changes;
  }

  /** Resolves at the next change after this count, at the end of the time, or when the signal aborts. */
  async nextChange(since: number, milliseconds: number | undefined, signal: AbortSignal): Promise<void> {
    if (this.#changes > since || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#waiters.delete(done);
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = milliseconds === undefined ? undefined : setTimeout(done, milliseconds);
      this.#waiters.add(done);
      signal.addEventListener('abort', done);
    });
  }

  /** Any object by its reference; undefined when there is none. */
  find(object: MoRef): ManagedObject | undefined {
    const found =
      this.inventory.find(object.value) ??
      this.tasks.find(object.value) ??
      this.leases.find(object.value) ??
      this.sessions.find(object.value);
    return found?.ref.type === object.type ? found : undefined;
  }

  get(object: MoRef): ManagedObject {
    const found = this.find(object);
    if (!found) throw managedObjectNotFound(object);
    return found;
  }

  /** A VM by managed object id or by name. */
  vm(idOrName: string): VmState {
    const found = this.state.vms.find(({ vm }) => vm.id === idOrName || vm.name === idOrName);
    if (!found) throw managedObjectNotFound(ref('VirtualMachine', idOrName));
    return found;
  }

  snapshot(id: string): { vm: VmState; snapshot: SnapshotState } {
    for (const vm of this.state.vms) {
      const snapshot = vm.snapshots.find((candidate) => candidate.id === id);
      if (snapshot) return { vm, snapshot };
    }
    throw managedObjectNotFound(ref('VirtualMachineSnapshot', id));
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.leases.close();
    await this.tasks.idle();
    this.sessions.close();
    saveState(this.#statePath, this.state);
    await this.disks.close();
  }
}
