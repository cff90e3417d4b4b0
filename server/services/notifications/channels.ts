// The channels of a workspace: looked at, made, changed, removed.
import { createHash, randomBytes } from 'node:crypto';
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { notificationChannels, notificationDeliveries } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { may } from '../../access/permissions.ts';
import { mailIsSet } from '../../mail/queue-mail.ts';
import { CHANNEL_SECRET } from '../../secrets/columns.ts';
import { seal } from '../../secrets/seal.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { openTargetOf } from '../targets/store.ts';
import {
  type ChannelDraft,
  type CreateChannelInput,
  channelInput,
  createChannelInput,
  deleteChannelInput,
  type UpdateChannelInput,
  updateChannelInput,
} from './channel-input.ts';
import type { Channel } from './deliveries.ts';
import { KIND_IDS, NOTIFICATION_KINDS } from './kinds.ts';

/** Of a workspace: more are a mistake. */
const MOST_CHANNELS = 50;

/** What the page needs. Who may not manage channels sees no whole address: it may be as good as a key. */
export async function listChannels(ctx: ServiceContext) {
  const workspaceId = guard(ctx, 'notification.read');
  const whole = ctx.principal.kind !== 'member' || may(ctx.principal.role, 'notification.manage');
  const rows = await ctx.db
    .select()
    .from(notificationChannels)
    .where(and(eq(notificationChannels.workspaceId, workspaceId), isNull(notificationChannels.memberId)))
    .orderBy(asc(notificationChannels.name), asc(notificationChannels.id))
    .limit(MOST_CHANNELS);
  return {
    channels: rows.map(({ id, kind, name, destination, targetId, kinds, enabled, quietHours, version }) => ({
      ...{ id, kind, name, targetId, kinds, enabled, quietHours, version },
      destination: whole ? destination : toldOf(kind, destination),
    })),
    kinds: KIND_IDS.map((id) => {
      const { label, description, readers } = NOTIFICATION_KINDS[id];
      return { id, label, description, readers };
    }),
    mailIsSet: mailIsSet(),
    mailFrom: process.env.LANDFALL_MAIL_FROM ?? null,
  };
}

/** @returns its id, and a webhook's secret, which is shown now and never again. @throws `conflict` for a name that is taken */
export async function createChannel(
  ctx: ServiceContext,
  input: CreateChannelInput,
): Promise<{ id: string; secret: string | null }> {
  const workspaceId = guard(ctx, 'notification.manage');
  const { requestId, ...draft } = parseInput(createChannelInput, input);
  const id = `channel-${createHash('sha256').update(`${workspaceId}/${requestId}`).digest('hex').slice(0, 17)}`;
  return inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    await lockChannels(tx, workspaceId);
    const here = and(eq(notificationChannels.workspaceId, workspaceId), eq(notificationChannels.id, id));
    const [known] = await tx.select({ id: notificationChannels.id }).from(notificationChannels).where(here);
    // Sent again: the secret was in the first answer. One that is lost is renewed.
    if (known) return { id, secret: null };
    await check(tx, workspaceId, draft, null);
    const { destination, secret, shown } = secretFor(draft);
    const sealed = secret === null ? null : seal(secret, { ...CHANNEL_SECRET, workspaceId, row: id });
    const createdBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'system';
    const { kind, name, kinds, enabled, quietHours } = draft;
    const targetId = 'targetId' in draft ? draft.targetId : null;
    await tx.insert(notificationChannels).values({
      ...{ id, workspaceId, kind, name, destination, targetId, kinds, enabled, quietHours, secret: sealed, createdBy },
      createdAt: ctx.now(),
    });
    const told = toldOf(kind, destination);
    const after = { kind, name, destination: told, targetId, kinds, enabled, quietHours };
    audit({ action: 'notification.create', subjectKind: 'channel', subjectId: id, subjectName: name, after });
    event({ topic: 'notifications', subjectId: id, kind: 'changed' });
    return { id, secret: shown };
  });
}

/**
 * Changes all but its kind. What Slack and Teams are sent to stays as it is where no other address is given.
 * @returns a webhook's new secret, where one was asked for. @throws `conflict` when somebody has changed it meanwhile
 */
