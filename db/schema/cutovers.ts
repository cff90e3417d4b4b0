// Cutovers of replication jobs, and what was said and done in them.
import { sql } from 'drizzle-orm';
import { bigserial, index, integer, jsonb, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';
import type {
  CutoverCheck,
  CutoverOptions,
  CutoverState,
  CutoverStepId,
  CutoverTimeline,
  Question,
} from '../../replication/model/cutover.ts';
import { listIndexes, searchIndex, searchText } from './list-index.ts';
import { workspaces } from './people.ts';
import { replicationJobs } from './replication.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

export const cutovers = pgTable(
  'cutovers',
  {
    /** `cutover-…` */
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    jobId: text()
      .notNull()
      .references(() => replicationJobs.id),
    serverName: text().notNull(),
    state: text().$type<CutoverState>().notNull(),
    /** Where it is, in the runbook or in the roll-back. */
    step: text().$type<CutoverStepId>().notNull(),
    options: jsonb().$type<CutoverOptions>().notNull(),
    /** Null: when a person starts it. */
    startAt: at(),
    /** What was looked at before it began, as it was then. */
    checks: jsonb().$type<CutoverCheck[]>().notNull().default([]),
    instanceChecks: jsonb().$type<CutoverCheck[]>().notNull().default([]),
    timeline: jsonb().$type<CutoverTimeline>().notNull().default({}),
    /** Waits for a person while it is there. */
    question: jsonb().$type<Question>(),
    questions: integer().notNull().default(0),
    /** What it waits for by itself, for people. */
    waitingFor: text(),
    /** Tries of the step so far: a part of tokens, so that a new try makes a new thing. */
    attempt: integer().notNull().default(0),
    finalRunId: text(),
    launchId: text(),
    /** Last lines of the instance's serial console, as the checks saw them. */
    consoleOutput: text(),
    /** True once we took the source's power, so that a roll-back gives it back. */
    sourceStopped: text({ enum: ['by-landfall', 'by-team'] }),
    downtimeStartedAt: at(),
    downtimeEndedAt: at(),
    createdBy: text().notNull(),
    createdAt: at().notNull().defaultNow(),
    startedAt: at(),
    startedBy: text(),
    endedAt: at(),
    /** When it began, else when it shall. */
    beginsAt: at().generatedAlwaysAs(sql`coalesce(started_at, start_at)`),
    search: text().generatedAlwaysAs(sql.raw(searchText('id', 'server_name', 'job_id', 'created_by'))),
  },
  (table) => [
    uniqueIndex('cutovers_one_at_a_time')
      .on(table.jobId)
      .where(sql`state in ('planned', 'active', 'cut-over', 'rolling-back')`),
    index('cutovers_workspace').on(table.workspaceId, table.createdAt, table.id),
    // What a worker goes round, in its order.
    index('cutovers_going')
      .on(table.createdAt, table.id)
      .where(sql`state in ('active', 'rolling-back') and question is null`),
    index('cutovers_open').on(table.state).where(sql`state in ('planned', 'active', 'rolling-back')`),
    index('cutovers_under_way')
      .on(table.workspaceId, table.startedAt, table.id)
      .where(sql`state in ('active', 'cut-over', 'rolling-back')`),
    index('cutovers_planned').on(table.workspaceId, table.startAt, table.id).where(sql`state = 'planned'`),
    // Those that begin by themselves, in the order of their time.
    index('cutovers_due').on(table.startAt).where(sql`state = 'planned' and waiting_for is null`),
    index('cutovers_job').on(table.jobId, table.createdAt),
    ...listIndexes('cutovers', table, {
      id: table.id,
      server: table.serverName,
      state: table.state,
      begins: table.beginsAt,
      created_by: table.createdBy,
      ended: table.endedAt,
    }),
    searchIndex('cutovers', table.search),
  ],
);

export const cutoverLog = pgTable(
  'cutover_log',
  {
    id: bigserial({ mode: 'number' }).primaryKey(),
    cutoverId: text()
      .notNull()
      .references(() => cutovers.id),
    at: at().notNull().defaultNow(),
    step: text().$type<CutoverStepId>(),
    /** decision and comment are a person's. */
    level: text({ enum: ['info', 'warning', 'error', 'decision', 'comment'] }).notNull(),
    /** The person, or null for what Landfall did. */
    who: text(),
    text: text().notNull(),
  },
  (table) => [index('cutover_log_cutover').on(table.cutoverId, table.id)],
);
