// Work that is leased out to connectors and workers, and the ledger of what it made outside.
import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import type { ArtifactKind, ArtifactState } from '../../replication/model/artifact.ts';
import type { Fault } from '../../replication/model/fault.ts';
import type { StepId } from '../../replication/model/itinerary.ts';
import type { PowerAction, PowerResult } from '../../replication/model/power.ts';
import { connectors } from './connectors.ts';
import { workspaces } from './people.ts';
import { replicationRuns } from './replication.ts';
import { atPlace } from './targets.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

export interface PowerOrder {
  action: PowerAction;
  vmId: string;
  serverName: string;
  deadlineSeconds: number;
}

/** Work leased to a connector or a worker. Whoever holds the lease names the fence with every write. */
export const tasks = pgTable(
  'tasks',
  {
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    kind: text({ enum: ['step', 'import-catalog', 'release-artifacts', 'power'] }).notNull(),
    place: text({ enum: ['connector', 'cloud'] }).notNull(),
    connectorId: text().references(() => connectors.id),
    runId: text().references(() => replicationRuns.id),
    stepId: text().$type<StepId>(),
    /** Of which cutover a power task is, what it asks for, and what came of it. */
    cutoverId: text(),
    power: jsonb().$type<PowerOrder>(),
    powerResult: jsonb().$type<PowerResult>(),
    state: text({ enum: ['open', 'done', 'failed', 'cancelled'] })
      .notNull()
      .default('open'),
    /** Tries so far, the running one included. */
    attempt: integer().notNull().default(1),
    fence: integer().notNull().default(0),
    /** Holders in a row that fell silent and had got no further than those before them. */
    losses: integer().notNull().default(0),
    /** `<connectorId>/<session>` or the worker's id; null when nobody holds it. */
    holder: text(),
    leaseUntil: at(),
    notBefore: at().notNull().defaultNow(),
    checkpoint: jsonb(),
    fault: jsonb().$type<Fault>(),
    createdBy: text(),
    createdAt: at().notNull().defaultNow(),
    endedAt: at(),
  },
  (table) => [
    uniqueIndex('tasks_one_per_step').on(table.runId, table.stepId).where(sql`kind = 'step'`),
    uniqueIndex('tasks_one_import').on(table.connectorId).where(sql`kind = 'import-catalog' and state = 'open'`),
    uniqueIndex('tasks_one_release').on(table.connectorId).where(sql`kind = 'release-artifacts' and state = 'open'`),
    uniqueIndex('tasks_one_power').on(table.cutoverId).where(sql`kind = 'power' and state = 'open'`),
    index('tasks_power').on(table.cutoverId, table.createdAt).where(sql`kind = 'power'`),
    index('tasks_ended').on(table.endedAt).where(sql`run_id is null and state <> 'open'`),
    index('tasks_open').on(table.place, table.connectorId, table.notBefore).where(sql`state = 'open'`),
  ],
);

export const artifacts = pgTable(
  'artifacts',
  {
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    runId: text().references(() => replicationRuns.id),
    connectorId: text().references(() => connectors.id),
    /** That of the run, kept by a trigger: where it lies if it lies at AWS. Without a run: what a test of a target made. */
    targetId: text(),
    targetRevision: integer(),
    kind: text().$type<ArtifactKind>().notNull(),
    token: text().notNull(),
    state: text().$type<ArtifactState>().notNull().default('declared'),
    externalId: text(),
    /** Fence of the task under which it was declared. */
    fence: integer().notNull(),
    diskId: text(),
    details: jsonb().$type<Record<string, string>>().notNull(),
    createdAt: at().notNull().defaultNow(),
    releasedAt: at(),
    releaseFault: jsonb().$type<Fault>(),
    releaseAttempts: integer().notNull().default(0),
    releaseNotBefore: at().notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('artifacts_token').on(table.token),
    atPlace('artifacts', table),
    // What still lies in a target's place at AWS.
    index('artifacts_target')
      .on(table.targetId, table.targetRevision)
      .where(sql`state <> 'released' and kind not in ('vsphere-snapshot', 'nfc-lease')`),
    index('artifacts_run').on(table.runId),
    index('artifacts_outside').on(table.externalId).where(sql`state <> 'released'`),
    index('artifacts_released').on(table.releasedAt).where(sql`state = 'released'`),
    index('artifacts_at_source')
      .on(table.workspaceId, sql`(details ->> 'vmId')`)
      .where(sql`state <> 'released' and kind in ('vsphere-snapshot', 'nfc-lease')`),
    // What is released next, at AWS and by each connector.
    index('artifacts_open_at_aws')
      .on(table.releaseNotBefore)
      .where(sql`state <> 'released' and kind not in ('vsphere-snapshot', 'nfc-lease')`),
    index('artifacts_open_at_source')
      .on(table.connectorId, table.releaseNotBefore)
      .where(sql`state <> 'released' and kind in ('vsphere-snapshot', 'nfc-lease')`),
  ],
);
