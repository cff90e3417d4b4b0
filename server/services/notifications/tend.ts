// From facts to deliveries: takes what the outbox names, sees what is true now, and writes a delivery for each channel that wants to
// know. A cause is told when it begins, while the number of what it concerns changes (after a quarter of an hour, then every hour), and
// when it has been over for two minutes; one that comes back within the hour keeps these pauses. Any number of workers may do this at once.
import { and, asc, eq, isNull, lte, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import {
  members,
  type NotificationMessage,
  notificationChannels,
  notificationIncidents,
  notificationOutbox,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { inTransaction, type ProgramContext, type Work } from '../context.ts';
import { eachInTurn } from '../each-in-turn.ts';
import { type Cause, countOf, jobStateOf, messageOf, wordsOf } from './compose.ts';
import { type Channel, queueDelivery } from './deliveries.ts';
import { kindAbout } from './kinds.ts';

const MINUTE_MS = 60_000;
/** What comes back within this time was never over. */
const SETTLE_MS = 2 * MINUTE_MS;
/** Between two messages of one cause, the later ones an hour. */
const FIRST_PAUSE_MS = 15 * MINUTE_MS;
const PAUSE_MS = 60 * MINUTE_MS;
/** Looked at now and then even when nothing says so. */
const IDLE_MS = 60 * MINUTE_MS;
const BATCH = 200;

/** One turn. */
export async function tendNotifications(ctx: ProgramContext): Promise<void> {
  const noted = await notedWorkspaces(ctx);
  await eachInTurn('what happened could not be taken up for notifications', noted, ({ id }) => takeUp(ctx, id));
  const due = await ctx.db
    .select()
    .from(notificationIncidents)
    .where(lte(notificationIncidents.lookAt, ctx.now()))
    .orderBy(asc(notificationIncidents.lookAt))
    .limit(BATCH);
  const named = due.map((row) => ({ id: `${row.workspaceId}/${row.about}/${row.cause}`, row }));
  await eachInTurn('a cause could not be told', named, ({ row }) => look(ctx, row));
}

async function notedWorkspaces(ctx: ProgramContext): Promise<{ id: WorkspaceId }[]> {
  return ctx.db.selectDistinct({ id: notificationOutbox.workspaceId }).from(notificationOutbox).limit(BATCH);
}

/** What a workspace's outbox holds becomes incidents and deliveries; the rows go in the same transaction. */
async function takeUp(ctx: ProgramContext, workspaceId: WorkspaceId): Promise<void> {
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx } = work;
    const rows = sql`select id from ${notificationOutbox} where workspace_id = ${workspaceId}
      order by id limit ${BATCH} for update skip locked`;
    const taken = await tx
      .delete(notificationOutbox)
      .where(sql`${notificationOutbox.id} in (${rows})`)
      .returning({ about: notificationOutbox.about, cause: notificationOutbox.cause });
    const causes = new Map(taken.map((one) => [`${one.about}/${one.cause}`, { workspaceId, ...one }]));
    for (const cause of [...causes.values()].sort((a, b) => (a.cause < b.cause ? -1 : 1))) {
      if (cause.about === 'job-state') await tellOnce(ctx, work, cause);
      else await openOrLook(ctx, tx, cause);
    }
  });
}

async function openOrLook(ctx: ProgramContext, tx: Queries, cause: Cause): Promise<void> {
  const now = ctx.now();
  const kind = kindAbout(cause.about);
  if (!kind) return;
  const lookAt = new Date(now.getTime() + kind.gatherSeconds * 1000);
  await tx
    .insert(notificationIncidents)
    .values({ ...cause, openedAt: now, lookAt })
    .onConflictDoUpdate({
      target: [notificationIncidents.workspaceId, notificationIncidents.about, notificationIncidents.cause],
      // One that nobody was told of yet, or not since it was over, gathers.
      set: {
        lookAt: sql`case when ${notificationIncidents.toldCount} = 0 then least(${notificationIncidents.lookAt}, excluded.look_at) else ${now} end`,
      },
    });
}

async function tellOnce(ctx: ProgramContext, work: Work, cause: Cause): Promise<void> {
  const told = await jobStateOf(work.tx, cause);
  if (!told) return;
  const message = await messageOf(work.tx, cause, told, 'event', ctx.now());
  for (const channel of await channelsFor(work.tx, cause)) await queueDelivery(ctx, work, channel, message, null);
}

