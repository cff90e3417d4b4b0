// Workspaces and who belongs to them.
import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Fault } from '../../replication/model/fault.ts';
import type { Sealed } from './sealed.ts';
import type { WorkspaceId } from './workspace-id.ts';

/** That somebody wished to see the lab's smallest server replicated, and what came of it. */
export interface SmallestWish {
  /** ISO 8601; names the wish. */
  askedAt: string;
  /** Null: Landfall itself. */
  memberId: string | null;
  /** Null while the import of the catalog goes on. */
  ended: { jobId: string; serverName: string } | { fault: Fault } | null;
}

export const workspaces = pgTable('workspaces', {
  id: text().$type<WorkspaceId>().primaryKey(),
  name: text().notNull(),
  /** Whether members who sign in with a password must show a code as well. */
  requiresTotp: boolean().notNull().default(false),
  /** The last wish of this kind. */
  smallestWish: jsonb().$type<SmallestWish>(),
  createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
});

export const users = pgTable('users', {
  id: text().primaryKey(),
  /** Lower case. */
  email: text().notNull().unique(),
  name: text().notNull(),
  passwordHash: text().notNull(),
  /** Raised to end every session of the user at once. */
  sessionVersion: integer().notNull().default(1),
  /** Theme, time zone, table columns: whatever screens remember. */
  preferences: jsonb().$type<Record<string, unknown>>().notNull().default({}),
  createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
});

export const members = pgTable(
  'members',
  {
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    userId: text()
      .notNull()
      .references(() => users.id),
    role: text({ enum: ['viewer', 'operator', 'cutover-manager', 'administrator'] }).notNull(),
    /** Given by a group of the person's provider; else by a member. It counts in sessions by single sign-on only, and goes with the group. */
    bySso: boolean().notNull().default(false),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    removedAt: timestamp({ withTimezone: true }),
  },
  (table) => [uniqueIndex('members_workspace_user').on(table.workspaceId, table.userId)],
);

/** Who a user is at the provider of single sign-on. Never told by the e-mail address, which providers give to others later. */
export const ssoIdentities = pgTable(
  'sso_identities',
  {
    id: text().primaryKey(),
    issuer: text().notNull(),
    subject: text().notNull(),
    userId: text()
      .notNull()
      .references(() => users.id),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** Let in or not. */
    lastSeenAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('sso_identities_subject').on(table.issuer, table.subject),
    index('sso_identities_user').on(table.userId),
  ],
);

/** The role that a group of the provider has in a workspace. */
export const ssoGroupRoles = pgTable(
  'sso_group_roles',
  {
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    /** As the provider sends it: a name, a path or an id. */
    groupName: text().notNull(),
    role: text({ enum: ['viewer', 'operator', 'cutover-manager', 'administrator'] }).notNull(),
  },
  (table) => [
    uniqueIndex('sso_group_roles_group').on(table.workspaceId, table.groupName),
    index('sso_group_roles_name').on(table.groupName),
  ],
);

/** A sign-in of a user in one browser, until it ends. The cookie names it; what ended here is over there too. */
export const sessions = pgTable(
  'sessions',
  {
    id: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => users.id),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** Written every few minutes at most. */
    lastSeenAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** However busy it is. */
    expiresAt: timestamp({ withTimezone: true }).notNull(),
    /** Null until somebody ends it before its time. */
    endedAt: timestamp({ withTimezone: true }),
    /** Where it was seen last. */
    address: text(),
    userAgent: text(),
    /** Of a sign-in by single sign-on; null for one by password. */
    identityId: text().references(() => ssoIdentities.id),
    /** Where and with which token its provider is told of the end, as JSON. */
    providerSignOut: jsonb().$type<Sealed>(),
  },
  (table) => [
    index('sessions_user').on(table.userId, table.lastSeenAt),
    index('sessions_over').on(sql`least(${table.endedAt}, ${table.expiresAt})`),
  ],
);
