// The only place that knows pg-boss. A queue row is a nudge to look at a run; the run itself is the truth, so a nudge
// may be lost or come twice.
import { sql } from 'drizzle-orm';
import { fromDrizzle, PgBoss } from 'pg-boss';
import type { Queries } from '../../db/client.ts';

const ADVANCE_RUN = 'advance-run';

const slot = globalThis as { landfallQueue?: Promise<PgBoss> };

function start(): Promise<PgBoss> {
  slot.landfallQueue ??= (async () => {
    const boss = new PgBoss({
      connectionString: process.env.DATABASE_URL,
      application_name: 'landfall-queue',
      max: 3,
      schedule: false,
      useListenNotify: true,
      superviseIntervalSeconds: 30,
    });
    // pg-boss reports lost connections here and goes on by itself.
    boss.on('error', () => {});
    try {
      await boss.start();
      await boss.createQueue(ADVANCE_RUN, {
        notify: true,
        retryLimit: 5,
        retryDelay: 1,
        retryBackoff: true,
        expireInSeconds: 60,
        deleteAfterSeconds: 600,
      });
    } catch (error) {
      // The next caller opens another one; this one must not go on beside it.
      await boss.stop({ graceful: false }).catch(() => {});
      throw error;
    }
    return boss;
  })().catch((error) => {
    slot.landfallQueue = undefined;
    throw error;
  });
  return slot.landfallQueue;
}

/** Asks the engine to look at a run once this transaction has committed. */
export async function nudgeRun(tx: Queries, runId: string): Promise<void> {
  const boss = await start();
  await boss.send(ADVANCE_RUN, { runId }, { db: fromDrizzle(tx, sql) });
}

/** Calls `advance` for every nudge, a few at once. Returns when the queue listens. */
export async function onNudge(advance: (runId: string) => Promise<void>): Promise<void> {
  const boss = await start();
  await boss.work<{ runId: string }>(
    ADVANCE_RUN,
    // One fetch takes all that waits: several fetchers would each ask at every notification, and all but one in vain.
    { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 2, localConcurrency: 1, batchSize: 8 },
    async (jobs) => {
      await Promise.all([...new Set(jobs.map(({ data }) => data.runId))].map(advance));
    },
  );
}

/** Ends the queue of this process; jobs under way get a few seconds. */
export async function stopQueue(): Promise<void> {
  const running = slot.landfallQueue;
  slot.landfallQueue = undefined;
  if (!running) return;
  const boss = await running.catch(() => null);
  await boss?.stop({ graceful: true, timeout: 3_000 });
}
