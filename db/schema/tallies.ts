// Counts that the database keeps of its own rows, so that nothing on a screen counts the fleet. Row triggers append what a
// change adds and takes away (what a row counts as: `server_tallies` and its brothers in the migrations); whoever reads
// sums the rows of a bucket, and the worker folds them. No transaction ever waits for another over them.
import { sql } from 'drizzle-orm';
import { bigint, boolean, index, pgTable, text } from 'drizzle-orm/pg-core';
import type { WorkspaceId } from './workspace-id.ts';

/** What is counted, and what its buckets are. Hours are of UTC, `2026-12-01T02`. */
export type TallyName =
  /** Of the catalog, also those that are gone from their VM manager; by connector. */
  | 'servers'
  /** Of the catalog and not gone; by readiness. */
  | 'servers-present'
  /** Not deleted; by state. */
  | 'jobs'
  /** Not deleted; by connector. */
  | 'jobs-of-connector'
  /** Also deleted ones; one bucket. */
  | 'jobs-ever'
  /** Not deleted; by the five minutes of the point in time of the newest AMI, `2026-12-01T02:35`. */
  | 'jobs-latest-image'
  /** Those without an AMI so far; one bucket. */
  | 'jobs-without-image'
  /** Those whose schedule runs; by the hour of the next run and the hours between runs: `2026-12-01T02/12`, `…/once`. */
  | 'jobs-next-run'
  /** Pending and active; by state. */
  | 'runs'
  /** Active; by connector. */
  | 'runs-of-connector'
  /** With the bytes they read and sent; by the hour of their end and state: `2026-12-01T02/completed`. */
  | 'runs-ended'
  /** `live`, `deregistered`. */
  | 'images'
  /** By state. */
  | 'instances'
  /** Those that EC2 took, whatever became of them; one bucket. */
  | 'instances-launched'
  /** What needs a hand; by kind and cause: `failed-runs/vcenter-login-refused`, `cutover/`. */
  | 'attention';

export const tallies = pgTable(
  'tallies',
  {
    /** Of the row that is counted, which refers to it; a reference of its own would cost every change a look-up. */
    workspaceId: text().$type<WorkspaceId>().notNull(),
    name: text().$type<TallyName>().notNull(),
    bucket: text().notNull(),
    count: bigint({ mode: 'number' }).notNull(),
    readBytes: bigint({ mode: 'number' }).notNull(),
    sentBytes: bigint({ mode: 'number' }).notNull(),
    /** False: a change that no fold has taken in yet. */
    folded: boolean().notNull().default(false),
  },
  (table) => [
    index('tallies_bucket').on(table.workspaceId, table.name, table.bucket),
    index('tallies_changes').on(table.folded).where(sql`not folded`),
  ],
);
