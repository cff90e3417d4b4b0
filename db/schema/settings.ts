// What a workspace has set for all of its runs: how its AWS target is used, and how many run at once.
import { boolean, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import type { TransferPath } from '../../replication/model/baseline.ts';
import { workspaces } from './people.ts';
import type { TransportChoice, Verification } from './replication.ts';

const at = () => timestamp({ withTimezone: true });

/** How a workspace's AWS target is used; without a row everything is as the defaults say. */
export const targetSettings = pgTable('target_settings', {
  workspaceId: text()
    .primaryKey()
    .references(() => workspaces.id),
  transfer: text().$type<TransferPath>().notNull().default('s3'),
  transport: text().$type<TransportChoice>().notNull().default('auto'),
  verification: text().$type<Verification>().notNull().default('sampled'),
  /** Encrypt the snapshots, whatever the account's own default is. */
  encrypted: boolean().notNull().default(false),
  /** ARN of the key; null for the account's default key. */
  kmsKeyArn: text(),
  changedBy: text(),
  changedAt: at().notNull().defaultNow(),
});

/** How many runs may be active at once; connectors have a number of their own. Without a row the defaults count. */
export const runLimits = pgTable('run_limits', {
  workspaceId: text()
    .primaryKey()
    .references(() => workspaces.id),
  /** In the whole workspace. */
  total: integer().notNull(),
  /** Into one AWS target. */
  perTarget: integer().notNull(),
  changedBy: text(),
  changedAt: at().notNull().defaultNow(),
});
