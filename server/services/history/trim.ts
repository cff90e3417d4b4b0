// Takes away what nobody reads any more, by the rule of docs/operations.md. Jobs, runs, AMIs, cutovers with their logs, and the
// audit trail stay for good; what lies outside is never touched here, only rows that tell of what is gone.
import { and, inArray, sql } from 'drizzle-orm';
import {
  artifacts,
  attempts,
  events,
  replicationRuns,
  runLog,
  sessions,
  signInChallenges,
  tasks,
} from '../../../db/schema/index.ts';
import type { ProgramContext } from '../context.ts';
import { trimDeliveries } from '../notifications/deliveries.ts';

/** Rows of one statement: some milliseconds' work. */
const ROWS = 200;
/** Runs have some thirty rows each. */
const RUNS = 20;
/** A tick leaves the rest to the next one. */
const MOST_BATCHES = 20;

/**
 * One turn; several workers may take one at once.
 * @param days for which the log, the steps and the released artifacts of an ended run are kept
 */
export async function trimHistory(ctx: ProgramContext, days: number): Promise<void> {
  const kinds = [
    () => trimEvents(ctx),
    () => trimSessions(ctx),
    () => trimChallenges(ctx),
    () => trimAttempts(ctx),
    () => trimDeliveries(ctx),
    () => trimTasks(ctx),
    () => trimArtifacts(ctx, days),
    () => trimRuns(ctx, days),
  ];
  for (const trim of kinds) for (let batch = 0; batch < MOST_BATCHES; batch += 1) if (!(await trim())) break;
}

/** Events are for screens that are open, or lost their connection a while ago: a week, and progress an hour. */
async function trimEvents({ db }: ProgramContext): Promise<boolean> {
  // One statement for both would read the whole table.
  const old = sql`select id from ${events} where at < now() - interval '7 days' order by at limit ${ROWS}`;
  const progress = sql`select id from ${events} where kind = 'progress' and at < now() - interval '1 hour' order by at limit ${ROWS}`;
  let most = 0;
  for (const rows of [old, progress]) {
    const { rowCount } = await db.delete(events).where(sql`${events.id} in (${rows})`);
    most = Math.max(most, rowCount ?? 0);
  }
  return most >= ROWS;
}

/**
 * Sessions that ended or ran out, a week later. That they were is in the audit trail. Of each person the last one stays, which
 * says when that person was last seen.
 */
async function trimSessions({ db }: ProgramContext): Promise<boolean> {
  const over = sql`least(s.ended_at, s.expires_at)`;
  const rows = sql`select s.id from ${sessions} s where ${over} < now() - interval '7 days' and exists (
      select from ${sessions} later where later.user_id = s.user_id and later.last_seen_at > s.last_seen_at)
    order by ${over} limit ${ROWS}`;
  const { rowCount } = await db.delete(sessions).where(sql`${sessions.id} in (${rows})`);
  return (rowCount ?? 0) >= ROWS;
}

/** Sign-ins that nobody finished. */
async function trimChallenges({ db }: ProgramContext): Promise<boolean> {
  const rows = sql`select c.token_hash from ${signInChallenges} c where c.expires_at < now() order by c.expires_at limit ${ROWS}`;
  const { rowCount } = await db.delete(signInChallenges).where(sql`${signInChallenges.tokenHash} in (${rows})`);
  return (rowCount ?? 0) >= ROWS;
}

/** Counts of tries that are over; an hour later, since each web counts by its own clock. */
async function trimAttempts({ db }: ProgramContext): Promise<boolean> {
  const anHourAgo = sql`(extract(epoch from now() - interval '1 hour') * 1000)::bigint`;
  const rows = sql`select a.key from ${attempts} a where a.expire < ${anHourAgo} order by a.expire limit ${ROWS}`;
  // One that counts anew meanwhile stays.
  const { rowCount } = await db
    .delete(attempts)
    .where(sql`${attempts.key} in (${rows}) and ${attempts.expire} < ${anHourAgo}`);
  return (rowCount ?? 0) >= ROWS;
}

/** Work of no run: imports, releases, power orders of cutovers that are over. A day after its end. */
async function trimTasks({ db }: ProgramContext): Promise<boolean> {
  const { rowCount } = await db.delete(tasks).where(
    sql`${tasks.id} in (
      select t.id from ${tasks} t
      where t.run_id is null and t.state <> 'open' and t.ended_at < now() - interval '1 day'
        and not exists (select 1 from cutovers c where c.id = t.cutover_id and c.ended_at is null)
      order by t.ended_at limit ${ROWS})`,
  );
  return (rowCount ?? 0) >= ROWS;
}

/** Entries of the ledger for what is gone. What still lies outside has its entry for as long as it lies there. */
async function trimArtifacts({ db }: ProgramContext, days: number): Promise<boolean> {
  const { rowCount } = await db.delete(artifacts).where(
    sql`${artifacts.id} in (
      select a.id from ${artifacts} a
      where a.state = 'released' and a.released_at < ${before(days)}
      order by a.released_at limit ${ROWS})`,
  );
  return (rowCount ?? 0) >= ROWS;
}

/**
 * The log and the steps of runs that ended long ago, and the marks with which their steps were taken up again. A run keeps all of
 * it while a baseline is its own or something that it left waits to be taken away; it is looked at again a day later.
 */
async function trimRuns({ db }: ProgramContext, days: number): Promise<boolean> {
  // Named in full: in the list of a SELECT from one table Drizzle writes a bare "id".
  const runId = sql`${replicationRuns}.id`;
  return db.transaction(async (tx) => {
    const rows = await tx
      .select({
        id: replicationRuns.id,
        needed: sql<boolean>`exists (select 1 from baselines b where b.run_id = ${runId} and b.revoked_at is null)
          or exists (select 1 from artifacts a where a.run_id = ${runId} and a.state <> 'released' and a.release_fault is not null)`,
      })
      .from(replicationRuns)
      .where(
        sql`${replicationRuns.endedAt} is not null and coalesce(${replicationRuns.trimAfter}, ${replicationRuns.endedAt}) < ${before(days)}`,
      )
      .orderBy(sql`coalesce(${replicationRuns.trimAfter}, ${replicationRuns.endedAt})`)
      .limit(RUNS)
      .for('update', { skipLocked: true });
    const kept = rows.filter(({ needed }) => needed).map(({ id }) => id);
    const over = rows.filter(({ needed }) => !needed).map(({ id }) => id);
    if (kept.length > 0) {
      await tx
        .update(replicationRuns)
        .set({ trimAfter: sql`${before(days)} + interval '1 day'` })
        .where(inArray(replicationRuns.id, kept));
    }
    if (over.length > 0) {
      await tx.delete(runLog).where(inArray(runLog.runId, over));
      // All tasks of a run are of its steps; said, it is found by the index that holds those.
      await tx
        .delete(tasks)
        .where(and(inArray(tasks.runId, over), sql`${tasks.kind} = 'step' and ${tasks.state} <> 'open'`));
      await tx
        .update(replicationRuns)
        .set({ trimAfter: sql`timestamptz '9999-12-31'` })
        .where(inArray(replicationRuns.id, over));
    }
    return rows.length >= RUNS;
  });
}

const before = (days: number) => sql`now() - make_interval(days => ${days}::int)`;
