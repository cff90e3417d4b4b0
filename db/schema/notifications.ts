// Who is told of what, by which way; what is going on that somebody was told of; and what was sent.
import { sql } from 'drizzle-orm';
import {
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { listIndexes, searchIndex, searchText } from './list-index.ts';
import { workspaces } from './people.ts';
import type { Sealed } from './sealed.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

export type ChannelKind = 'email' | 'webhook' | 'slack' | 'teams' | 'sns' | 'eventbridge';

export interface QuietHours {
  /** `22:00`, of the wall clock in `zone`; the end may be before the beginning, and is then on the next day. */
  from: string;
  to: string;
  zone: string;
  /** What is urgent is sent all the same. */
  exceptUrgent: boolean;
}

/** What a notification says, whichever way it goes. */
export interface NotificationMessage {
  /** As in `kinds` of a channel, or `test`. */
  kind: string;
  /** `opened`, `changed` and `over` of something that lasts; `event` of what happened once. */
  phase: 'opened' | 'changed' | 'over' | 'event' | 'test';
  title: string;
  text: string;
  remedy: string | null;
  urgent: boolean;
  workspace: { id: string; name: string };
  /** Where the console shows it. */
  link: string;
  /** ISO 8601. */
  at: string;
  since: string | null;
  /** How many things it concerns, and the first few. */
  count: number;
  noun: string;
  things: { id: string; name: string }[];
  /** Of a job's change of state: what SMS told, in its own shape. */
  sms?: { resources: string[]; detail: Record<string, string> };
}

/** A way to somebody: of a workspace, or of one member. */
export const notificationChannels = pgTable(
  'notification_channels',
  {
    /** `channel-…` */
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    /** Whose it is; null for the workspace's. A member has one at most, by e-mail to his own address. */
    memberId: text(),
    kind: text().$type<ChannelKind>().notNull(),
    name: text().notNull(),
    /** E-mail addresses, an address of the web, a topic's ARN or a bus; of a secret address only the beginning. Empty for a member's. */
    destination: text().notNull(),
    /** With whose sign-in SNS and EventBridge are asked. */
    targetId: text(),
    /** Which kinds of notification it gets. */
    kinds: jsonb().$type<string[]>().notNull(),
    enabled: boolean().notNull().default(true),
    quietHours: jsonb().$type<QuietHours>(),
    /** What a webhook is signed with; of Slack and Teams the whole address, which is a secret. */
    secret: jsonb().$type<Sealed>(),
    createdBy: text().notNull(),
    createdAt: at().notNull().defaultNow(),
    /** Counts its changes: who saves names the one that he has seen. */
    version: integer().notNull().default(1),
  },
  (table) => [
    index('notification_channels_workspace').on(table.workspaceId),
    uniqueIndex('notification_channels_member').on(table.memberId),
  ],
);

/** What happened, in the transaction in which it did: written by triggers (migration notifications), and only where a channel is. */
export const notificationOutbox = pgTable('notification_outbox', {
  id: bigserial({ mode: 'number' }).primaryKey(),
  workspaceId: text().$type<WorkspaceId>().notNull(),
  /** What it is about: a kind of `attention`, `connector`, `target`, `job-state`. */
  about: text().notNull(),
  /** Which of them. */
  cause: text().notNull(),
});

/** What goes on now, one row for each cause: told when it begins, while it changes, and when it is over; gone then. */
export const notificationIncidents = pgTable(
  'notification_incidents',
  {
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    about: text().notNull(),
    cause: text().notNull(),
    openedAt: at().notNull(),
    /** When it is looked at next. */
    lookAt: at().notNull(),
    /** How many things it concerned when somebody was told last; 0 while nobody was, and when it is over. */
    toldCount: integer().notNull().default(0),
    toldAt: at(),
    timesTold: integer().notNull().default(0),
    /** Since when nothing is left of it. */
    overSince: at(),
    /** As it was told last; says what is over. */
    message: jsonb().$type<NotificationMessage>(),
    /** Channels that were told of it. */
    told: jsonb().$type<string[]>().notNull().default([]),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.about, table.cause] }),
    index('notification_incidents_look').on(table.lookAt),
  ],
);

/** What is sent, was sent, or could not be. */
export const notificationDeliveries = pgTable(
  'notification_deliveries',
  {
    /** `dlv-…` */
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    channelId: text().notNull(),
    channelName: text().notNull(),
    channelKind: text().$type<ChannelKind>().notNull(),
    /** Of a member's own channel. */
    memberId: text(),
    kind: text().notNull(),
    title: text().notNull(),
    message: jsonb().$type<NotificationMessage>().notNull(),
    /** The same for every attempt and replay, so that a receiver knows what it has. */
    messageId: text().notNull(),
    /** Of which incident. */
    incident: text(),
    /** `waiting` for its time, `sending`, `delivered`, `failed` for good, `dropped` since its channel is gone or off, or a newer one took its place. */
    state: text({ enum: ['waiting', 'sending', 'delivered', 'failed', 'dropped'] }).notNull(),
    /** Not before: the end of quiet hours, or of the pause after an attempt. */
    dueAt: at(),
    /** Quiet hours hold it: what comes of the same incident meanwhile takes its place. */
    held: boolean().notNull().default(false),
    attempts: integer().notNull().default(0),
    /** Until then the attempt under way has the row to itself. */
    attemptUntil: at(),
    /** HTTP's or SMTP's. */
    answerCode: integer(),
    /** The beginning of what was answered. */
    answer: text(),
    error: text(),
    createdAt: at().notNull().defaultNow(),
    endedAt: at(),
    search: text().generatedAlwaysAs(
      sql.raw(searchText('title', 'channel_name', 'channel_kind', 'kind', 'state', 'error')),
    ),
  },
  (table) => [
    index('notification_deliveries_due')
      .on(sql`coalesce(${table.attemptUntil}, ${table.dueAt})`)
      .where(sql`state in ('waiting', 'sending')`),
    index('notification_deliveries_held').on(table.channelId, table.incident).where(sql`held and state = 'waiting'`),
    index('notification_deliveries_trim').on(table.createdAt),
    ...listIndexes(
      'notification_deliveries',
      table,
      {
        at: table.createdAt,
        channel: table.channelName,
        kind: table.kind,
        state: table.state,
        title: table.title,
      },
      sql`member_id is null`,
    ),
    searchIndex('notification_deliveries', table.search, sql`member_id is null`),
  ],
);
