// Following a workspace's events: what was missed since an id, then what comes.

import { and, asc, desc, eq, gt, sql } from 'drizzle-orm';
import { database } from '../../db/client.ts';
import { events } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { EVENTS_CHANNEL, listen } from './listen.ts';

export interface FollowedEvent {
  id: number;
  topic: string;
  subjectId: string | null;
  kind: string;
  data: unknown;
}

const PAGE = 200;
/** Of a longer absence only the last are told: whoever connects again asks for everything on the screen anyway. */
const MOST_MISSED = 1000;
/** A lost hint costs at most this long. */
const LOOK_AGAIN_MS = 15_000;

/** Yields events with ascending ids, from after `after` (the last thousand at most, or from now) until the signal is aborted. */
export async function* followEvents(options: {
  workspaceId: WorkspaceId;
  after?: number;
  signal: AbortSignal;
}): AsyncGenerator<FollowedEvent> {
  const { workspaceId, signal } = options;
  const db = database();
  const hints = await listen(EVENTS_CHANNEL, workspaceId);
  try {
    let last = options.after;
    if (last === undefined) {
      const [row] = await db
        .select({ id: sql<number>`coalesce(max(${events.id}), 0)::float8` })
        .from(events)
        .where(eq(events.workspaceId, workspaceId));
      last = row?.id ?? 0;
    } else {
      const [row] = await db
        .select({ id: events.id })
        .from(events)
        .where(and(eq(events.workspaceId, workspaceId), gt(events.id, last)))
        .orderBy(desc(events.id))
        .offset(MOST_MISSED)
        .limit(1);
      last = row?.id ?? last;
    }
    while (!signal.aborted) {
      const page = await db
        .select({
          id: events.id,
          topic: events.topic,
          subjectId: events.subjectId,
          kind: events.kind,
          data: events.data,
        })
        .from(events)
        .where(and(eq(events.workspaceId, workspaceId), gt(events.id, last)))
        .orderBy(asc(events.id))
        .limit(PAGE);
      for (const event of page) {
        if (signal.aborted) return;
        last = event.id;
        yield event;
      }
      if (page.length < PAGE) await hints.next(LOOK_AGAIN_MS, signal);
    }
  } finally {
    hints.release();
  }
}
