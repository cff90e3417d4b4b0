// The worker: makes time pass. Program: `node server/worker.ts`; as many as wished, on as many machines.
import { database } from '../db/client.ts';
import { runEngine } from './engine/engine.ts';
import { environment } from './env.ts';
import { stopListening } from './events/listen.ts';
import { log } from './log.ts';
import { whyLinksMislead } from './public-url.ts';
import { stopQueue } from './queue/queue.ts';
import { checkSecrets } from './secrets/check.ts';
import { KeyRingError, readKeyRing } from './secrets/key-ring.ts';
import { targetPool } from './services/cloud/target-pool.ts';
import { processContext } from './services/context.ts';

const env = environment('worker');
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(name)));

const db = database();
try {
  await checkSecrets(db, readKeyRing());
} catch (error) {
  if (error instanceof KeyRingError) {
    console.error(error.message);
    process.exit(1);
  }
  log().warn({ error }, 'it could not be checked whether LANDFALL_SECRET_KEY opens what is sealed');
}
log().info('worker started');
const misleading = whyLinksMislead();
if (misleading) log().warn(misleading);
try {
  await runEngine({
    ctx: processContext('Landfall worker'),
    targets: targetPool(),
    signal: stop.signal,
    concurrency: env.LANDFALL_WORKER_TASKS,
    leaseSeconds: env.LANDFALL_LEASE_SECONDS,
    pollMs: env.LANDFALL_AWS_POLL_MS ?? (env.LANDFALL_LAB ? 400 : 15_000),
    tickScale: env.LANDFALL_TICK_SCALE,
  });
} finally {
  targetPool().close();
  await stopQueue();
  await stopListening();
  await db.$client.end();
  log().info('worker stopped');
}
