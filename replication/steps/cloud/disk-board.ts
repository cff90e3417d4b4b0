// Progress of the disks while AWS makes snapshots of them: percentages that never run back.
import type { DiskProgress, StepResults } from '../../model/step-results.ts';
import { type CloudStepContext, shortNote } from './step.ts';

type CopiedDisk = StepResults['copy-disks']['disks'][number];

export class DiskBoard {
  readonly #context: CloudStepContext;
  readonly #lines: { disk: CopiedDisk; label: string; percent: number; state: DiskProgress['state'] }[];

  constructor(context: CloudStepContext, disks: readonly CopiedDisk[]) {
    const snapshot = context.results['take-snapshot'];
    this.#context = context;
    this.#lines = disks.map((disk) => ({
      disk,
      label: snapshot?.disks.find((one) => one.id === disk.id)?.label ?? disk.id,
      percent: 0,
      state: 'running',
    }));
  }

  labelOf(diskId: string): string {
    return this.#lines.find(({ disk }) => disk.id === diskId)?.label ?? diskId;
  }

  show(diskId: string, percent: number, note: string | null = null): void {
    const line = this.#lines.find(({ disk }) => disk.id === diskId);
    if (line) {
      line.percent = Math.max(line.percent, Math.min(100, percent));
      if (line.state === 'waiting') line.state = 'running';
    }
    this.#tell(note);
  }

  /** These have not begun: AWS has no room for them yet. */
  wait(diskIds: readonly string[], note: string): void {
    for (const line of this.#lines) if (diskIds.includes(line.disk.id)) line.state = 'waiting';
    this.#tell(note);
  }

  done(diskId: string): void {
    const line = this.#lines.find(({ disk }) => disk.id === diskId);
    if (line) line.state = 'done';
    this.show(diskId, 100);
  }

  #tell(note: string | null): void {
    this.#context.progress({
      fraction: this.#lines.reduce((sum, one) => sum + one.percent, 0) / (100 * this.#lines.length),
      note: shortNote(note),
      disks: this.#lines.map(
        ({ disk, label, percent, state }): DiskProgress => ({
          id: disk.id,
          label,
          capacityBytes: disk.capacityBytes,
          doneBytes: Math.round((disk.capacityBytes * percent) / 100),
          bytesRead: disk.bytesRead,
          bytesSent: disk.bytesSent,
          rate: 0,
          secondsLeft: null,
          state,
        }),
      ),
    });
  }
}
