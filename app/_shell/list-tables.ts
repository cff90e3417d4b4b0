// The tables that are pages of their own, and the order of each until somebody chooses another one. Each is named after its
// router. The page prefetches by it (list-page.tsx) and the screen asks by it (use-list-table.ts), so that both ask for the
// same rows.
import type { TRPCOptionsProxy } from '@trpc/tanstack-react-query';
import type { AppRouter } from '../../server/api/root.ts';
import type { TableDefaults } from '../_ui/table-query.ts';

export const LIST_TABLES = {
  accessKeys: { by: 'createdAt', descending: true },
  activity: { by: 'at', descending: true },
  connectors: { by: 'name', descending: false },
  cutovers: { by: 'createdAt', descending: true },
  deliveries: { by: 'createdAt', descending: true },
  images: { by: 'createdAt', descending: true },
  instances: { by: 'launchedAt', descending: true },
  jobs: { by: 'createdAt', descending: true },
  members: { by: 'name', descending: false },
  runs: { by: 'scheduledFor', descending: true },
  servers: { by: 'name', descending: false },
} satisfies Record<string, TableDefaults['sort']>;

export type ListTable = keyof typeof LIST_TABLES;

type Queries = TRPCOptionsProxy<AppRouter>;

/** The list procedure of a table. All take the same input, so one stands for all; the table says which rows come. */
export const listOf = (trpc: Queries, table: ListTable) => trpc[table].list as Queries['activity']['list'];

/** Under which name the member's columns and page size are kept. */
export const preferenceOf = (table: ListTable): string => `table.${table}`;

const UNDER_SETTINGS: Partial<Record<ListTable, string>> = {
  accessKeys: '/settings/access-keys',
  deliveries: '/settings/notifications',
  members: '/settings/members',
};

export const pathOf = (table: ListTable): string => UNDER_SETTINGS[table] ?? `/${table}`;
