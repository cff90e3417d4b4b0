// The only place that knows pg-boss. A queue row is a nudge to look at a run or a delivery; their own rows are the truth, so a
// nudge may be lost or come twice. A mail is the exception: its queue row is all there is of it.
import { sql } from 'drizzle-orm';
import { fromDrizzle, PgBoss } from 'pg-boss';
import type { Queries } from '../../db/client.ts';

const ADVANCE_RUN = 'advance-run';
const DELIVER = 'deliver-notification';
const SEND_MAIL = 'send-mail';

/** A worker that is silent for this long is taken for dead, and another sends the mail. Longer than an attempt may take. */
const MAIL_LEASE_SECONDS = 120;

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
      // The delivery's row says when it is tried again.
      await boss.createQueue(DELIVER, {
        notify: true,
        retryLimit: 2,
        retryDelay: 5,
        expireInSeconds: 120,
        deleteAfterSeconds: 600,
      });
      // Half a minute, a minute, two… and hours at last: a day and a half in all.
      await boss.createQueue(SEND_MAIL, {
        notify: true,
        retryLimit: 14,
        retryDelay: 30,
        retryBackoff: true,
        retryDelayMax: 4 * 3600,
        expireInSeconds: MAIL_LEASE_SECONDS,
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

/** Asks for a look at a delivery once this transaction has committed, not before a time. */
export async function nudgeDelivery(tx: Queries, deliveryId: string, notBefore?: Date): Promise<void> {
  const boss = await start();
  await boss.send(DELIVER, { deliveryId }, { db: fromDrizzle(tx, sql), ...(notBefore && { startAfter: notBefore }) });
}

/** Calls `deliver` for every nudge, some at once: a receiver that hangs holds up few others. Returns when the queue listens. */
export async function onDelivery(deliver: (deliveryId: string) => Promise<void>): Promise<void> {
  const boss = await start();
  await boss.work<{ deliveryId: string }>(
    DELIVER,
    { pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 5, localConcurrency: 2, batchSize: 10 },
    async (jobs) => {
      await Promise.all([...new Set(jobs.map(({ data }) => data.deliveryId))].map(deliver));
    },
  );
}

/** Puts a mail into the queue once this transaction has committed. */
export async function enqueueMail(tx: Queries, mail: object): Promise<void> {
  const boss = await start();
  await boss.send(SEND_MAIL, mail, { db: fromDrizzle(tx, sql) });
}

/**
 * Calls `send` for every mail. One that throws is tried again after a pause that doubles, and given up after a day and a half.
 * Returns when the queue listens.
 */
export async function onMail(send: (mail: unknown) => Promise<void>): Promise<void> {
  const boss = await start();
  await boss.work<object>(
    SEND_MAIL,
    { pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 5, localConcurrency: 2, batchSize: 1 },
    async (jobs) => {
      for (const { data } of jobs) await send(data);
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
