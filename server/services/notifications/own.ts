// A member's own notifications: by e-mail, to the address of the account.
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { notificationChannels } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { mailIsSet } from '../../mail/queue-mail.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { FOR_PEOPLE, quietHoursInput } from './channel-input.ts';
import type { Channel } from './deliveries.ts';
import { NOTIFICATION_KINDS } from './kinds.ts';
import { type Delivery, idOfRequest, insertTest, runTest, testMessage } from './log.ts';

type Own = ServiceContext & { principal: MemberPrincipal };

export const ownChannelInput = z.object({
  enabled: z.boolean(),
  kinds: z.array(z.enum(FOR_PEOPLE as [string, ...string[]])).max(40),
  quietHours: quietHoursInput,
});
export const ownTestInput = z.object({ requestId: z.string().regex(/^[0-9a-f]{32}$/) });

/** What is set; off, with the most important kinds chosen, until somebody sets it. */
export async function ownChannel(ctx: Own) {
  const found = await channelOfMember(ctx, guard(ctx, 'profile.manage'));
  return {
    enabled: found?.enabled ?? false,
    kinds: found?.kinds ?? ['job-paused', 'connector-unhealthy', 'cutover-waits'],
    quietHours: found?.quietHours ?? null,
    email: ctx.principal.email,
    mailIsSet: mailIsSet(),
    choices: FOR_PEOPLE.map((id) => {
      const { label, description } = NOTIFICATION_KINDS[id];
      return { id, label, description };
    }),
  };
}

export async function saveOwnChannel(ctx: Own, input: z.input<typeof ownChannelInput>): Promise<void> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { enabled, quietHours, ...draft } = parseInput(ownChannelInput, input);
  const kinds = [...new Set(draft.kinds)];
  const { memberId, name } = ctx.principal;
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const set = { enabled, kinds, quietHours };
    await tx
      .insert(notificationChannels)
      .values({
        ...{ id: newId.channel(), workspaceId, memberId, kind: 'email', name, destination: '', createdBy: memberId },
        ...set,
        createdAt: ctx.now(),
      })
      .onConflictDoUpdate({
        target: notificationChannels.memberId,
        set: { ...set, name, version: sql`${notificationChannels.version} + 1` },
      });
    audit({ action: 'notification.own', subjectKind: 'member', subjectId: memberId, subjectName: name, after: set });
    event({ topic: 'notifications', subjectId: null, kind: 'changed' });
  });
}

/** A mail to the own address, now. */
export async function testOwnChannel(ctx: Own, input: z.input<typeof ownTestInput>): Promise<Delivery> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { requestId } = parseInput(ownTestInput, input);
  const channel = await channelOfMember(ctx, workspaceId);
  if (!channel) {
    throw faultError('conflict', { message: 'Nothing is set yet.', remedy: 'Save your notifications first.' });
  }
  const id = idOfRequest(workspaceId, requestId);
  const message = await testMessage(ctx, workspaceId);
  const row = await inTransaction(ctx, workspaceId, async ({ tx, audit }) => {
    const made = await insertTest(ctx, tx, channel, message, id);
    const { memberId, name } = ctx.principal;
    if (made) audit({ action: 'notification.test', subjectKind: 'member', subjectId: memberId, subjectName: name });
    return made;
  });
  return runTest(ctx, channel, row, id);
}

async function channelOfMember({ db, principal }: Own, workspaceId: WorkspaceId): Promise<Channel | undefined> {
  const [found] = await db
    .select()
    .from(notificationChannels)
    .where(
      and(eq(notificationChannels.workspaceId, workspaceId), eq(notificationChannels.memberId, principal.memberId)),
    );
  return found;
}
