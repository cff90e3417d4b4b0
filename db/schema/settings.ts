// What a workspace has set for all of its runs: how many run at once.
import { integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { workspaces } from './people.ts';
import type { WorkspaceId } from './workspace-id.ts';

const at = () => timestamp({ withTimezone: true });

/** How many runs may be active at once; connectors have a number of their own. Without a row the defaults count. */
export const runLimits = pgTable('run_limits', {
  workspaceId: text()
    .$type<WorkspaceId>()
    .primaryKey()
    .references(() => workspaces.id),
  /** In the whole workspace. */
  total: integer().notNull(),
  /** Into one account and Region, those of other workspaces counted too. */
  perTarget: integer().notNull(),
  changedBy: text(),
  changedAt: at().notNull().defaultNow(),
});