async function look(ctx: ProgramContext, seen: typeof notificationIncidents.$inferSelect): Promise<void> {
  const { workspaceId, about, cause } = seen;
  const here = and(
    eq(notificationIncidents.workspaceId, workspaceId),
    eq(notificationIncidents.about, about),
    eq(notificationIncidents.cause, cause),
  );
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx } = work;
    const [row] = await tx.select().from(notificationIncidents).where(here).for('update', { skipLocked: true });
    const now = ctx.now();
    if (!row || row.lookAt > now) return;
    const later = (set: Partial<typeof row>) => tx.update(notificationIncidents).set(set).where(here);
    const count = await countOf(tx, row);
    if (count === 0) {
      const overSince = row.overSince ?? now;
      const ago = now.getTime() - overSince.getTime();
      const closed = row.toldCount === 0;
      if (row.timesTold > 0 && ago < SETTLE_MS) {
        await later({ overSince, lookAt: new Date(overSince.getTime() + SETTLE_MS) });
        return;
      }
      if (!closed) await tellOver(ctx, work, row, overSince);
      // Kept with its pauses, so that what comes and goes is not told each time.
      if (row.timesTold > 0 && ago < PAUSE_MS)
        await later({ overSince, toldCount: 0, told: [], lookAt: new Date(overSince.getTime() + PAUSE_MS) });
      else await tx.delete(notificationIncidents).where(here);
      return;
    }
    const pause = row.timesTold <= 1 ? FIRST_PAUSE_MS : PAUSE_MS;
    const tellAt = row.toldAt ? new Date(row.toldAt.getTime() + pause) : now;
    if (count === row.toldCount || tellAt > now) {
      const lookAt = count === row.toldCount ? new Date(now.getTime() + IDLE_MS) : tellAt;
      await later({ overSince: null, lookAt });
      return;
    }
    const told = await wordsOf(tx, row, count);
    // Gone since it was counted.
    if (!told) {
      await later({ lookAt: new Date(now.getTime() + MINUTE_MS) });
      return;
    }
    const channels = await channelsFor(tx, row);
    const incident = incidentOf(row);
    let message: NotificationMessage | null = null;
    for (const channel of channels) {
      message = await messageOf(tx, row, told, row.told.includes(channel.id) ? 'changed' : 'opened', now);
      await queueDelivery(ctx, work, channel, message, incident);
    }
    await later({
      overSince: null,
      lookAt: new Date(now.getTime() + IDLE_MS),
      toldCount: count,
      toldAt: now,
      timesTold: row.timesTold + 1,
      message: message ?? row.message,
      told: [...new Set([...row.told, ...channels.map(({ id }) => id)])],
    });
  });
}

const incidentOf = (row: { about: string; cause: string; openedAt: Date }) =>
  `${row.about}/${row.cause}/${row.openedAt.getTime()}`;

/** Only those who were told of it hear that it is over. */
async function tellOver(
  ctx: ProgramContext,
  work: Work,
  row: typeof notificationIncidents.$inferSelect,
  overSince: Date,
): Promise<void> {
  if (!row.message) return;
  const text = `This is over since ${overSince.toISOString()}:\n${row.message.text}`;
  const message: NotificationMessage = {
    ...row.message,
    phase: 'over',
    title: `Over: ${row.message.title}`,
    text,
    remedy: null,
    at: ctx.now().toISOString(),
  };
  for (const channel of await channelsFor(work.tx, row)) {
    if (row.told.includes(channel.id)) await queueDelivery(ctx, work, channel, message, incidentOf(row));
  }
}

/** Those that are on and want it; of members only such as belong to the workspace still. */
async function channelsFor(
  tx: Queries,
  { workspaceId, about }: Pick<Cause, 'workspaceId' | 'about'>,
): Promise<Channel[]> {
  const kind = kindAbout(about);
  if (!kind) return [];
  const rows = await tx
    .select({ channel: notificationChannels })
    .from(notificationChannels)
    .leftJoin(members, eq(members.id, notificationChannels.memberId))
    .where(
      and(
        eq(notificationChannels.workspaceId, workspaceId),
        eq(notificationChannels.enabled, true),
        isNull(members.removedAt),
        sql`${notificationChannels.kinds} ? ${kind.id}`,
      ),
    )
    .orderBy(asc(notificationChannels.id));
  return rows.map(({ channel }) => channel);
}
