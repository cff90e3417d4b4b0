// The log of deliveries, and what a person asks of it: a test of a channel, and a replay.
import { createHash } from 'node:crypto';
import { and, eq, getTableColumns, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type NotificationMessage, notificationDeliveries, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { publicUrl } from '../../public-url.ts';
import { nudgeDelivery } from '../../queue/queue.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import type { List } from '../list-columns.ts';
import { findPage } from '../list-find.ts';
import type { ListPage, ListQuery } from '../list-page.ts';
import { channelOf } from './channels.ts';
import { attempt } from './deliver.ts';
import { ATTEMPT_LEASE_MS, type Channel, type DeliveryRow, settleDelivery } from './deliveries.ts';

const DELIVERIES: List = {
  table: notificationDeliveries,
  id: notificationDeliveries.id,
  workspaceId: notificationDeliveries.workspaceId,
  is: sql`${notificationDeliveries.memberId} is null`,
  search: notificationDeliveries.search,
  columns: {
    createdAt: { column: notificationDeliveries.createdAt, kind: 'date' },
    title: { column: notificationDeliveries.title, kind: 'text' },
    channel: { column: notificationDeliveries.channelName, kind: 'text' },
    kind: { column: notificationDeliveries.kind, kind: 'choice' },
    state: { column: notificationDeliveries.state, kind: 'choice' },
  },
};

const {
  search: _search,
  memberId: _memberId,
  incident: _incident,
  attemptUntil: _until,
  ...FIELDS
} = getTableColumns(notificationDeliveries);

export type Delivery = Pick<DeliveryRow, keyof typeof FIELDS>;

/** Those of the workspace's channels; a member's own are his. */
export async function listDeliveries(ctx: ServiceContext, query: ListQuery): Promise<ListPage<Delivery>> {
  const workspaceId = guard(ctx, 'notification.read');
  return findPage(ctx.db, DELIVERIES, workspaceId, query, (tx, here) =>
    tx.select(FIELDS).from(notificationDeliveries).where(here),
  );
}

const requestId = z.string().regex(/^[0-9a-f]{32}$/);
export const replayInput = z.object({ deliveryId: z.string().max(60), requestId });
export const testChannelInput = z.object({ channelId: z.string().max(60), requestId });

/** Sends the same message once more, with the same id, to where the channel leads now. @throws `conflict` while it is under way */
export async function replayDelivery(ctx: ServiceContext, input: z.input<typeof replayInput>): Promise<{ id: string }> {
  const workspaceId = guard(ctx, 'notification.manage');
  const { deliveryId, requestId } = parseInput(replayInput, input);
  const id = idOfRequest(workspaceId, requestId);
  return inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const [of] = await tx
      .select()
      .from(notificationDeliveries)
      .where(
        and(
          eq(notificationDeliveries.workspaceId, workspaceId),
          eq(notificationDeliveries.id, deliveryId),
          isNull(notificationDeliveries.memberId),
        ),
      )
      .for('update');
    if (!of) throw faultError('not-found', { message: 'There is no such delivery in this workspace.' });
    if (of.state === 'waiting' || of.state === 'sending') {
      throw faultError('conflict', {
        message: 'This delivery is still under way.',
        remedy: 'Wait until it is delivered or has failed.',
      });
    }
    const channel = await channelOf(tx, workspaceId, of.channelId);
    if (!channel.enabled) {
      throw faultError('conflict', { message: `The channel ${channel.name} is off.`, remedy: 'Switch it on first.' });
    }
    const { message, messageId, kind, title } = of;
    const made = await tx
      .insert(notificationDeliveries)
      .values({
        ...{ id, workspaceId, channelId: channel.id, channelName: channel.name, channelKind: channel.kind },
        ...{ kind, title, message, messageId, state: 'waiting', dueAt: ctx.now(), createdAt: ctx.now() },
      })
      .onConflictDoNothing()
      .returning({ id: notificationDeliveries.id });
    if (made.length === 0) return { id };
    await nudgeDelivery(tx, id);
    const subject = { subjectKind: 'channel', subjectId: channel.id, subjectName: channel.name };
    audit({ action: 'notification.replay', ...subject, after: { delivery: deliveryId, title } });
    event({ topic: 'notifications', subjectId: id, kind: 'changed' });
    return { id };
  });
}

