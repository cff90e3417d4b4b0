// Deliveries: their rows, and what is asked of them. The row is the truth; the queue only says when to look at it.
import { and, eq, lt, sql } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import {
  type NotificationMessage,
  type notificationChannels,
  notificationDeliveries,
} from '../../../db/schema/index.ts';
import { nudgeDelivery } from '../../queue/queue.ts';
import { inTransaction, type ProgramContext, type ServiceContext, type Work } from '../context.ts';

import { quietUntil } from './quiet-hours.ts';

export type Channel = typeof notificationChannels.$inferSelect;
export type DeliveryRow = typeof notificationDeliveries.$inferSelect;

/** Longer than an attempt may take: after it, the one who made it is dead. */
export const ATTEMPT_LEASE_MS = 90_000;
/** Pauses after an attempt that failed; after the last one it has failed for good. */
const PAUSES_SECONDS = [10, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800];
export const MOST_ATTEMPTS = PAUSES_SECONDS.length + 1;
/** Of the row it keeps no more. */
const ANSWER_CHARACTERS = 500;

/** What came of an attempt. */
export interface Outcome {
  ok: boolean;
  code: number | null;
  answer: string;
  error: string | null;
  /** Another attempt cannot help. */
  final?: boolean;
  /** The receiver asks for a pause of so many seconds at least. */
  retryAfterSeconds?: number | undefined;
}

/**
 * Writes a delivery in the transaction of what it tells of. In quiet hours it is held until they end, and what comes of the same
 * incident meanwhile takes its place: in the morning there is one message, of how things are.
 */
export async function queueDelivery(
  ctx: ServiceContext,
  { tx, event }: Work,
  channel: Channel,
  message: NotificationMessage,
  incident: string | null,
): Promise<void> {
  const now = ctx.now();
  const { quietHours } = channel;
  const passes = !quietHours || (message.urgent && quietHours.exceptUrgent);
  const until = passes ? null : quietUntil(quietHours, now);
  if (incident) await dropOlder(tx, channel.id, incident, { heldToo: !until, now });
  if (until && incident) {
    const replaced = await tx
      .update(notificationDeliveries)
      .set({ message, title: message.title, kind: message.kind })
      .where(
        and(
          eq(notificationDeliveries.channelId, channel.id),
          eq(notificationDeliveries.incident, incident),
          eq(notificationDeliveries.state, 'waiting'),
          sql`${notificationDeliveries.held}`,
        ),
      )
      .returning({ id: notificationDeliveries.id });
    if (replaced.length > 0) return;
  }
  const id = newId.delivery();
  const { id: channelId, workspaceId, name: channelName, kind: channelKind, memberId } = channel;
  await tx.insert(notificationDeliveries).values({
    ...{ id, workspaceId, channelId, channelName, channelKind, memberId, incident },
    ...{ kind: message.kind, title: message.title, message, messageId: id },
    ...{ state: 'waiting', dueAt: until ?? now, held: until !== null, createdAt: now },
  });
  await nudgeDelivery(tx, id, until ?? undefined);
  event({ topic: 'notifications', subjectId: id, kind: 'changed' });
}

/** What is tried again of the incident is out of date: it would arrive after what is told now. */
async function dropOlder(
  tx: Work['tx'],
  channelId: string,
  incident: string,
  { heldToo, now }: { heldToo: boolean; now: Date },
): Promise<void> {
  await tx
    .update(notificationDeliveries)
    .set({ state: 'dropped', endedAt: now, dueAt: null })
    .where(
      and(
        eq(notificationDeliveries.channelId, channelId),
        eq(notificationDeliveries.incident, incident),
        eq(notificationDeliveries.state, 'waiting'),
        heldToo ? undefined : sql`not ${notificationDeliveries.held}`,
      ),
    );
}