export async function updateChannel(
  ctx: ServiceContext,
  input: UpdateChannelInput,
): Promise<{ secret: string | null }> {
  const workspaceId = guard(ctx, 'notification.manage');
  const { channelId, version, newSecret, ...changes } = parseInput(updateChannelInput, input);
  return inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    await lockChannels(tx, workspaceId);
    const before = await channelOf(tx, workspaceId, channelId);
    if (before.version !== version) {
      throw faultError('conflict', {
        message: 'Somebody else has changed this channel meanwhile.',
        remedy: 'Look at how it is now, and change it again.',
      });
    }
    const keeps = (before.kind === 'slack' || before.kind === 'teams') && changes.destination === '';
    const draft = parseInput(channelInput, {
      ...changes,
      kind: before.kind,
      destination: keeps ? 'https://kept.invalid/' : changes.destination,
    });
    await check(tx, workspaceId, draft, channelId);
    const made = secretFor(draft);
    const destination = keeps ? before.destination : made.destination;
    const renewed = before.kind === 'webhook' ? newSecret : !keeps;
    const secret =
      renewed && made.secret !== null
        ? seal(made.secret, { ...CHANNEL_SECRET, workspaceId, row: channelId })
        : before.secret;
    const targetId = 'targetId' in draft ? draft.targetId : null;
    const { name, kinds, enabled, quietHours } = draft;
    const set = { name, destination, targetId, kinds, enabled, quietHours };
    await tx
      .update(notificationChannels)
      .set({ ...set, secret, version: version + 1 })
      .where(and(eq(notificationChannels.workspaceId, workspaceId), eq(notificationChannels.id, channelId)));
    const was = {
      ...Object.fromEntries(Object.keys(set).map((key) => [key, before[key as keyof typeof set]])),
      destination: toldOf(before.kind, before.destination),
    };
    const moved = before.destination !== destination;
    const told = { ...set, destination: toldOf(before.kind, destination), ...(moved ? { address: 'another' } : {}) };
    audit({
      ...{ action: 'notification.update', subjectKind: 'channel', subjectId: channelId, subjectName: name },
      before: was,
      after: { ...told, ...(renewed && made.secret !== null ? { secret: 'another' } : {}) },
    });
    event({ topic: 'notifications', subjectId: channelId, kind: 'changed' });
    return { secret: before.kind === 'webhook' && newSecret ? made.shown : null };
  });
}

/** What waits for it is dropped. One that is gone is gone. */
export async function deleteChannel(ctx: ServiceContext, input: { channelId: string }): Promise<void> {
  const workspaceId = guard(ctx, 'notification.manage');
  const { channelId } = parseInput(deleteChannelInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    await lockChannels(tx, workspaceId);
    const { name, kind, destination } = await channelOf(tx, workspaceId, channelId);
    await tx
      .delete(notificationChannels)
      .where(and(eq(notificationChannels.workspaceId, workspaceId), eq(notificationChannels.id, channelId)));
    await tx
      .update(notificationDeliveries)
      .set({ state: 'dropped', endedAt: ctx.now(), dueAt: null })
      .where(
        and(
          eq(notificationDeliveries.workspaceId, workspaceId),
          eq(notificationDeliveries.channelId, channelId),
          eq(notificationDeliveries.state, 'waiting'),
        ),
      );
    const before = { kind, name, destination: toldOf(kind, destination) };
    audit({ action: 'notification.delete', subjectKind: 'channel', subjectId: channelId, subjectName: name, before });
    event({ topic: 'notifications', subjectId: channelId, kind: 'removed' });
  });
}

/** A channel of the workspace itself. @throws `not-found` */
export async function channelOf(tx: Queries, workspaceId: WorkspaceId, channelId: string): Promise<Channel> {
  const [found] = await tx
    .select()
    .from(notificationChannels)
    .where(
      and(
        eq(notificationChannels.workspaceId, workspaceId),
        eq(notificationChannels.id, channelId),
        isNull(notificationChannels.memberId),
      ),
    );
  if (found) return found;
  throw faultError('not-found', { message: 'There is no such channel in this workspace.' });
}

/** Two who change channels do it one after the other. */
async function lockChannels(tx: Queries, workspaceId: WorkspaceId): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(7306215, hashtext(${workspaceId}))`);
}

async function check(tx: Queries, workspaceId: WorkspaceId, draft: ChannelDraft, own: string | null): Promise<void> {
  const others = await tx
    .select({ id: notificationChannels.id, name: notificationChannels.name })
    .from(notificationChannels)
    .where(and(eq(notificationChannels.workspaceId, workspaceId), isNull(notificationChannels.memberId)));
  const same = others.find(({ id, name }) => id !== own && name.toLowerCase() === draft.name.toLowerCase());
  if (same) {
    throw faultError('conflict', {
      message: `Another channel is called ${same.name}.`,
      remedy: 'Choose another name.',
    });
  }
  if (own === null && others.length >= MOST_CHANNELS) {
    throw faultError('conflict', {
      message: `The workspace has ${MOST_CHANNELS} channels, and may have no more.`,
      remedy: 'Delete one that nobody needs.',
    });
  }
  if (draft.kind === 'sns' || draft.kind === 'eventbridge') await openTargetOf(tx, workspaceId, draft.targetId);
}

/** What is kept of the address, and what is sealed. */
function secretFor(draft: ChannelDraft): { destination: string; secret: string | null; shown: string | null } {
  const { kind, destination } = draft;
  if (kind === 'slack' || kind === 'teams')
    return { destination: beginningOf(destination), secret: destination, shown: null };
  if (kind !== 'webhook') return { destination, secret: null, shown: null };
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  return { destination, secret, shown: secret };
}

/** What everybody may read of an address: a webhook's may be as good as a key. */
function toldOf(kind: string, destination: string): string {
  return kind === 'webhook' ? beginningOf(destination) : destination;
}

/** Of an address that is a secret, what tells it from others without giving it away. */
function beginningOf(url: string): string {
  return `${new URL(url).origin}/…`;
}
