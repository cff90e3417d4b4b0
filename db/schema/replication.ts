// Replication jobs, their runs, and the baselines that the next run measures from.
import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { CopyMode, TransferPath, WantedEncryption } from '../../replication/model/baseline.ts';
import type { Distribution } from '../../replication/model/distribution.ts';
import type { Fault } from '../../replication/model/fault.ts';
import type { StepId } from '../../replication/model/itinerary.ts';
import type { ImageMethod, JobState, License } from '../../replication/model/job.ts';
import type { LaunchConfiguration } from '../../replication/model/launch-configuration.ts';
import type { RunState, RunType, WaitingKind } from '../../replication/model/run.ts';
import type { CatalogServer } from '../../replication/model/server.ts';
import type { ResultsSoFar, StepProgress } from '../../replication/model/step-results.ts';
import { connectors, servers } from './connectors.ts';
import { listIndexes, searchIndex, searchText } from './list-index.ts';
import { workspaces } from './people.ts';
import { atPlace, awsTargets, type TransportChoice, type Verification } from './targets.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

export const replicationJobs = pgTable(
  'replication_jobs',
  {
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    serverId: text()
      .notNull()
      .references(() => servers.id),
    connectorId: text()
      .notNull()
      .references(() => connectors.id),
    /** Where its runs replicate into. */
    targetId: text()
      .notNull()
      .references(() => awsTargets.id),
    serverName: text().notNull(),
    state: text().$type<JobState>().notNull(),
    statusMessage: text(),
    license: text().$type<License>().notNull(),
    /** How the AMI is made of the replica snapshots; auto: VM Import for Windows, RegisterImage for Linux. */
    imageMethod: text().$type<ImageMethod>().notNull().default('auto'),
    /** Hours between runs; null runs once. */
    everyHours: integer(),
    seedAt: at().notNull(),
    description: text().notNull().default(''),
    keepImages: integer(),
    nextRunAt: at(),
    latestImageId: text(),
    latestImageAt: at(),
    /** Failed runs since the last that completed. */
    failuresInRow: integer().notNull().default(0),
    /** So many make the job pause; null never. */
    pauseAfterFailures: integer().default(3),
    pausedAt: at(),
    /** How much its runs read back; null as the AWS target's settings say. */
    verification: text().$type<Verification>(),
    /** Used by every launch of its AMIs; null until one is saved. */
    launchConfiguration: jsonb().$type<LaunchConfiguration>(),
    createdBy: text().notNull(),
    createdAt: at().notNull().defaultNow(),
    deletedAt: at(),
    /** The connector's name; kept by triggers. */
    connectorName: text().notNull().default(''),
    search: text().generatedAlwaysAs(
      sql.raw(searchText('id', 'server_name', 'description', 'connector_name', 'latest_image_id')),
    ),
  },
  (table) => [
    uniqueIndex('replication_jobs_one_per_server').on(table.serverId).where(sql`deleted_at is null`),
    index('replication_jobs_workspace').on(table.workspaceId, table.createdAt, table.id),
    index('replication_jobs_target').on(table.targetId),
    index('replication_jobs_connector').on(table.connectorId).where(sql`deleted_at is null`),
    index('replication_jobs_due').on(table.nextRunAt).where(sql`next_run_at is not null`),
    ...listIndexes(
      'replication_jobs',
      table,
      {
        id: table.id,
        server: table.serverName,
        state: table.state,
        connector: table.connectorName,
        image: table.latestImageId,
        frequency: table.everyHours,
        image_at: table.latestImageAt,
        next_run: table.nextRunAt,
        created: table.createdAt,
      },
      sql`deleted_at is null`,
    ),
    searchIndex('replication_jobs', table.search, sql`deleted_at is null`),
  ],
);

/** What a run took over from its job and server when it was made; editing the job changes no running run. */
export interface RunSettings {
  license: License;
  imageMethod: ImageMethod;
  keepImages: number | null;
  vmId: string;
  guestFamily: CatalogServer['guestFamily'];
  /** Where its target was when it was made; the run's columns name the target and that place. */
  target: { name?: string; region: string; bucket: string };
  /** How the disks travel; runs of before this was a choice went through S3. */
  transfer?: TransferPath;
  /** How they are read at the source. */
  transport?: TransportChoice;
  /** Read back and compare some blocks of each disk, or all. */
  verification?: Verification;
  encryption?: WantedEncryption;
  /** Of the target: put on everything that the run makes at AWS. */
  tags?: Record<string, string>;
  /** Of the target: where the AMI goes beside it. */
  distribution?: Distribution;
  /** Of which cutover it is the final run. */
  cutoverId?: string;
}