/** Takes a delivery for one attempt; null where it is not due, over, or in another's hands. */
export async function claimDelivery(ctx: ServiceContext, id: string): Promise<DeliveryRow | null> {
  const now = ctx.now();
  const [row] = await ctx.db
    .update(notificationDeliveries)
    .set({
      state: 'sending',
      held: false,
      attempts: sql`${notificationDeliveries.attempts} + 1`,
      attemptUntil: new Date(now.getTime() + ATTEMPT_LEASE_MS),
    })
    .where(
      and(
        eq(notificationDeliveries.id, id),
        sql`(${notificationDeliveries.state} = 'waiting' and ${notificationDeliveries.dueAt} <= ${now}
          or ${notificationDeliveries.state} = 'sending' and ${notificationDeliveries.attemptUntil} < ${now})`,
      ),
    )
    .returning();
  return row ?? null;
}

/** Writes what came of the attempt, unless another has taken the delivery over meanwhile. @param again whether one that failed is tried again */
export async function settleDelivery(
  ctx: ServiceContext,
  row: DeliveryRow,
  outcome: Outcome | 'dropped',
  { again = true } = {},
): Promise<void> {
  await inTransaction(ctx, row.workspaceId, async ({ tx, event }) => {
    const now = ctx.now();
    const told =
      outcome === 'dropped'
        ? {}
        : {
            answerCode: outcome.code,
            answer: outcome.answer.slice(0, ANSWER_CHARACTERS),
            error: outcome.error?.slice(0, ANSWER_CHARACTERS) ?? null,
          };
    const next = outcome === 'dropped' ? 'dropped' : nextOf(row, outcome, again);
    const dueAt = typeof next === 'number' ? new Date(now.getTime() + next * 1000) : null;
    const settled = await tx
      .update(notificationDeliveries)
      .set({
        ...told,
        attemptUntil: null,
        ...(typeof next === 'number'
          ? { state: 'waiting' as const, dueAt }
          : { state: next, endedAt: now, dueAt: null }),
      })
      .where(
        and(
          eq(notificationDeliveries.id, row.id),
          eq(notificationDeliveries.state, 'sending'),
          eq(notificationDeliveries.attempts, row.attempts),
        ),
      )
      .returning({ id: notificationDeliveries.id });
    if (settled.length === 0) return;
    if (dueAt) await nudgeDelivery(tx, row.id, dueAt);
    event({ topic: 'notifications', subjectId: row.id, kind: 'changed' });
  });
}

/** What follows: an end, or seconds until the next attempt. */
function nextOf(row: DeliveryRow, outcome: Outcome, again: boolean): 'delivered' | 'failed' | number {
  if (outcome.ok) return 'delivered';
  const pause = PAUSES_SECONDS[row.attempts - 1];
  if (!again || outcome.final || pause === undefined) return 'failed';
  return Math.max(pause, Math.min(outcome.retryAfterSeconds ?? 0, 3600));
}

/** Deliveries whose nudge was lost, or whose worker died in the middle. Called by the tick. */
export async function overdueDeliveries(ctx: ProgramContext, limit = 20): Promise<{ id: string }[]> {
  const due = sql`coalesce(${notificationDeliveries.attemptUntil}, ${notificationDeliveries.dueAt})`;
  // The queue has them first.
  const before = new Date(ctx.now().getTime() - 5000);
  return ctx.db
    .select({ id: notificationDeliveries.id })
    .from(notificationDeliveries)
    .where(and(sql`${notificationDeliveries.state} in ('waiting', 'sending')`, sql`${due} < ${before}`))
    .orderBy(due)
    .limit(limit);
}

/** The log keeps what ended for so many days. */
const KEPT_DAYS = 30;

export async function trimDeliveries(ctx: ProgramContext): Promise<boolean> {
  const before = new Date(ctx.now().getTime() - KEPT_DAYS * 86_400_000);
  const rows = ctx.db
    .select({ id: notificationDeliveries.id })
    .from(notificationDeliveries)
    .where(
      and(
        lt(notificationDeliveries.createdAt, before),
        sql`${notificationDeliveries.state} not in ('waiting', 'sending')`,
      ),
    )
    .orderBy(notificationDeliveries.createdAt)
    .limit(200);
  const { rowCount } = await ctx.db
    .delete(notificationDeliveries)
    .where(sql`${notificationDeliveries.id} in (${rows})`);
  return (rowCount ?? 0) >= 200;
}
