// Writing events: the row in the change's own transaction; the database orders them and hints by NOTIFY.

import type { Queries } from '../../db/client.ts';
import { events } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';

/** Besides these the database itself tells of `attention`, where something needs a hand or no longer does. */
export type EventTopic =
  | 'accessKeys'
  | 'connectors'
  | 'cutovers'
  | 'servers'
  | 'jobs'
  | 'runs'
  | 'images'
  | 'instances'
  | 'activity'
  | 'limits'
  | 'members'
  | 'notifications'
  | 'overview'
  | 'sso'
  | 'targets'
  | 'views';

export interface NewEvent {
  topic: EventTopic;
  subjectId: string | null;
  kind: 'changed' | 'progress' | 'removed';
  data?: unknown;
}

/**
 * Inserts events. They become visible with the commit, in ascending order of their ids: the database gives the ids then
 * (db/migrations/0024_events_in_order_by_workspace.sql), and notifies EVENTS_CHANNEL with the workspace.
 */
export async function recordEvents(tx: Queries, workspaceId: WorkspaceId, added: readonly NewEvent[]): Promise<void> {
  if (added.length === 0) return;
  await tx.insert(events).values(added.map((event) => ({ workspaceId, ...event, data: event.data ?? null })));
}
