// What needs somebody's hand, one row for each job, cutover or artifact concerned. Nobody writes it: triggers renew the row of
// whatever changed at the commit of the change, from the view `attention_truth` (see the migration `attention`).
import { bigint, index, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { WorkspaceId } from './workspace-id.ts';

export type AttentionRowKind = 'cutover' | 'paused-jobs' | 'failed-runs' | 'waiting-runs' | 'left-over';

export const attention = pgTable(
  'attention',
  {
    subjectKind: text({ enum: ['job', 'cutover', 'artifact'] }).notNull(),
    subjectId: text().notNull(),
    workspaceId: text().$type<WorkspaceId>().notNull(),
    kind: text().$type<AttentionRowKind>().notNull(),
    /** What makes several rows one entry: a fault's code, or the MD5 of what runs wait for. One for all cutovers: each is an entry. */
    cause: text().notNull(),
    /** The run that failed or waits, or that made the artifact; it holds the words. Null for a cutover, which holds its own. */
    runId: text(),
    /** MD5 of message and remedy: the same where two faults say the same. */
    words: text().notNull(),
    /** What a link leads to: a job, or a cutover. */
    thingId: text().notNull(),
    thingName: text().notNull(),
    /** Order within a cause, ascending: microseconds since 1970, negative where the newest comes first. */
    place: bigint({ mode: 'number' }).notNull(),
    since: timestamp({ withTimezone: true }),
  },
  (table) => [
    primaryKey({ columns: [table.subjectKind, table.subjectId] }),
    index('attention_place').on(table.workspaceId, table.kind, table.cause, table.place, table.subjectId),
    index('attention_since').on(table.workspaceId, table.kind, table.cause, table.since),
    index('attention_words').on(table.workspaceId, table.kind, table.cause, table.words),
  ],
);
