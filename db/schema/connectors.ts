// Connectors, their one-time codes, and the server catalog that each has filled.
import { sql } from 'drizzle-orm';
import {
  bigint,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { Bandwidth } from '../../replication/model/bandwidth.ts';
import type { Fault } from '../../replication/model/fault.ts';
import type { CatalogServer } from '../../replication/model/server.ts';
import type { Check } from '../../replication/wire/gateway.ts';
import { listIndexes, searchIndex, searchText } from './list-index.ts';
import { workspaces } from './people.ts';
import type { WorkspaceId } from './workspace-id.ts';

export const enrolmentCodes = pgTable('enrolment_codes', {
  id: text().primaryKey(),
  workspaceId: text()
    .$type<WorkspaceId>()
    .notNull()
    .references(() => workspaces.id),
  /** SHA-256 of the code; the code itself is shown once and kept nowhere. */
  codeHash: text().notNull().unique(),
  createdBy: text().notNull(),
  createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  expiresAt: timestamp({ withTimezone: true }).notNull(),
  usedAt: timestamp({ withTimezone: true }),
  connectorId: text(),
});

export const connectors = pgTable(
  'connectors',
  {
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    name: text().notNull(),
    version: text().notNull(),
    host: text().notNull(),
    addresses: jsonb().$type<string[]>().notNull(),
    vmManagerType: text({ enum: ['vsphere'] }).notNull(),
    vmManagerName: text().notNull(),
    vmManagerId: text().notNull(),
    vmManagerUrl: text().notNull(),
    vmManagerVersion: text().notNull(),
    tokenHash: text().notNull(),
    /** Grows with each process of the connector; leases belong to one session. */
    session: integer().notNull().default(0),
    checks: jsonb().$type<Check[]>().notNull().default([]),
    /** Null until the first report. */
    checkedAt: timestamp({ withTimezone: true }),
    /** A person asked for the checks to be run at once. */
    checkRequestedAt: timestamp({ withTimezone: true }),
    /** Runs at once. */
    maxRuns: integer().notNull().default(4),
    /** Null: no limit. */
    bandwidth: jsonb().$type<Bandwidth>(),
    rateBytesPerSecond: doublePrecision().notNull().default(0),
    lastSeenAt: timestamp({ withTimezone: true }),
    /** Status as last told by an event, so that a change is told once. */
    status: text({ enum: ['waiting', 'healthy', 'unhealthy'] })
      .notNull()
      .default('waiting'),
    statusReason: text(),
    catalogState: text({ enum: ['not-imported', 'importing', 'available', 'failed'] })
      .notNull()
      .default('not-imported'),
    catalogAt: timestamp({ withTimezone: true }),
    catalogSummary: jsonb().$type<{ found: number; added: number; changed: number; gone: number }>(),
    catalogFault: jsonb().$type<Fault>(),
    associatedAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    disassociatedAt: timestamp({ withTimezone: true }),
  },
  (table) => [index('connectors_workspace').on(table.workspaceId)],
);

export const servers = pgTable(
  'servers',
  {
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    connectorId: text()
      .notNull()
      .references(() => connectors.id),
    vmId: text().notNull(),
    uuid: text().notNull(),
    name: text().notNull(),
    path: text().notNull(),
    power: text({ enum: ['on', 'off', 'suspended'] }).notNull(),
    guestName: text().notNull(),
    guestFamily: text({ enum: ['linux', 'windows-server', 'windows-client', 'other'] }).notNull(),
    vcpus: integer().notNull(),
    memoryMiB: integer().notNull(),
    diskCount: integer().notNull(),
    diskBytes: bigint({ mode: 'number' }).notNull(),
    address: text(),
    host: text().notNull(),
    readiness: text({ enum: ['ready', 'warnings', 'blocked'] }).notNull(),
    record: jsonb().$type<CatalogServer>().notNull(),
    firstSeenAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** To the hour (services/catalog/import.ts). */
    lastSeenAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    goneAt: timestamp({ withTimezone: true }),
    /** Cleared from the catalog, kept for the history of its jobs. */
    clearedAt: timestamp({ withTimezone: true }),
    /** The connector's name; kept by triggers. */
    connectorName: text().notNull().default(''),
    /** State of its replication job, or `none`; kept by a trigger on them. */
    replicationState: text().notNull().default('none'),
    /** The path is sorted by as much of it as an entry of an index holds. */
    pathStart: text().notNull().generatedAlwaysAs(sql`left(path, 300)`),
    search: text().generatedAlwaysAs(
      sql.raw(searchText('name', 'id', 'guest_name', 'address', 'path', 'host', 'connector_name')),
    ),
  },
  (table) => [
    uniqueIndex('servers_connector_vm').on(table.connectorId, table.vmId),
    ...listIndexes(
      'servers',
      table,
      {
        name: table.name,
        id: table.id,
        power: table.power,
        guest: table.guestName,
        family: table.guestFamily,
        vcpus: table.vcpus,
        memory: table.memoryMiB,
        disks: table.diskCount,
        disk_bytes: table.diskBytes,
        address: table.address,
        path: table.pathStart,
        host: table.host,
        connector: table.connectorName,
        readiness: table.readiness,
        replication: table.replicationState,
        last_seen: table.lastSeenAt,
      },
      sql`cleared_at is null`,
    ),
    searchIndex('servers', table.search, sql`cleared_at is null`),
  ],
);

/**
 * Import task that saw a server last; others are gone when the import ends. Apart from the server, since each import writes it
 * anew, and a changed row of `servers` is a new entry in each of its indexes. No foreign key, which would lock that row.
 */
export const serverSightings = pgTable('server_sightings', {
  serverId: text().primaryKey(),
  taskId: text().notNull(),
});
