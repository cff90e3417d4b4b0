// AMIs that runs made and instances launched from them.
import { sql } from 'drizzle-orm';
import { boolean, index, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { DistributionEntry } from '../../replication/model/distribution.ts';
import type { Fault } from '../../replication/model/fault.ts';
import type { InstanceState, LaunchInput } from '../../replication/model/instance.ts';
import { listIndexes, searchIndex, searchText } from './list-index.ts';
import { workspaces } from './people.ts';
import { replicationJobs, replicationRuns } from './replication.ts';
import { atPlace } from './targets.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

export const images = pgTable(
  'images',
  {
    /** `ami-…` */
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    jobId: text()
      .notNull()
      .references(() => replicationJobs.id),
    runId: text()
      .notNull()
      .references(() => replicationRuns.id),
    /** Where it is: that of the run; kept by a trigger. */
    targetId: text().notNull().default(''),
    targetRevision: integer().notNull().default(0),
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
    /** How much was read back, in a word. */
    verifiedHow: text()
      .$type<'full' | 'sampled'>()
      .generatedAlwaysAs(
        sql`case when (verified ->> 'full')::boolean then 'full' when verified is not null then 'sampled' end`,
      ),
    pinned: text()
      .$type<'yes' | 'no'>()
      .notNull()
      .generatedAlwaysAs(sql`case when pinned_at is null then 'no' else 'yes' end`),
    /** Instances of it that are not terminated; kept by a trigger on them. */
    instanceCount: integer().notNull().default(0),
    /** Accounts and places where it is, or is to be, beside its own; kept by a trigger on them. */
    copies: integer().notNull().default(0),
    copiesAvailable: integer().notNull().default(0),
    copiesFailed: integer().notNull().default(0),
    search: text().generatedAlwaysAs(sql.raw(searchText('id', 'name', 'job_id', 'run_id'))),
  },
  (table) => [
    atPlace('images', table),
    index('images_target').on(table.targetId, table.targetRevision).where(sql`deregistered_at is null`),
    index('images_workspace').on(table.workspaceId, table.createdAt, table.id),
    // The newest of a job, and the one of a run.
    index('images_job').on(table.jobId, table.createdAt),
    index('images_run').on(table.runId),
    index('images_snapshots').using('gin', table.snapshotIds).where(sql`deregistered_at is null`),
    ...listIndexes(
      'images',
      table,
      {
        id: table.id,
        name: table.name,
        job: table.jobId,
        run: table.runId,
        method: table.method,
        verified: table.verifiedHow,
        pinned: table.pinned,
        instances: table.instanceCount,
        point_in_time: table.pointInTime,
        created: table.createdAt,
      },
      sql`deregistered_at is null`,
    ),
    searchIndex('images', table.search, sql`deregistered_at is null`),
  ],
);

/** Where an AMI goes beside its target: an account that may use it, or a copy. */
export const imageCopies = pgTable(
  'image_copies',
  {
    /** `copy-…` */
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    imageId: text()
      .notNull()
      .references(() => images.id),
    kind: text().$type<DistributionEntry['kind']>().notNull(),
    /** Whose it is then; null while the account of a copy is not known. */
    account: text(),
    region: text().notNull(),
    /** As whom it is made: the target of the AMI, or the one that it is copied to. */
    targetId: text().notNull(),
    targetRevision: integer().notNull(),
    /** Null: as the AMI is, with the account's default key there. */
    kmsKeyArn: text(),
    encrypted: boolean().notNull().default(false),
    /** released: the AMI is gone, and what was made of it is gone, or is being taken away. */
    state: text({ enum: ['pending', 'copying', 'available', 'failed', 'released'] })
      .notNull()
      .default('pending'),
    /** AMIs that were begun so far: each has a token of its own, by which AWS makes it once. */
    attempt: integer().notNull().default(1),
    /** Calls in a row that failed. */
    tries: integer().notNull().default(0),
    fault: jsonb().$type<Fault>(),
    /** The ledger's row of the AMI that counts. */
    artifactId: text(),
    /** `ami-…` of the copy, as soon as AWS has given it. */
    copyImageId: text(),
    createdAt: at().notNull().defaultNow(),
    /** When AWS began to copy. */
    startedAt: at(),
    endedAt: at(),
    /** Looked at no earlier; whoever looks moves it on, so that nobody else does meanwhile. */
    notBefore: at().notNull().defaultNow(),
  },
  (table) => [
    atPlace('image_copies', table),
    index('image_copies_image').on(table.imageId),
    index('image_copies_target').on(table.targetId),
    index('image_copies_artifact').on(table.artifactId).where(sql`artifact_id is not null`),
    index('image_copies_due').on(table.notBefore).where(sql`state in ('pending', 'copying')`),
  ],
);

export const instances = pgTable(
  'instances',
  {
    /** Ours, `launch-…`, since the row stands before the instance does. */
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
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
    /** Where it is: that of the AMI; kept by a trigger. */
    targetId: text().notNull().default(''),
    targetRevision: integer().notNull().default(0),
    name: text().notNull(),
    purpose: text({ enum: ['test', 'final'] }).notNull(),
    input: jsonb().$type<LaunchInput>().notNull(),
    /** As EC2 said last. */
    state: text().$type<InstanceState['state'] | 'launching' | 'failed'>().notNull(),
    detail: jsonb().$type<InstanceState>(),
    /** Why EC2 refused the launch. */
    fault: jsonb().$type<Fault>(),
    /** That of the run; kept by a trigger. */
    jobId: text().notNull().default(''),
    launchedBy: text().notNull(),
    launchedAt: at().notNull().defaultNow(),
    terminatedAt: at(),
    /** When both status checks were seen to pass for the first time. */
    checksPassedAt: at(),
    instanceType: text().generatedAlwaysAs(sql`input ->> 'instanceType'`),
    privateAddress: text().generatedAlwaysAs(sql`detail ->> 'privateAddress'`),
    publicAddress: text().generatedAlwaysAs(sql`detail ->> 'publicAddress'`),
    search: text().generatedAlwaysAs(
      sql.raw(
        searchText(
          'instance_id',
          'name',
          'image_id',
          'run_id',
          `input ->> 'instanceType'`,
          `detail ->> 'privateAddress'`,
          `detail ->> 'publicAddress'`,
          'launched_by',
        ),
      ),
    ),
  },
  (table) => [
    atPlace('instances', table),
    index('instances_target').on(table.targetId, table.targetRevision).where(sql`terminated_at is null`),
    index('instances_workspace').on(table.workspaceId, table.launchedAt, table.id),
    // What a worker asks EC2 about, in its order: all, and those that change by themselves.
    index('instances_standing')
      .on(table.launchedAt, table.id)
      .where(sql`terminated_at is null and instance_id is not null`),
    index('instances_changing')
      .on(table.launchedAt, table.id)
      .where(
        sql`terminated_at is null and instance_id is not null and (state not in ('running', 'stopped') or (state = 'running' and checks_passed_at is null))`,
      ),
    index('instances_launching').on(table.launchedAt).where(sql`state = 'launching'`),
    index('instances_image').on(table.imageId),
    index('instances_run').on(table.runId),
    // How long launches of a job took until they passed their checks.
    index('instances_rehearsed')
      .on(table.jobId, table.launchedAt)
      .where(sql`purpose = 'test' and checks_passed_at is not null`),
    ...listIndexes('instances', table, {
      id: table.id,
      name: table.name,
      image: table.imageId,
      purpose: table.purpose,
      state: table.state,
      type: table.instanceType,
      private_address: table.privateAddress,
      public_address: table.publicAddress,
      launched_by: table.launchedBy,
    }),
    searchIndex('instances', table.search),
  ],
);
