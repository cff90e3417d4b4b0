// Writing events: the row in the change's own transaction, NOTIFY as a hint. Called by services through `inTransaction` only.
import { sql } from 'drizzle-orm';
import type { Queries } from '../../db/client.ts';
import { events } from '../../db/schema/index.ts';
import { EVENTS_CHANNEL } from './channels.ts';

export type EventTopic =
  | 'connectors'
  | 'servers'
  | 'jobs'
  | 'runs'
  | 'images'
  | 'instances'
  | 'activity'
  | 'members'
  | 'targets';

export interface NewEvent {
  topic: EventTopic;
  subjectId: string | null;
  kind: 'changed' | 'progress' | 'removed';
  data?: unknown;
}

const EVENT_ORDER_LOCK = 7_306_212;

/**
 * Inserts events as the last thing of a transaction. The lock makes ids become visible in ascending order, so that a
 * reader that has seen id n will never meet a smaller new one; it is held only until the commit that follows at once.
 */
export async function recordEvents(tx: Queries, workspaceId: string, added: readonly NewEvent[]): Promise<void> {
  if (added.length === 0) return;
  await tx.execute(sql`select pg_advisory_xact_lock(${EVENT_ORDER_LOCK})`);
  await tx.insert(events).values(added.map((event) => ({ workspaceId, ...event, data: event.data ?? null })));
  await tx.execute(sql`select pg_notify(${EVENTS_CHANNEL}, ${workspaceId})`);
}
