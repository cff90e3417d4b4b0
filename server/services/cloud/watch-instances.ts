// Keeping instances as EC2 says they are: one describe for some that have not ended, soon again for those that change by themselves.
// What has not changed is not written: a row that stays as it is costs a read. Called by the engine.
import { isDeepStrictEqual } from 'node:util';
import { and, asc, eq, getTableColumns, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm';
import { artifacts, instances } from '../../../db/schema/index.ts';
import { log } from '../../log.ts';
import { inTransaction, type ProgramContext } from '../context.ts';
import type { Round } from '../round.ts';
import { atEachTarget } from './each-target.ts';
import { finishLaunch } from './launch.ts';
import { cloudDeadline, type Targets } from './target-pool.ts';

/** So many of either kind: with more, each is asked about the less often. */
const BATCH = 100;
const LOST_OF_TARGET = 10;

/** Where a worker is among the instances. */
export interface InstanceRounds {
  /** Those that are starting or ending. */
  changing: Round;
  all: Round;
}

export async function watchInstances(
  ctx: ProgramContext,
  targets: Targets,
  rounds: InstanceRounds,
  signal: AbortSignal,
): Promise<void> {
  const places = Map.groupBy(await toLookAt(ctx, rounds), (row) => `${row.targetId}/${row.targetRevision}`);
  // One that does not answer holds up no other.
  const looked = await Promise.allSettled([
    ...[...places.values()].map((rows) => watchThose(ctx, rows, targets, signal)),
    finishLostLaunches(ctx, signal),
  ]);
  const failed = looked.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}

type Watched = Awaited<ReturnType<typeof toLookAt>>[number];

/** Instances of one place. */
async function watchThose(ctx: ProgramContext, open: Watched[], targets: Targets, signal: AbortSignal): Promise<void> {
  const [first] = open;
  if (!first) return;
  const target = await targets.at(ctx.db, first);
  const seen = await target.instances.describe(
    open.flatMap((row) => (row.instanceId ? [row.instanceId] : [])),
    signal,
  );
  for (const row of open) {
    const now = row.instanceId ? seen.get(row.instanceId) : undefined;
    // Unknown a moment after the launch is EC2's eventual consistency; after an hour the instance is gone.
    const gone = !now && ctx.now().getTime() - row.launchedAt.getTime() > 3_600_000;
    if (!now && !gone) continue;
    const state = now?.state ?? 'terminated';
    // Not by their text: a jsonb column keeps no order of keys.
    if (isDeepStrictEqual(row.detail, now ?? row.detail) && row.state === state) continue;
    await inTransaction(ctx, row.workspaceId, async ({ tx, event }) => {
      const ended = state === 'terminated';
      const passed = now?.systemStatus === 'ok' && now.instanceStatus === 'ok';
      await tx
        .update(instances)
        .set({
          state,
          detail: now ?? row.detail,
          ...(passed && !row.checksPassedAt ? { checksPassedAt: ctx.now() } : {}),
          ...(ended ? { terminatedAt: ctx.now() } : {}),
        })
        .where(eq(instances.id, row.id));
      if (ended) {
        await tx.update(artifacts).set({ state: 'released', releasedAt: ctx.now() }).where(eq(artifacts.token, row.id));
      }
      event({ topic: 'instances', subjectId: row.id, kind: 'changed' });
    });
  }
}

/** The next of those that are starting or ending, and the next of all. */
async function toLookAt({ db }: ProgramContext, rounds: InstanceRounds) {
  const { id, launchedAt } = instances;
  const next = async (round: Round, which?: SQL) => {
    const rows = await db
      .select({
        id,
        workspaceId: instances.workspaceId,
        targetId: instances.targetId,
        targetRevision: instances.targetRevision,
        instanceId: instances.instanceId,
        state: instances.state,
        detail: instances.detail,
        launchedAt,
        checksPassedAt: instances.checksPassedAt,
        at: sql<string>`${launchedAt}::text`,
      })
      .from(instances)
      .where(and(isNull(instances.terminatedAt), isNotNull(instances.instanceId), which, round.ahead(launchedAt, id)))
      .orderBy(asc(launchedAt), asc(id))
      .limit(BATCH);
    round.took(rows, BATCH);
    return rows;
  };
  // As the index instances_changing says it.
  const changing = sql`(${instances.state} not in ('running', 'stopped') or (${instances.state} = 'running' and ${instances.checksPassedAt} is null))`;
  const rows = [...(await next(rounds.changing, changing)), ...(await next(rounds.all))];
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

/** Launches whose caller died between the row and EC2's answer. */
async function finishLostLaunches(ctx: ProgramContext, signal: AbortSignal): Promise<void> {
  const isLost = and(eq(instances.state, 'launching'), sql`${instances.launchedAt} < now() - interval '40 seconds'`);
  // Some of each target, and not always the same: no few that cannot be told hold up the others.
  const place = sql<number>`row_number() over (partition by ${instances.targetId} order by random())`.as('place');
  const some = ctx.db.select({ id: instances.id, place }).from(instances).where(isLost).as('some');
  const lost = await ctx.db
    .select(getTableColumns(instances))
    .from(instances)
    .innerJoin(some, eq(some.id, instances.id))
    .where(and(isLost, lte(some.place, LOST_OF_TARGET)));
  const finish = async (launches: typeof lost, turn: AbortSignal) => {
    for (const row of launches) {
      turn.throwIfAborted();
      // What EC2 refuses is kept with the row; what cannot be told yet is asked again.
      await finishLaunch(ctx, row, { again: true, signal: AbortSignal.any([turn, cloudDeadline()]) }).catch((error) =>
        log().warn({ error, launch: row.id }, 'a launch is still open'),
      );
    }
  };
  await atEachTarget(lost, finish, { signal });
}
