// Whole rows as the database gives them, by the words of the product: a job's row, a run's, a task's.
import type { connectors } from './connectors.ts';
import type { cutovers } from './cutovers.ts';
import type { replicationJobs, replicationRuns } from './replication.ts';
import type { artifacts, tasks } from './tasks.ts';

export type ArtifactRow = typeof artifacts.$inferSelect;
export type ConnectorRow = typeof connectors.$inferSelect;
export type CutoverRow = typeof cutovers.$inferSelect;
export type JobRow = typeof replicationJobs.$inferSelect;
export type RunRow = typeof replicationRuns.$inferSelect;
export type TaskRow = typeof tasks.$inferSelect;
