// Progress of a copy as people read it: per disk bytes, rate over the last seconds, time left; one tick a second.
import type { CopyProgress } from '../../disks/pump.ts';
import type { DiskProgress, StepProgress } from '../../model/step-results.ts';

const TICK_MS = 1_000;
/** The rate is taken over so many ticks: calm, and still true within seconds. */
const RATE_TICKS = 8;

interface Line {
  disk: DiskProgress;
  /** Position and bytes read at each of the last ticks. */
  history: { at: number; done: number; read: number }[];
}

export class CopyProgressBoard {
  readonly #lines: Line[];
  readonly #tell: (progress: StepProgress, percent: number) => void;
  readonly #timer: NodeJS.Timeout;

  constructor(
    disks: readonly { id: string; label: string; capacityBytes: number; order: number }[],
    tell: (progress: StepProgress, percent: number) => void,
  ) {
    this.#tell = tell;
    this.#lines = [...disks]
      .sort((a, b) => a.order - b.order)
      .map(({ id, label, capacityBytes }) => ({
        disk: {
          id,
          label,
          capacityBytes,
          doneBytes: 0,
          bytesRead: 0,
          bytesSent: 0,
          rate: 0,
          secondsLeft: null,
          state: 'waiting',
        },
        history: [],
      }));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  update(diskId: string, progress: CopyProgress): void {
    const line = this.#lines.find((one) => one.disk.id === diskId);
    if (!line || line.disk.state === 'done') return;
    line.disk = {
      ...line.disk,
      state: 'running',
      doneBytes: Math.max(line.disk.doneBytes, progress.offset),
      bytesRead: progress.bytesRead,
      bytesSent: progress.bytesSent,
    };
  }

  done(diskId: string): void {
    const line = this.#lines.find((one) => one.disk.id === diskId);
    if (!line) return;
    line.disk = { ...line.disk, state: 'done', doneBytes: line.disk.capacityBytes, rate: 0, secondsLeft: 0 };
    this.#tick();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    for (const line of this.#lines) {
      if (line.disk.state !== 'running') continue;
      line.history.push({ at: now, done: line.disk.doneBytes, read: line.disk.bytesRead });
      if (line.history.length > RATE_TICKS) line.history.shift();
      const first = line.history[0];
      const seconds = first ? (now - first.at) / 1000 : 0;
      if (!first || seconds <= 0) continue;
      const pace = (line.disk.doneBytes - first.done) / seconds;
      line.disk = {
        ...line.disk,
        rate: (line.disk.bytesRead - first.read) / seconds,
        secondsLeft: pace > 0 ? Math.round((line.disk.capacityBytes - line.disk.doneBytes) / pace) : null,
      };
    }
    const total = this.#lines.reduce((sum, { disk }) => sum + disk.capacityBytes, 0);
    const done = this.#lines.reduce((sum, { disk }) => sum + disk.doneBytes, 0);
    const fraction = total > 0 ? done / total : 0;
    this.#tell({ fraction, note: null, disks: this.#lines.map(({ disk }) => disk) }, Math.floor(fraction * 100));
  }
}
