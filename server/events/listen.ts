// One LISTEN connection per process, shared by every follower and every long poll. Hints may be lost; waits have ends.
// A notification is only ever a hint that a row is there to be read.
import pg from 'pg';

/** Payload: the workspace's id. Notified by the database itself (db/migrations/0024_events_in_order_by_workspace.sql). */
export const EVENTS_CHANNEL = 'landfall_events';
/** Payload: the user's id. Notified by the database itself (db/migrations/0023_sessions.sql). */
export const SESSIONS_CHANNEL = 'landfall_sessions';
/** Payload: the connector's id, or `cloud`. */
export const TASKS_CHANNEL = 'landfall_tasks';

type Waiter = (payload: string) => void;

interface Hub {
  waiters: Map<string, Set<Waiter>>;
  client: pg.Client | null;
  connecting: Promise<void> | null;
  closed: boolean;
}

const slot = globalThis as { landfallListenHub?: Hub };

function sharedHub(): Hub {
  slot.landfallListenHub ??= { waiters: new Map(), client: null, connecting: null, closed: false };
  return slot.landfallListenHub;
}

async function connect(hub: Hub): Promise<void> {
  const client = new pg.Client({
    connectionString: process.env.DATABASE_URL,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    // The system's own first probe comes after two hours.
    keepAliveInitialDelayMillis: 10_000,
  });
  const lost = () => {
    if (hub.client !== client) return;
    hub.client = null;
    // Everybody looks at the tables once more: what was said while nobody listened is there.
    for (const set of hub.waiters.values()) for (const waiter of [...set]) waiter('');
  };
  client.on('error', lost);
  client.on('end', lost);
  client.on('notification', (message) => {
    for (const waiter of [...(hub.waiters.get(message.channel) ?? [])]) waiter(message.payload ?? '');
  });
  try {
    await client.connect();
    hub.client = client;
    for (const channel of [EVENTS_CHANNEL, SESSIONS_CHANNEL, TASKS_CHANNEL]) await client.query(`listen ${channel}`);
  } catch (error) {
    hub.client = null;
    await client.end().catch(() => {});
    throw error;
  }
}

async function ensureConnected(): Promise<void> {
  const hub = sharedHub();
  if (hub.client || hub.closed) return;
  hub.connecting ??= connect(hub).finally(() => {
    hub.connecting = null;
  });
  // Without a connection the waits below still end by their deadline, and callers look at the tables.
  await hub.connecting.catch(() => {});
}

/**
 * Listens until released. Begin listening, then read the tables, then wait: nothing falls between.
 * `next` resolves at a hint (of this payload, when given), at the deadline, or when the signal is aborted.
 */
export async function listen(channel: string, payload?: string) {
  await ensureConnected();
  let hinted = false;
  let wake: (() => void) | null = null;
  const waiter: Waiter = (notified) => {
    if (payload !== undefined && notified !== '' && notified !== payload) return;
    hinted = true;
    wake?.();
  };
  const hub = sharedHub();
  const set = hub.waiters.get(channel) ?? new Set();
  hub.waiters.set(channel, set.add(waiter));
  return {
    async next(milliseconds: number, signal: AbortSignal): Promise<void> {
      await ensureConnected();
      if (!hinted && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(done, milliseconds);
          function done() {
            clearTimeout(timer);
            signal.removeEventListener('abort', done);
            wake = null;
            resolve();
          }
          wake = done;
          signal.addEventListener('abort', done, { once: true });
        });
      }
      hinted = false;
    },
    /** As a hint would. */
    wake(): void {
      waiter('');
    },
    release(): void {
      set.delete(waiter);
    },
  };
}

/** Closes the connection when the process ends. */
export async function stopListening(): Promise<void> {
  const hub = sharedHub();
  hub.closed = true;
  const client = hub.client;
  hub.client = null;
  await client?.end().catch(() => {});
}
