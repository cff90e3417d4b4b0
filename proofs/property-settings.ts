// Settings that all servers of a property run share, given to one run after the other.
import type { Installation } from './installation.ts';
import type { Turn } from './property-turns.ts';
import { setTarget } from './runs.ts';

export class SharedSettings {
  readonly #site: Installation;
  #turn: Promise<unknown> = Promise.resolve();
  #refused = new Set<string>();

  constructor(site: Installation) {
    this.#site = site;
  }

  /** Starts a run under these settings: a run copies them when it is made. AWS refuses these parents until `accept`. */
  withSettings<T>(turn: Turn, refused: readonly string[], start: () => Promise<T>): Promise<T> {
    return this.#alone(async () => {
      const { transfer, transport, verification, lateAws } = turn;
      await setTarget(this.#site, { transfer, transport, verification });
      for (const id of refused) this.#refused.add(id);
      await this.#tell({ notFoundMs: lateAws, notFoundEvery: 2 });
      return start();
    });
  }

  accept(refused: readonly string[]): Promise<void> {
    return this.#alone(async () => {
      for (const id of refused) this.#refused.delete(id);
      if (refused.length > 0) await this.#tell({});
    });
  }

  #tell(more: object): Promise<unknown> {
    return this.#site.control('/aws/snapshotSettings', { refuseParents: [...this.#refused], ...more });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work);
    this.#turn = next.catch(() => {});
    return next;
  }
}
