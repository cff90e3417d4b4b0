// The last 24 hours: how the runs ended and what they copied, hour by hour; and the cutovers around now.

import { and, asc, desc, eq, gte, lte, sql } from 'drizzle-orm';
import { cutovers } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { downtime } from '../../../replication/model/cutover.ts';
import type { ServiceContext } from '../context.ts';
import { type Bucket, hourOfBucket } from '../tallies/read.ts';

const HOUR = 3_600_000;
const SHOWN_CUTOVERS = 10;

export interface RunsOfDay {
  completed: number;
  failed: number;
  cancelled: number;
  missed: number;
  /** One for each of the last 24 hours, oldest first; bytes of the runs that ended in it. */
  hours: { from: Date; readBytes: number; sentBytes: number }[];
}

/** When the oldest of the hours begins, in milliseconds: this one is the last. */
export function firstHour(now: Date): number {
  return Math.floor(now.getTime() / HOUR) * HOUR - 23 * HOUR;
}

/** `ended` as the tallies have it: a bucket for each hour and state, from the first hour on. */
export function runsOfDay(ended: readonly Bucket[], now: Date): RunsOfDay {
  const first = firstHour(now);
  const count = (state: string) =>
    ended.filter(({ bucket }) => bucket.endsWith(`/${state}`)).reduce((all, one) => all + one.count, 0);
  return {
    completed: count('completed'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    missed: count('missed'),
    hours: Array.from({ length: 24 }, (_, at) => {
      const from = first + at * HOUR;
      const here = ended.filter(({ bucket }) => hourOfBucket(bucket) === from);
      return {
        from: new Date(from),
        readBytes: here.reduce((all, one) => all + one.readBytes, 0),
        sentBytes: here.reduce((all, one) => all + one.sentBytes, 0),
      };
    }),
  };
}

/**
 * Those that are not over, and those that were or will be within a day of now, by when they began or will. Of more than
 * are shown, what goes on comes before what is planned, and that before what is over. An index of its own serves each kind.
 */
export async function cutoversToday(ctx: ServiceContext, workspaceId: WorkspaceId) {
  const now = ctx.now();
  const dayFrom = (sign: 1 | -1) => new Date(now.getTime() + sign * 24 * HOUR);
  const mine = eq(cutovers.workspaceId, workspaceId);
  const [underWay, planned, ended] = await Promise.all([
    ctx.db
      .select()
      .from(cutovers)
      .where(and(mine, sql`${cutovers.state} in ('active', 'cut-over', 'rolling-back')`))
      .orderBy(asc(cutovers.startedAt), asc(cutovers.id))
      .limit(SHOWN_CUTOVERS),
    ctx.db
      .select()
      .from(cutovers)
      .where(and(mine, sql`${cutovers.state} = 'planned'`, lte(cutovers.startAt, dayFrom(1))))
      .orderBy(asc(cutovers.startAt), asc(cutovers.id))
      .limit(SHOWN_CUTOVERS),
    ctx.db
      .select()
      .from(cutovers)
      .where(and(mine, gte(cutovers.endedAt, dayFrom(-1))))
      .orderBy(desc(cutovers.endedAt))
      .limit(SHOWN_CUTOVERS),
  ]);
  const beginning = (row: (typeof ended)[number]) => (row.startedAt ?? row.startAt ?? row.createdAt).getTime();
  const rows = [...underWay, ...planned, ...ended]
    .slice(0, SHOWN_CUTOVERS)
    .sort((a, b) => beginning(a) - beginning(b) || (a.id < b.id ? -1 : 1));
  return rows.map((row) => ({
    id: row.id,
    serverName: row.serverName,
    state: row.state,
    step: row.step,
    asks: row.question !== null,
    startAt: row.startedAt ?? row.startAt,
    downtimeMs: downtime(row, now),
  }));
}
