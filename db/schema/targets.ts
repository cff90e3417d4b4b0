// AWS targets: where runs replicate into, and how. Every place that a target ever had is kept, for what was made there.
import { sql } from 'drizzle-orm';
import {
  boolean,
  foreignKey,
  integer,
  jsonb,
  type PgColumn,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { TransferPath } from '../../replication/model/baseline.ts';
import type { Distribution } from '../../replication/model/distribution.ts';
import type { LaunchDefaults } from '../../replication/model/launch-configuration.ts';
import type { ConnectorSignIn, SignInKind, TargetEndpoints } from '../../replication/model/target.ts';
import type { TargetTestResult } from '../../replication/model/target-test.ts';
import { workspaces } from './people.ts';
import type { Sealed } from './sealed.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

export type TransportChoice = 'auto' | 'nfc' | 'folder' | 'nbd';
export type Verification = 'sampled' | 'full';

/** What a target is called and how it is used. Runs copy the use when they are made, so a change counts for later ones. */
export const awsTargets = pgTable(
  'aws_targets',
  {
    /** `target-…` */
    id: text().primaryKey(),
    workspaceId: text()
      .$type<WorkspaceId>()
      .notNull()
      .references(() => workspaces.id),
    name: text().notNull(),
    /** Its place now: a row of `awsTargetPlaces`. Another place is another revision. */
    revision: integer().notNull().default(1),
    transfer: text().$type<TransferPath>().notNull().default('s3'),
    transport: text().$type<TransportChoice>().notNull().default('auto'),
    verification: text().$type<Verification>().notNull().default('sampled'),
    /** Encrypt the snapshots, whatever the account's own default is. */
    encrypted: boolean().notNull().default(false),
    /** ARN of the key; null for the account's default key. */
    kmsKeyArn: text(),
    /** Put on everything that runs make at AWS, and on instances. */
    tags: jsonb().$type<Record<string, string>>().notNull().default({}),
    /** Where its AMIs go beside it. */
    distribution: jsonb().$type<Distribution>().notNull().default([]),
    /** Whose rights the console has there. */
    signIn: text().$type<SignInKind>().notNull().default('environment'),
    /** Counts the changes of how it signs in: whatever was opened before is opened anew. */
    signInVersion: integer().notNull().default(1),
    /** Of an access key, and its secret. */
    accessKeyId: text(),
    secretKey: jsonb().$type<Sealed>(),
    /** The role that is assumed. */
    roleArn: text(),
    /** What a role that trusts us must ask for. Ours, never a person's choice, and the same for as long as the target lives. */
    externalId: text(),
    /** Whose rights connectors have there: a key of their own, or short-lived ones from the console. */
    connectorSignIn: text().$type<ConnectorSignIn>().notNull().default('own'),
    /** What is launched with while the job has no launch configuration; empty while nothing was chosen. */
    launchDefaults: jsonb().$type<Partial<LaunchDefaults>>().notNull().default({}),
    createdBy: text().notNull(),
    createdAt: at().notNull().defaultNow(),
    changedBy: text(),
    /** Null as long as it is as it was made. */
    changedAt: at(),
    /** Counts its changes: who saves names the one that he has seen. */
    version: integer().notNull().default(1),
    /** Since when nothing goes into it any more: kept for what was made there. */
    retiredAt: at(),
    /** How the environment differs from it, as a worker saw last; on the first of a workspace. */
    environmentNote: text(),
  },
  (table) => [uniqueIndex('aws_targets_name').on(table.workspaceId, sql`lower(name)`).where(sql`retired_at is null`)],
);

/** Where a target is, or was. What was made there names target and revision, and is found and released there. */
export const awsTargetPlaces = pgTable(
  'aws_target_places',
  {
    targetId: text()
      .notNull()
      .references(() => awsTargets.id),
    revision: integer().notNull(),
    /** Twelve digits; null until AWS has said. */
    account: text(),
    partition: text().notNull().default('aws'),
    region: text().notNull(),
    bucket: text().notNull(),
    /** What is staged lies under it; ends with `/`. */
    prefix: text().notNull().default('landfall/'),
    /** Only where they are not AWS's public ones. */
    endpoints: jsonb().$type<TargetEndpoints>().notNull().default({}),
    /** Role of VM Import; null: `vmimport`. */
    importRole: text(),
    /** From before targets were rows: what only the environment knows is written here at the next start. */
    awaitsEnvironment: boolean().notNull().default(false),
    createdAt: at().notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.targetId, table.revision] })],
);

/** What the latest test of a target found. */
export const targetTests = pgTable('target_tests', {
  targetId: text()
    .primaryKey()
    .references(() => awsTargets.id),
  /** The place and the sign-in that were tested: others since then have not been. */
  revision: integer().notNull(),
  signInVersion: integer().notNull(),
  testedBy: text().notNull(),
  testedAt: at().notNull(),
  result: jsonb().$type<TargetTestResult>().notNull(),
});

/** The place of what a table's rows are made at. */
export const atPlace = (name: string, table: { targetId: PgColumn; targetRevision: PgColumn }) =>
  foreignKey({
    name: `${name}_target_place`,
    columns: [table.targetId, table.targetRevision],
    foreignColumns: [awsTargetPlaces.targetId, awsTargetPlaces.revision],
  });
