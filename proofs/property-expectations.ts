// What each run of a property test must have done, by what happened to the server's disks since its baseline.
import { expect } from 'vitest';
import type { Vm } from '../lab/world/world.ts';
import type { CopyMode } from '../replication/model/baseline.ts';
import { type Happened, nothing, together } from './property-guest.ts';
import type { Run } from './property-runs.ts';

interface DiskBaseline {
  snapshotId: string;
  changeId: string | null;
  capacityBytes: number;
}

/** How far a run was disturbed: then fewer things are certain. */
export interface Disturbed {
  /** A rule of the lab hit a request of the run. */
  faultHit: boolean;
  parentsRefused: boolean;
}

export class Expectations {
  readonly #vm: Vm;
  #baselines = new Map<number, DiskBaseline>();
  #since: Happened;
  /** Disks of whose digests an object was deleted, until they are copied whole. */
  #digestsDoubtful = new Set<number>();

  constructor(vm: Vm) {
    this.#vm = vm;
    this.#since = nothing(vm);
  }

  get parents(): string[] {
    return [...this.#baselines.values()].map(({ snapshotId }) => snapshotId);
  }

  get digestsDoubtful(): boolean {
    return this.#digestsDoubtful.size > 0;
  }

  digestsDeleted(): void {
    for (const disk of this.#vm.disks.keys()) this.#digestsDoubtful.add(disk);
  }

  /** To be called when a run has ended, with what happened before its snapshot and after it. */
  runEnded(run: Run, before: Happened, after: Happened, disturbed: Disturbed): void {
    const made = run.results['make-snapshots'];
    const since = together(this.#since, before);
    if (!made) {
      this.#since = together(since, after);
      return;
    }
    if (run.state === 'completed') this.#check(run, since, disturbed);
    this.#since = after;
    for (const disk of run.results['take-snapshot']?.disks ?? []) {
      const snapshotId = made.disks.find(({ id }) => id === disk.id)?.snapshotId;
      if (!snapshotId) throw new Error(`${run.id} made no snapshot of ${disk.label}`);
      this.#baselines.set(disk.order, { snapshotId, changeId: disk.changeId, capacityBytes: disk.capacityBytes });
      const copied = run.results['copy-disks']?.disks.find(({ id }) => id === disk.id);
      if (copied?.mode === 'full') this.#digestsDoubtful.delete(disk.order);
    }
  }

  #check(run: Run, since: Happened, disturbed: Disturbed): void {
    for (const disk of run.results['take-snapshot']?.disks ?? []) {
      const copied = run.results['copy-disks']?.disks.find(({ id }) => id === disk.id);
      if (!copied) throw new Error(`${run.id} copied no ${disk.label}`);
      const baseline = this.#baselines.get(disk.order);
      const seen = { disk: disk.label, mode: copied.mode, reason: copied.reason };
      const sound = !disturbed.faultHit && !this.#digestsDoubtful.has(disk.order);
      if (sound) expect(seen).toEqual({ ...seen, mode: this.#modeOf(disk, since, disturbed) });
      // A person reads why it was not less.
      expect({ ...seen, explained: copied.reason !== null }).toEqual({ ...seen, explained: copied.mode !== 'delta' });
      // The parent is the last snapshot of this very disk, and of no other.
      const parent = copied.mode === 'full' ? null : baseline?.snapshotId;
      expect({ ...seen, parent: copied.parentSnapshotId }).toEqual({ ...seen, parent });
      const touched = since.touched[disk.order]?.size ?? 0;
      if (copied.mode !== 'full' && (copied.blocks ?? 0) > touched) {
        throw new Error(`${disk.label}: ${copied.blocks} blocks were sent, though only ${touched} were touched`);
      }
    }
  }

  #modeOf(
    disk: { order: number; changeId: string | null; capacityBytes: number },
    since: Happened,
    disturbed: Disturbed,
  ): CopyMode {
    const baseline = this.#baselines.get(disk.order);
    if (!baseline || disturbed.parentsRefused) return 'full';
    if (disk.capacityBytes > baseline.capacityBytes || since.reset.has(disk.order)) return 'compared';
    return disk.changeId && baseline.changeId ? 'delta' : 'compared';
  }
}
