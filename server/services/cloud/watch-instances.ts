// Keeping instances as EC2 says they are: one describe for some that have not ended, soon again for those that change by themselves. Called by the engine.
import { isDeepStrictEqual } from 'node:util';
import { and, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import { artifacts, instances } from '../../../db/schema/index.ts';
import type { AwsTarget } from '../../../replication/target/aws/target.ts';
import { log } from '../../log.ts';
import { inTransaction, type ServiceContext } from '../context.ts';
import { finishLaunch } from './launch.ts';

/** So many of either kind: with more, each is asked about the less often. */
const BATCH = 100;

export async function watchInstances(ctx: ServiceContext, target: AwsTarget, signal: AbortSignal): Promise<void> {
  const open = await toLookAt(ctx);
  if (open.length > 0) {
    const seen = await target.instances.describe(
      open.flatMap((row) => (row.instanceId ? [row.instanceId] : [])),
      signal,
    );
    const same: string[] = [];
    for (const row of open) {
      const now = row.instanceId ? seen.get(row.instanceId) : undefined;
      // Unknown a moment after the launch is EC2's eventual consistency; after an hour the instance is gone.
      const gone = !now && ctx.now().getTime() - row.launchedAt.getTime() > 3_600_000;
      if (!now && !gone) continue;
      const state = now?.state ?? 'terminated';
      // Not by their text: a jsonb column keeps no order of keys.
      if (isDeepStrictEqual(row.detail, now ?? row.detail) && row.state === state) {
        same.push(row.id);
        continue;
      }
      await inTransaction(ctx, row.workspaceId, async ({ tx, event }) => {
        const ended = state === 'terminated';
        const passed = now?.systemStatus === 'ok' && now.instanceStatus === 'ok';
        await tx
          .update(instances)
          .set({
            state,
            detail: now ?? row.detail,
            checkedAt: ctx.now(),
            ...(passed && !row.checksPassedAt ? { checksPassedAt: ctx.now() } : {}),
            ...(ended ? { terminatedAt: ctx.now() } : {}),
          })
          .where(eq(instances.id, row.id));
        if (ended) {
          await tx
            .update(artifacts)
            .set({ state: 'released', releasedAt: ctx.now() })
            .where(eq(artifacts.token, row.id));
        }
        event({ topic: 'instances', subjectId: row.id, kind: 'changed' });
      });
    }
    if (same.length > 0)
      await ctx.db.update(instances).set({ checkedAt: ctx.now() }).where(inArray(instances.id, same));
  }
  await finishLostLaunches(ctx);
}

/** The instances that nobody has looked at for longest: of those that are starting or ending, and of all. */
async function toLookAt({ db }: ServiceContext) {
  const watched = and(isNull(instances.terminatedAt), isNotNull(instances.instanceId));
  // As the index instances_unsettled says it.
  const unsettled = sql`(${instances.state} not in ('running', 'stopped') or (${instances.state} = 'running' and ${instances.checksPassedAt} is null))`;
  const longest = sql`${instances.checkedAt} asc nulls first`;
  const changing = await db.select().from(instances).where(and(watched, unsettled)).orderBy(longest).limit(BATCH);
  const all = await db.select().from(instances).where(watched).orderBy(longest).limit(BATCH);
  return [...new Map([...changing, ...all].map((row) => [row.id, row])).values()];
}

/** Launches whose caller died between the row and EC2's answer. */
async function finishLostLaunches(ctx: ServiceContext): Promise<void> {
  const lost = await ctx.db
    .select()
    .from(instances)
    .where(and(eq(instances.state, 'launching'), sql`${instances.launchedAt} < now() - interval '40 seconds'`))
    .limit(10);
  for (const row of lost) {
    // What EC2 refuses is kept with the row; what cannot be told yet is asked again.
    await finishLaunch(ctx, row).catch((error) => log().warn({ error, launch: row.id }, 'a launch is still open'));
  }
}
