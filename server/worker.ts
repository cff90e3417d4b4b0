// The worker: makes time pass. Program: `node server/worker.ts`; as many as wished, on as many machines.
import { database } from '../db/client.ts';
import { openAwsTarget } from '../replication/target/aws/open-target.ts';
import { runEngine } from './engine/engine.ts';
import { environment } from './env.ts';
import { stopListening } from './events/listen.ts';
import { log } from './log.ts';
import { stopQueue } from './queue/queue.ts';
import { processContext } from './services/context.ts';
import { awsTargetConfig } from './services/target.ts';

const env = environment('worker');
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(name)));

const db = database();
const target = openAwsTarget(awsTargetConfig());
log().info('worker started');
try {
  await runEngine({
    ctx: processContext('Landfall worker'),
    target,
    signal: stop.signal,
    concurrency: env.LANDFALL_WORKER_TASKS,
    leaseSeconds: env.LANDFALL_LEASE_SECONDS,
    pollMs: env.LANDFALL_AWS_POLL_MS ?? (env.LANDFALL_LAB ? 400 : 15_000),
  });
} finally {
  target.close();
  await stopQueue();
  await stopListening();
  await db.$client.end();
  log().info('worker stopped');
}