/** One attempt now, whose outcome is the answer. Also of a channel that is off: who tests it will switch it on. */
export async function testChannel(ctx: ServiceContext, input: z.input<typeof testChannelInput>): Promise<Delivery> {
  const workspaceId = guard(ctx, 'notification.manage');
  const { channelId, requestId } = parseInput(testChannelInput, input);
  const { channel, row } = await inTransaction(ctx, workspaceId, async ({ tx, audit }) => {
    const channel = await channelOf(tx, workspaceId, channelId);
    const message = await testMessage(ctx, workspaceId);
    const row = await insertTest(ctx, tx, channel, message, idOfRequest(workspaceId, requestId));
    const subject = { subjectKind: 'channel', subjectId: channel.id, subjectName: channel.name };
    if (row) audit({ action: 'notification.test', ...subject });
    return { channel, row };
  });
  return runTest(ctx, channel, row, idOfRequest(workspaceId, requestId));
}

/** The row of a test, in this process's hands; null where the request was made before. */
export async function insertTest(
  ctx: ServiceContext,
  tx: Pick<ServiceContext['db'], 'insert'>,
  channel: Channel,
  message: NotificationMessage,
  id: string,
): Promise<DeliveryRow | null> {
  const now = ctx.now();
  const { id: channelId, workspaceId, name: channelName, kind: channelKind, memberId } = channel;
  const [row] = await tx
    .insert(notificationDeliveries)
    .values({
      ...{ id, workspaceId, channelId, channelName, channelKind, memberId },
      ...{ kind: 'test', title: message.title, message, messageId: id, state: 'sending', attempts: 1 },
      ...{ attemptUntil: new Date(now.getTime() + ATTEMPT_LEASE_MS), createdAt: now },
    })
    .onConflictDoNothing()
    .returning();
  return row ?? null;
}

/** Outside of any transaction, since a receiver may take its time. */
export async function runTest(
  ctx: ServiceContext,
  channel: Channel,
  row: DeliveryRow | null,
  id: string,
): Promise<Delivery> {
  if (row) await settleDelivery(ctx, row, await attempt(ctx, row, channel), { again: false });
  const [found] = await ctx.db
    .select(FIELDS)
    .from(notificationDeliveries)
    .where(and(eq(notificationDeliveries.workspaceId, channel.workspaceId), eq(notificationDeliveries.id, id)));
  if (!found) throw faultError('not-found', { message: 'The test is not in the log any more.' });
  return found;
}

export async function testMessage(ctx: ServiceContext, workspaceId: WorkspaceId): Promise<NotificationMessage> {
  const [workspace] = await ctx.db
    .select({ name: workspaces.name })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId));
  const who = ctx.principal.kind === 'member' ? ctx.principal.name : 'Landfall';
  return {
    ...{ kind: 'test', phase: 'test', title: 'Test of a notification channel', remedy: null, urgent: false },
    text: `${who} tests whether notifications arrive here. Nothing has happened.`,
    workspace: { id: workspaceId, name: workspace?.name ?? '' },
    link: publicUrl('/settings/notifications'),
    ...{ at: ctx.now().toISOString(), since: null, count: 0, noun: 'thing', things: [] },
  };
}

/** The same for the same request of a workspace: asked twice, it is done once. */
export function idOfRequest(workspaceId: WorkspaceId, requestId: string): string {
  return `dlv-${createHash('sha256').update(`${workspaceId}/${requestId}`).digest('hex').slice(0, 17)}`;
}
