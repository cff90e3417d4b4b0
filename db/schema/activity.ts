// Who did what, and what changed: the audit trail for people, the events for screens.
import { sql } from 'drizzle-orm';
import { bigserial, index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { listIndexes, searchIndex, searchText } from './list-index.ts';
import { workspaces } from './people.ts';

const at = () => timestamp({ withTimezone: true });

export const audit = pgTable(
  'audit',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    workspaceId: text()
      .notNull()
      .references(() => workspaces.id),
    at: at().notNull().defaultNow(),
    actorKind: text({ enum: ['member', 'connector', 'system'] }).notNull(),
    actorId: text().notNull(),
    actorName: text().notNull(),
    /** `job.create`, `connector.disassociate`…: the permission's name. */
    action: text().notNull(),
    subjectKind: text().notNull(),
    subjectId: text().notNull(),
    subjectName: text().notNull(),
    before: jsonb(),
    after: jsonb(),
    address: text(),
    search: text().generatedAlwaysAs(
      sql.raw(searchText('actor_name', 'action', 'subject_kind', 'subject_name', 'subject_id', 'address')),
    ),
  },
  (table) => [
    index('audit_workspace').on(table.workspaceId, table.id),
    ...listIndexes('audit', table, {
      at: table.at,
      actor: table.actorName,
      action: table.action,
      kind: table.subjectKind,
      subject: table.subjectName,
      address: table.address,
    }),
    searchIndex('audit', table.search),
  ],
);

export const events = pgTable(
  'events',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    workspaceId: text()
      .notNull()
      .references(() => workspaces.id),
    at: at().notNull().defaultNow(),
    /** The noun: connectors, servers, jobs, runs, images, instances, activity. */
    topic: text().notNull(),
    subjectId: text(),
    /** `changed`, `progress`, `removed`. */
    kind: text().notNull(),
    data: jsonb(),
  },
  (table) => [
    index('events_workspace').on(table.workspaceId, table.id),
    index('events_at').on(table.at),
    index('events_progress').on(table.at).where(sql`kind = 'progress'`),
  ],
);
