// Hints that there is work: whoever makes some says so, and its place looks at once instead of at its next turn.
import { sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { listen, TASKS_CHANNEL } from '../../events/listen.ts';

/** Tells whoever waits for work of this place that there is some: of a connector, or with null of the workers. */
export async function hintTasks(tx: Queries, connectorId: string | null): Promise<void> {
  await tx.execute(sql`select pg_notify(${TASKS_CHANNEL}, ${connectorId ?? 'cloud'})`);
}

/** Waits for those hints without looking at the tables all the time. */
export function listenForTasks(connectorId: string | null) {
  return listen(TASKS_CHANNEL, connectorId ?? 'cloud');
}
