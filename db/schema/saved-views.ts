// Views of lists that a member has given a name: what is shown, in which order, by which filter.
import { sql } from 'drizzle-orm';
import { boolean, jsonb, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import { members, workspaces } from './people.ts';
import type { WorkspaceId } from './workspace-id.ts';

/** As list procedures take it (server/services/list-page.ts), with the columns beside it. */
export interface KeptView {
  filter: { operation: 'and' | 'or'; tokens: { property?: string | undefined; operator: string; value: string }[] };
  sort: { by: string; descending: boolean } | null;
  pageSize: number;
  /** In their order; null: as they are without a view. */
  columns: { id: string; visible: boolean }[] | null;
}

export const savedViews = pgTable(
  'saved_views',
  {
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    memberId: text()
      .notNull()
      .references(() => members.id),
    /** Of which list; `jobs`, say. */
    list: text().notNull(),
    name: text().notNull(),
    view: jsonb().$type<KeptView>().notNull(),
    /** The list opens with it. One of a list at most. */
    isDefault: boolean().notNull().default(false),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('saved_views_name').on(table.memberId, table.list, sql`lower(${table.name})`),
    uniqueIndex('saved_views_default').on(table.memberId, table.list).where(sql`${table.isDefault}`),
  ],
);
