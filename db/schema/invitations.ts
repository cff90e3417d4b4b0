// Links that let somebody in, and what slows down who guesses them. Of a link only the SHA-256 of its secret is kept.
import { sql } from 'drizzle-orm';
import { bigint, index, integer, pgTable, text, timestamp, uniqueIndex, varchar } from 'drizzle-orm/pg-core';
import { users, workspaces } from './people.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

/** An invitation into a workspace, for the person with that e-mail. */
export const invitations = pgTable(
  'invitations',
  {
    /** `inv-…` */
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    /** Lower case. */
    email: text().notNull(),
    role: text({ enum: ['viewer', 'operator', 'cutover-manager', 'administrator'] }).notNull(),
    /** That of the newest link; an earlier one is worth nothing. */
    tokenHash: text().notNull().unique(),
    /** Member id. */
    invitedBy: text().notNull(),
    createdAt: at().notNull().defaultNow(),
    expiresAt: at().notNull(),
    ended: text({ enum: ['accepted', 'revoked'] }),
    endedAt: at(),
  },
  (table) => [
    index('invitations_workspace').on(table.workspaceId, table.createdAt),
    uniqueIndex('invitations_open').on(table.workspaceId, table.email).where(sql`ended is null`),
  ],
);

/** A link with which a user sets a new password without knowing the old one. */
export const passwordResets = pgTable(
  'password_resets',
  {
    /** `reset-…` */
    id: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => users.id),
    tokenHash: text().notNull().unique(),
    /** Member id, or `command line`. */
    createdBy: text().notNull(),
    createdAt: at().notNull().defaultNow(),
    expiresAt: at().notNull(),
    /** Used, or replaced by a newer link. */
    ended: text({ enum: ['used', 'replaced'] }),
    endedAt: at(),
  },
  (table) => [index('password_resets_user').on(table.userId)],
);

/** Tries of passwords and links. Written by rate-limiter-flexible, which expects these columns in this order. */
export const attempts = pgTable(
  'attempts',
  {
    key: varchar({ length: 255 }).primaryKey(),
    points: integer().notNull().default(0),
    /** Milliseconds since the epoch; null for ever. */
    expire: bigint({ mode: 'number' }),
  },
  (table) => [index('attempts_expire').on(table.expire)],
);
