// The last 24 hours: how the runs ended and what they copied, hour by hour; and the cutovers around now.
import { and, asc, eq, gte, inArray, lte, or, sql } from 'drizzle-orm';
import { cutovers, replicationRuns } from '../../../db/schema/index.ts';
import { downtime } from '../../../replication/model/cutover.ts';
import type { ServiceContext } from '../context.ts';

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

export async function runsOfDay(ctx: ServiceContext, workspaceId: string): Promise<RunsOfDay> {
  const now = ctx.now().getTime();
  const first = Math.floor(now / HOUR) * HOUR - 23 * HOUR;
  const disks = sql`jsonb_path_query_array(${replicationRuns.results}, '$."copy-disks".disks[*]')`;
  const sum = (field: string) =>
    sql<number>`coalesce(sum((select sum((disk->>${field})::float8) from jsonb_array_elements(${disks}) disk)), 0)::float8`;
  const hour = sql<number>`floor(extract(epoch from ${replicationRuns.endedAt}) / 3600)::int`;
  const rows = await ctx.db
    .select({
      hour,
      state: replicationRuns.state,
      count: sql<number>`count(*)::int`,
      read: sum('bytesRead'),
      sent: sum('bytesSent'),
    })
    .from(replicationRuns)
    .where(and(eq(replicationRuns.workspaceId, workspaceId), gte(replicationRuns.endedAt, new Date(first))))
    .groupBy(sql`1`, replicationRuns.state);
  const count = (state: string) => rows.filter((row) => row.state === state).reduce((all, row) => all + row.count, 0);
  return {
    completed: count('completed'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    missed: count('missed'),
    hours: Array.from({ length: 24 }, (_, at) => {
      const from = new Date(first + at * HOUR);
      const here = rows.filter((row) => row.hour * HOUR === from.getTime());
      return {
        from,
        readBytes: here.reduce((all, row) => all + row.read, 0),
        sentBytes: here.reduce((all, row) => all + row.sent, 0),
      };
    }),
  };
}

/** Those that are not over, and those that were or will be within a day of now. */
export async function cutoversToday(ctx: ServiceContext, workspaceId: string) {
  const now = ctx.now();
  const rows = await ctx.db
    .select()
    .from(cutovers)
    .where(
      and(
        eq(cutovers.workspaceId, workspaceId),
        or(
          inArray(cutovers.state, ['active', 'cut-over', 'rolling-back']),
          and(eq(cutovers.state, 'planned'), lte(cutovers.startAt, new Date(now.getTime() + 24 * HOUR))),
          gte(cutovers.endedAt, new Date(now.getTime() - 24 * HOUR)),
        ),
      ),
    )
    .orderBy(asc(sql`coalesce(${cutovers.startedAt}, ${cutovers.startAt}, ${cutovers.createdAt})`), asc(cutovers.id))
    .limit(SHOWN_CUTOVERS);
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
