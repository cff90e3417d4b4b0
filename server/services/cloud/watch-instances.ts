// Keeping instances as EC2 says they are: one describe for all that have not ended. Called by the engine.
import { isDeepStrictEqual } from 'node:util';
import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm';
import { artifacts, instances } from '../../../db/schema/index.ts';
import type { AwsTarget } from '../../../replication/target/aws/target.ts';
import { log } from '../../log.ts';
import { inTransaction, type ServiceContext } from '../context.ts';
import { finishLaunch } from './launch.ts';

const BATCH = 200;

export async function watchInstances(ctx: ServiceContext, target: AwsTarget, signal: AbortSignal): Promise<void> {
  const open = await ctx.db
    .select()
    .from(instances)
    .where(and(isNull(instances.terminatedAt), isNotNull(instances.instanceId)))
    .orderBy(sql`${instances.checkedAt} asc nulls first`)
    .limit(BATCH);
  if (open.length > 0) {
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
      const same = isDeepStrictEqual(row.detail, now ?? row.detail) && row.state === state;
      if (same) {
        await ctx.db.update(instances).set({ checkedAt: ctx.now() }).where(eq(instances.id, row.id));
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
  }
  await finishLostLaunches(ctx);
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