export const replicationRuns = pgTable(
  'replication_runs',
  {
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    jobId: text()
      .notNull()
      .references(() => replicationJobs.id),
    connectorId: text()
      .notNull()
      .references(() => connectors.id),
    /** The job's, and the place that it had when the run was made: what it makes lies there, whatever becomes of the target. */
    targetId: text().notNull(),
    targetRevision: integer().notNull(),
    serverName: text().notNull(),
    type: text().$type<RunType>().notNull(),
    state: text().$type<RunState>().notNull(),
    settings: jsonb().$type<RunSettings>().notNull(),
    /** Where an active run is. */
    step: text().$type<StepId>().notNull(),
    /** 0–100; never goes back. */
    percent: doublePrecision().notNull().default(0),
    progress: jsonb().$type<StepProgress>(),
    results: jsonb().$type<ResultsSoFar>().notNull().default({}),
    /** When each step began and ended, and since when a site has been away whose outage it waits out. */
    timeline: jsonb()
      .$type<
        Partial<
          Record<
            StepId,
            { startedAt: string; endedAt?: string; attempts: number; triedAt?: string; awaySince?: string }
          >
        >
      >()
      .notNull()
      .default({}),
    waitingFor: text(),
    /** Beside `waitingFor`: a pending run is `queued` for a place, or something that it waits for is not there. */
    waitingKind: text().$type<WaitingKind>(),
    cancelRequestedAt: at(),
    fault: jsonb().$type<Fault>(),
    /** Said with a completed run, e.g. that VM Import refused and the AMI was registered. */
    note: text(),
    imageId: text(),
    scheduledFor: at().notNull(),
    startedAt: at(),
    endedAt: at(),
    createdAt: at().notNull().defaultNow(),
    /** From when its age counts for `trimHistory`: null from its end; the year 9999 once it is trimmed. */
    trimAfter: at(),
    /** Of a pending run only. */
    queueState: text()
      .$type<WaitingKind>()
      .generatedAlwaysAs(sql`case when state = 'pending' then coalesce(waiting_kind, 'queued') end`),
    /** What lists sort and filter by of the results, as runs/view.ts tells it of one run. */
    copyMode: text().$type<CopyMode | 'mixed'>().generatedAlwaysAs(sql`run_copy_mode(results)`),
    changedBytes: bigint({ mode: 'number' }).generatedAlwaysAs(
      sql`run_disk_sum(results, '$."find-changes".disks[*].changedBytes')`,
    ),
    readBytes: bigint({ mode: 'number' }).generatedAlwaysAs(
      sql`run_disk_sum(results, '$."copy-disks".disks[*].bytesRead')`,
    ),
    sentBytes: bigint({ mode: 'number' }).generatedAlwaysAs(
      sql`run_disk_sum(results, '$."copy-disks".disks[*].bytesSent')`,
    ),
    durationSeconds: doublePrecision().generatedAlwaysAs(sql`extract(epoch from ended_at - started_at)`),
    search: text().generatedAlwaysAs(sql.raw(searchText('id', 'server_name', 'job_id', 'image_id'))),
  },
  (table) => [
    uniqueIndex('replication_runs_one_at_a_time').on(table.jobId).where(sql`state in ('pending', 'active')`),
    index('replication_runs_job').on(table.jobId, table.scheduledFor),
    index('replication_runs_newest').on(table.jobId, table.createdAt).where(sql`state <> 'missed'`),
    index('replication_runs_workspace').on(table.workspaceId, table.scheduledFor, table.id),
    // What a worker sweeps, in its order.
    index('replication_runs_sweep').on(table.createdAt, table.id).where(sql`state in ('pending', 'active')`),
    index('replication_runs_trim').on(sql`coalesce(trim_after, ended_at)`).where(sql`ended_at is not null`),
    index('replication_runs_open').on(table.state).where(sql`state in ('pending', 'active')`),
    atPlace('replication_runs', table),
    check('replication_runs_waiting', sql`(waiting_for is null) = (waiting_kind is null)`),
    ...listIndexes('replication_runs', table, {
      id: table.id,
      server: table.serverName,
      type: table.type,
      state: table.state,
      job: table.jobId,
      image: table.imageId,
      queue: table.queueState,
      started: table.startedAt,
      duration: table.durationSeconds,
      copy_mode: table.copyMode,
      changed: table.changedBytes,
      read: table.readBytes,
      sent: table.sentBytes,
    }),
    searchIndex('replication_runs', table.search),
    index('replication_runs_active').on(table.workspaceId, table.startedAt, table.id).where(sql`state = 'active'`),
  ],
);

export const runLog = pgTable(
  'run_log',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    runId: text()
      .notNull()
      .references(() => replicationRuns.id),
    at: at().notNull().defaultNow(),
    level: text({ enum: ['debug', 'info', 'warning', 'error'] }).notNull(),
    step: text().$type<StepId>(),
    text: text().notNull(),
  },
  (table) => [index('run_log_run').on(table.runId, table.id)],
);

/** Per job and disk: what the next delta is measured from. Written in the transaction that records the completed snapshot. */
export const baselines = pgTable(
  'baselines',
  {
    jobId: text()
      .notNull()
      .references(() => replicationJobs.id),
    /** Identity of the disk at the source. */
    diskId: text().notNull(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    /** The run that made it. */
    runId: text()
      .notNull()
      .references(() => replicationRuns.id),
    /** Where the snapshot and the digests lie: that of the run; kept by a trigger. */
    targetId: text().notNull().default(''),
    targetRevision: integer().notNull().default(0),
    capacityBytes: bigint({ mode: 'number' }).notNull(),
    changeId: text(),
    /** The EBS snapshot that holds exactly these bytes. */
    snapshotId: text().notNull(),
    manifestKey: text().notNull(),
    digestRoot: text().notNull(),
    /** Prefixes in the bucket that the digest set's chunks lie in. */
    digestPrefixes: jsonb().$type<string[]>().notNull(),
    /** The moment of the source snapshot. */
    pointInTime: at().notNull(),
    movedAt: at().notNull().defaultNow(),
    revokedAt: at(),
    /** Why it no longer counts, for people. */
    revokedBecause: text(),
  },
  (table) => [
    primaryKey({ columns: [table.jobId, table.diskId] }),
    atPlace('baselines', table),
    index('baselines_snapshot').on(table.snapshotId).where(sql`revoked_at is null`),
    index('baselines_digests').using('gin', table.digestPrefixes).where(sql`revoked_at is null`),
    index('baselines_run').on(table.runId),
  ],
);
