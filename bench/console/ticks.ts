// Rows about the worker's ticks, each the verb itself on the filled database with nothing that is due: what it costs every few
// seconds, in every worker, for as long as it runs.
import { loadavg } from 'node:os';
import { openDatabase } from '../../db/client.ts';
import type { InstanceState } from '../../replication/model/instance.ts';
import type { AwsTarget } from '../../replication/target/aws/target.ts';
import { tendCutovers } from '../../server/engine/cutovers.ts';
import { reap } from '../../server/engine/reaper.ts';
import { sweepRuns } from '../../server/engine/sweep.ts';
import { historyDays } from '../../server/env.ts';
import { stopQueue } from '../../server/queue/queue.ts';
import type { Targets } from '../../server/services/cloud/target-pool.ts';
import { watchInstances } from '../../server/services/cloud/watch-instances.ts';
import { noteSilentConnectors } from '../../server/services/connectors/report.ts';
import { type ProgramContext, systemContext } from '../../server/services/context.ts';
import { trimHistory } from '../../server/services/history/trim.ts';
import { createDueRuns } from '../../server/services/jobs/create-due-runs.ts';
import { fulfilSmallestWishes } from '../../server/services/overview/replicate-smallest.ts';
import { Round } from '../../server/services/round.ts';
import { foldTallies } from '../../server/services/tallies/keep.ts';
import { claimTasks } from '../../server/services/tasks/claim.ts';
import type { ConsoleRow } from './answers.ts';
import { sqlOnce } from './database.ts';
import { type Patience, timeOf } from './timing.ts';

const TICK_AIM_MS = 20;

export async function measureTicks(
  databaseUrl: string,
  patience: Patience,
  show: (row: ConsoleRow) => void,
): Promise<void> {
  process.env.DATABASE_URL = databaseUrl;
  const db = openDatabase(databaseUrl);
  const ctx = systemContext(db, null, 'bench');
  const { signal } = new AbortController();
  const aws = await awsThatSaysNothingNew(databaseUrl);
  const targets: Targets = { at: async () => aws, close: () => undefined };
  const claim = (place: 'connector' | 'cloud', connectorId: string | null) =>
    claimTasks(ctx, { workspaceId: null, place, connectorId, holder: 'bench', free: 10, leaseSeconds: 20 });
  const [silent] = await sqlOnce<{ id: string }>(
    databaseUrl,
    `select id from connectors order by last_seen_at limit 1`,
  );
  const rounds = { cutovers: new Round(), active: new Round(), pending: new Round() };
  const instances = { changing: new Round(), all: new Round() };
  await sweepOnce(ctx, databaseUrl);
  const ticks: [string, () => Promise<unknown>][] = [
    ['runs that are due', () => createDueRuns(ctx)],
    ['wishes', () => fulfilSmallestWishes(ctx)],
    ['cutovers', () => tendCutovers(ctx, rounds.cutovers)],
    ['sweep of runs', () => sweepRuns(ctx, rounds)],
    ['silent connectors', () => noteSilentConnectors(ctx)],
    ['reaper', () => reap(ctx, targets, signal)],
    ['history', () => trimHistory(ctx, historyDays())],
    ['instances', () => watchInstances(ctx, targets, instances, signal)],
    ['counts', () => foldTallies(ctx)],
    ["a worker's claim", () => claim('cloud', null)],
    ["a connector's claim", () => claim('connector', silent?.id ?? null)],
  ];
  try {
    for (const [name, tick] of ticks) {
      await nothingDue(databaseUrl);
      const [load = 0] = loadavg();
      const given = AbortSignal.timeout(patience.longest);
      const ask = () =>
        Promise.race([
          tick(),
          new Promise((_, refuse) => given.addEventListener('abort', () => refuse(new Error('no end in time')))),
        ]);
      show({ name: `tick: ${name}`, aim: TICK_AIM_MS, asked: [await timeOf(name, patience, ask)], load });
    }
  } finally {
    await stopQueue();
    await db.$client.end();
  }
}

/** Goes round all pending runs once, five a turn: what a waiting run says, as the fill has it, is then what the product says. */
async function sweepOnce(ctx: ProgramContext, databaseUrl: string): Promise<void> {
  const rounds = { active: new Round(), pending: new Round() };
  const [open] = await sqlOnce<{ turns: number }>(
    databaseUrl,
    `select ceil(count(*) / 5.0)::int as turns from replication_runs where state = 'pending'`,
  );
  for (let turn = 0; turn < (open?.turns ?? 0); turn += 1) await sweepRuns(ctx, rounds);
}

/**
 * As between two moments at which something is due: leases are held, no job and no cutover begins within the hour, and what is
 * needed has been put aside, as the reaper does with it in the first minutes.
 */
async function nothingDue(databaseUrl: string): Promise<void> {
  await sqlOnce(
    databaseUrl,
    `update tasks set lease_until = now() + interval '1 hour' where state = 'open' and holder is not null`,
  );
  await sqlOnce(
    databaseUrl,
    `update replication_jobs set next_run_at = next_run_at + interval '2 hours' where next_run_at < now() + interval '1 hour'`,
  );
  await sqlOnce(
    databaseUrl,
    `update cutovers set start_at = start_at + interval '7 days' where state = 'planned' and start_at < now() + interval '1 hour'`,
  );
  await sqlOnce(
    databaseUrl,
    `update artifacts set release_not_before = now() + interval '1 day' from replication_runs run
     where run.id = artifacts.run_id and run.state in ('completed', 'active', 'pending') and artifacts.state <> 'released' and release_not_before <= now()`,
  );
  // As if it were long ago: of rows that were just changed, an index cannot say alone whether all can see them.
  for (const table of ['tasks', 'replication_jobs', 'cutovers', 'artifacts'])
    await sqlOnce(databaseUrl, `vacuum (analyze) ${table}`);
}

/** Describes each instance as the database has it. Nothing else is asked of it. */
async function awsThatSaysNothingNew(databaseUrl: string): Promise<AwsTarget> {
  const rows = await sqlOnce<{ id: string; detail: InstanceState }>(
    databaseUrl,
    'select instance_id as id, detail from instances where terminated_at is null and detail is not null',
  );
  const known = new Map(rows.map(({ id, detail }) => [id, detail]));
  const describe = async (ids: string[]) => new Map(ids.flatMap((id) => (known.has(id) ? [[id, known.get(id)]] : [])));
  return { instances: { describe } } as unknown as AwsTarget;
}
