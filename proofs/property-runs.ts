// Follows many runs at once with one question to the database.
import { setTimeout as delay } from 'node:timers/promises';
import { inArray } from 'drizzle-orm';
import { replicationRuns } from '../db/schema/index.ts';
import { ITINERARY, type StepId } from '../replication/model/itinerary.ts';
import { isEnded } from '../replication/model/run.ts';
import type { Installation } from './installation.ts';

export type Run = typeof replicationRuns.$inferSelect;

const EVERY_MS = 100;

interface Waiting {
  runId: string;
  /** Resolved when the run is at this step or beyond it, or has ended. */
  step: StepId | null;
  until: number;
  resolve(): void;
  reject(error: Error): void;
}

export class RunWatch {
  readonly #site: Installation;
  readonly #waiting = new Set<Waiting>();
  #looking: Promise<void> | null = null;

  constructor(site: Installation) {
    this.#site = site;
  }

  /** The run when it has ended. */
  async ended(runId: string, seconds: number): Promise<Run> {
    await this.#wait(runId, null, seconds);
    const [run] = await this.#site.db
      .select()
      .from(replicationRuns)
      .where(inArray(replicationRuns.id, [runId]));
    if (!run) throw new Error(`${runId} is gone`);
    return run;
  }

  /** Returns when the run has reached the step, or has ended before. */
  reached(runId: string, step: StepId, seconds: number): Promise<void> {
    return this.#wait(runId, step, seconds);
  }

  #wait(runId: string, step: StepId | null, seconds: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ runId, step, until: Date.now() + seconds * 1000, resolve, reject });
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
    });
  }

  async #look(): Promise<void> {
    while (this.#waiting.size > 0) {
      const { id, state, step } = replicationRuns;
      const runIds = [...new Set([...this.#waiting].map((one) => one.runId))];
      const rows = await this.#site.db.select({ id, state, step }).from(replicationRuns).where(inArray(id, runIds));
      for (const one of [...this.#waiting]) {
        const row = rows.find((found) => found.id === one.runId);
        const there =
          row && (isEnded(row.state) || (one.step !== null && row.state === 'active' && at(row.step) >= at(one.step)));
        if (!there && Date.now() < one.until) continue;
        this.#waiting.delete(one);
        if (there) one.resolve();
        else one.reject(new Error(`${one.runId} did not reach ${one.step ?? 'its end'}: ${row?.state}, ${row?.step}`));
      }
      await delay(EVERY_MS);
    }
  }
}

function at(step: StepId): number {
  return ITINERARY.findIndex(({ id }) => id === step);
}
