// Sends a delivery, one attempt: by whichever way its channel is.
import { and, eq, isNull } from 'drizzle-orm';
import { members, notificationChannels, users } from '../../../db/schema/index.ts';
import { FaultError } from '../../../replication/model/fault.ts';
import { log } from '../../log.ts';
import { MailError, sendBySmtp } from '../../mail/smtp.ts';
import { CHANNEL_SECRET } from '../../secrets/columns.ts';
import { unseal } from '../../secrets/seal.ts';
import { announce } from '../cloud/announce.ts';
import type { ProgramContext, ServiceContext } from '../context.ts';
import {
  type Channel,
  claimDelivery,
  type DeliveryRow,
  type Outcome,
  overdueDeliveries,
  settleDelivery,
} from './deliveries.ts';
import { eventOf, mailOf, signatureOf, slackBody, teamsBody, webhookBody } from './formats.ts';
import { post } from './outbound.ts';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/**
 * One attempt, if it is due. What the receiver got and this process could not write down any more, because it died, is sent again: with
 * the same id, by which receivers know it.
 */
export async function deliver(ctx: ProgramContext, id: string): Promise<void> {
  try {
    const row = await claimDelivery(ctx, id);
    if (!row) return;
    const [channel] = await ctx.db
      .select()
      .from(notificationChannels)
      .where(and(eq(notificationChannels.workspaceId, row.workspaceId), eq(notificationChannels.id, row.channelId)));
    const outcome = channel?.enabled ? await attempt(ctx, row, channel) : ('dropped' as const);
    await settleDelivery(ctx, row, outcome);
  } catch (error) {
    log().warn({ error, delivery: id }, 'a notification could not be sent; it is tried again');
  }
}

/** Those whose nudge was lost, or whose worker died in the middle. */
export async function deliverOverdue(ctx: ProgramContext): Promise<void> {
  await Promise.all((await overdueDeliveries(ctx)).map(({ id }) => deliver(ctx, id)));
}

/** Never throws for what the receiver does. @throws when the database is away */
export async function attempt(ctx: ServiceContext, row: DeliveryRow, channel: Channel): Promise<Outcome | 'dropped'> {
  const { message, messageId } = row;
  try {
    switch (channel.kind) {
      case 'email': {
        const to = await addressesOf(ctx, channel);
        if (to.length === 0) return 'dropped';
        return await byMail(messageId, to, mailOf(message));
      }
      case 'webhook': {
        const body = webhookBody(message);
        const headers = { ...JSON_TYPE, ...signatureOf(secretOf(channel), messageId, ctx.now(), body) };
        return await post({ url: channel.destination, headers, body });
      }
      case 'slack':
        return await post({ url: secretOf(channel), headers: JSON_TYPE, body: slackBody(message) });
      case 'teams':
        return await post({ url: secretOf(channel), headers: JSON_TYPE, body: teamsBody(message) });
      case 'sns':
      case 'eventbridge':
        return {
          ...{ ok: true, code: 200, error: null },
          answer: await announce(ctx.db, channel, { id: messageId, title: message.title, event: eventOf(message) }),
        };
    }
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    const { code, message: said, retry, cause } = error.fault;
    const why = cause ? `${said} ${cause}` : said;
    return { ok: false, code: null, answer: '', error: `${why} (${code})`, final: retry === 'never' };
  }
}

function secretOf({ secret, workspaceId, id }: Channel): string {
  if (!secret) throw new Error('the channel has no secret');
  return unseal(secret, { ...CHANNEL_SECRET, workspaceId, row: id });
}

/** A member's own address as it is now; none once he has left. */
async function addressesOf({ db }: ServiceContext, channel: Channel): Promise<string[]> {
  if (!channel.memberId) return channel.destination.split(',').map((address) => address.trim());
  const rows = await db
    .select({ email: users.email })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(
      and(eq(members.workspaceId, channel.workspaceId), eq(members.id, channel.memberId), isNull(members.removedAt)),
    );
  return rows.map(({ email }) => email);
}

async function byMail(id: string, to: string[], mail: { subject: string; text: string }): Promise<Outcome> {
  try {
    const { code, text } = await sendBySmtp({ id, to, ...mail });
    return { ok: true, code, answer: text, error: null };
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    const { answer, final, message } = error;
    return { ok: false, code: answer.code, answer: answer.text, error: message, final };
  }
}
