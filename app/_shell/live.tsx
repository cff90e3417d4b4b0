'use client';
// Keeps every page up to date: follows the workspace's events and refetches what they touch.
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { goToSignIn, isLeaving } from './sign-out.ts';
import { nounsOf, TopicBatch } from './topics.ts';
import { useTRPC, useTRPCClient } from './trpc.ts';

const ConnectionContext = createContext<'connected' | 'lost'>('connected');

/** An interruption shorter than this is not shown to anybody. */
const LOST_AFTER_MS = 4000;
/** Events that come together are answered together. */
const BATCH_MS = 300;
const RECONNECT_MS = 3000;
/** A page takes at most this long from the server's reading of its data to the screen. */
const ON_ITS_WAY_MS = 30_000;

export function LiveProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const lastId = useRef<number | undefined>(undefined);
  const batch = useMemo(() => new TopicBatch(BATCH_MS, (nouns) => invalidate(queryClient, nouns)), [queryClient]);
  useEffect(() => () => batch.stop(), [batch]);
  const touched = useMemo(() => new Map<string, number>(), []);
  useEffect(() => renewWhatCameLate(queryClient, touched), [queryClient, touched]);

  const { status, reset } = useSubscription(
    trpc.events.follow.subscriptionOptions(lastId.current === undefined ? {} : { after: lastId.current }, {
      onData({ data: event }) {
        lastId.current = event.id;
        batch.add(event.topic, event.kind);
        for (const noun of nounsOf(event.topic, event.kind)) touched.set(noun, performance.now());
      },
    }),
  );

  const [connection, setConnection] = useState<'connected' | 'lost'>('connected');
  useEffect(() => {
    if (status === 'pending') {
      setConnection('connected');
      // What happened before we listened, or while nobody did.
      void invalidate(queryClient, null);
      return;
    }
    const timer = setTimeout(() => setConnection('lost'), LOST_AFTER_MS);
    return () => clearTimeout(timer);
  }, [status, queryClient]);

  useEffect(() => {
    // Refused (`error`), not merely cut: either the session has ended, or the server is not up yet. Ended by the server
    // (`idle`): the session is over, or the workspace that it had open.
    if (status !== 'error' && status !== 'idle') return;
    const timer = setTimeout(
      async () => {
        if (isLeaving()) return;
        const answer = await client.session.me.query().catch((error) => error);
        if (answer?.data?.fault?.code === 'not-signed-in') goToSignIn();
        else reset();
      },
      status === 'idle' ? 0 : RECONNECT_MS,
    );
    return () => clearTimeout(timer);
  }, [status, reset, client]);

  return <ConnectionContext value={connection}>{children}</ConnectionContext>;
}

/**
 * What the server has put into a page may be older than an event that arrived while the page was on its way, and no
 * further event need come: such data is asked for again.
 */
function renewWhatCameLate(queryClient: QueryClient, touched: ReadonlyMap<string, number>): () => void {
  return queryClient.getQueryCache().subscribe((event) => {
    const { query } = event;
    const arrived =
      (event.type === 'added' && query.state.data !== undefined) ||
      (event.type === 'updated' && event.action.type === 'setState' && query.state.fetchStatus === 'idle');
    const path = query.queryKey[0];
    const at = Array.isArray(path) ? touched.get(String(path[0])) : undefined;
    if (!arrived || at === undefined || performance.now() - at > ON_ITS_WAY_MS || query.meta?.live === false) return;
    // Not now: it may be in the middle of React's rendering.
    setTimeout(() => void queryClient.invalidateQueries({ queryKey: query.queryKey, exact: true }));
  });
}

/** Refetches what is on screen and belongs to the nouns (null: everything), and marks the rest as stale. */
function invalidate(queryClient: QueryClient, nouns: ReadonlySet<string> | null): Promise<void> {
  if (isLeaving()) return Promise.resolve();
  return queryClient.invalidateQueries({
    predicate: ({ queryKey, meta }) => {
      if (meta?.live === false) return false;
      const path = queryKey[0];
      return nouns === null || (Array.isArray(path) && nouns.has(String(path[0])));
    },
  });
}

/** Whether the page hears of changes right now. */
export const useConnection = () => useContext(ConnectionContext);
