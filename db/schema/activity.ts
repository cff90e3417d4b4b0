// Who did what, and what changed: the audit trail for people, the events for screens.
import { bigserial, index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
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
  },
  (table) => [index('audit_workspace').on(table.workspaceId, table.id)],
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
  (table) => [index('events_workspace').on(table.workspaceId, table.id), index('events_at').on(table.at)],
);
