// AMIs that runs made and instances launched from them.
import { index, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { Fault } from '../../replication/model/fault.ts';
import type { InstanceState, LaunchInput } from '../../replication/model/instance.ts';
import { workspaces } from './people.ts';
import { replicationJobs, replicationRuns } from './replication.ts';

const at = () => timestamp({ withTimezone: true });

export const images = pgTable(
  'images',
  {
    /** `ami-…` */
    id: text().primaryKey(),
    workspaceId: text()
      .notNull()
      .references(() => workspaces.id),
    jobId: text()
      .notNull()
      .references(() => replicationJobs.id),
    runId: text()
      .notNull()
      .references(() => replicationRuns.id),
    name: text().notNull(),
    method: text({ enum: ['register-image', 'import-image'] }).notNull(),
    note: text(),
    snapshotIds: jsonb().$type<string[]>().notNull(),
    /** Blocks of its replica snapshots that were read back and found as sent; null for AMIs of before this was done. */
    verified: jsonb().$type<{ checked: number; blocks: number; full: boolean }>(),
    /** The moment whose bytes it holds: that of the source snapshot. */
    pointInTime: at().notNull(),
    createdAt: at().notNull().defaultNow(),
    /** Kept whatever the number to keep says. */
    pinnedAt: at(),
    deregisteredAt: at(),
  },
  (table) => [
    index('images_workspace').on(table.workspaceId, table.createdAt, table.id),
    index('images_job').on(table.jobId),
  ],
);

export const instances = pgTable(
  'instances',
  {
    /** Ours, `launch-…`, since the row stands before the instance does. */
    id: text().primaryKey(),
    workspaceId: text()
      .notNull()
      .references(() => workspaces.id),
    /** `i-…`, null until EC2 answered. */
    instanceId: text().unique(),
    imageId: text()
      .notNull()
      .references(() => images.id),
    runId: text()
      .notNull()
      .references(() => replicationRuns.id),
    name: text().notNull(),
    purpose: text({ enum: ['test', 'final'] }).notNull(),
    input: jsonb().$type<LaunchInput>().notNull(),
    /** As EC2 said last. */
    state: text().$type<InstanceState['state'] | 'launching' | 'failed'>().notNull(),
    detail: jsonb().$type<InstanceState>(),
    /** Why EC2 refused the launch. */
    fault: jsonb().$type<Fault>(),
    launchedBy: text().notNull(),
    launchedAt: at().notNull().defaultNow(),
    terminatedAt: at(),
    checkedAt: at(),
    /** When both status checks were seen to pass for the first time. */
    checksPassedAt: at(),
  },
  (table) => [index('instances_workspace').on(table.workspaceId, table.launchedAt, table.id)],
);
