// Who did what, and what changed: the audit trail for people, the events for screens.
import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  index,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { listIndexes, searchIndex, searchText } from './list-index.ts';
import { workspaces } from './people.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

export const audit = pgTable(
  'audit',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
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

/**
 * The audit trail as a chain: every row of a workspace has the next number, and a hash of itself and of the hash before. Written by
 * the database at the commit (migration audit_chain), in the order of the commits. A row that is changed, removed or put elsewhere breaks it.
 */
export const auditChain = pgTable(
  'audit_chain',
  {
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    seq: bigint({ mode: 'number' }).notNull(),
    auditId: bigint({ mode: 'number' }).notNull(),
    /** SHA-256, hex. */
    hash: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.seq] }),
    uniqueIndex('audit_chain_audit').on(table.auditId),
  ],
);

/**
 * What the chain was at some time, under a key that the database does not hold: who can write here only can't make another
 * past. Before the oldest one that is a `trim`, rows were taken away by the rule of retention.
 */
export const auditSeals = pgTable(
  'audit_seals',
  {
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    seq: bigint({ mode: 'number' }).notNull(),
    hash: text().notNull(),
    kind: text({ enum: ['seal', 'trim'] }).notNull(),
    at: at().notNull().defaultNow(),
    keyId: text().notNull(),
    mac: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.seq, table.kind] })],
);

export const events = pgTable(
  'events',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
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
