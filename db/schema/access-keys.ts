// Keys with which a member's programs call the API.
import { sql } from 'drizzle-orm';
import { index, jsonb, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import { members, workspaces } from './people.ts';
import type { Sealed } from './sealed.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

export const accessKeys = pgTable(
  'access_keys',
  {
    /** Twenty characters, as AWS's: `LFKA…` */
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    memberId: text()
      .notNull()
      .references(() => members.id),
    name: text().notNull(),
    /** What it may at most; the member's own role where that is less. */
    role: text({ enum: ['viewer', 'operator', 'cutover-manager', 'administrator'] }).notNull(),
    /** What signatures are made with. Null once it has ended: nothing can be signed with it any more. */
    secret: jsonb().$type<Sealed>(),
    /** Of the form that asked for it: asked again it makes no second one. */
    requestId: text().notNull(),
    createdAt: at().notNull().defaultNow(),
    expiresAt: at().notNull(),
    /** Revoked by its member or an administrator, or ended with the membership. */
    ended: text({ enum: ['revoked', 'member-gone'] }),
    endedAt: at(),
    /** Written once a minute at most. */
    lastUsedAt: at(),
    lastUsedAddress: text(),
  },
  (table) => [
    uniqueIndex('access_keys_request').on(table.memberId, table.requestId),
    index('access_keys_workspace').on(table.workspaceId, table.createdAt).where(sql`ended is null`),
  ],
);
