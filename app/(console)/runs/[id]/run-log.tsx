'use client';
// The log of a run. Only what is new is fetched, whenever an event says that something happened.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { shownFault } from '../../../_shell/faults.ts';
import { useTRPCClient } from '../../../_shell/trpc.ts';
import { FaultCard } from '../../../_ui/fault-card.tsx';
import { LiveLog, type LogLine } from '../../../_ui/live-log.tsx';
import type { LoggedLine } from '../types.ts';

/** As many as the server answers at once. */
const PAGE = 1000;
/** The memory of the page is bounded; older lines go. */
const MAX_LINES = 5000;
const LEVELS = { debug: 'debug', info: 'info', warning: 'warn', error: 'error' } as const;

export function RunLog({ runId }: { runId: string }) {
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  // The path stands first, as in every key of the API, so that events of runs refetch it.
  const queryKey = [['runs', 'logSoFar'], { runId }];
  const log = useQuery({
    queryKey,
    structuralSharing: false,
    async queryFn({ signal }) {
      let lines = queryClient.getQueryData<LoggedLine[]>(queryKey) ?? [];
      for (;;) {
        const after = lines.at(-1)?.id;
        const added = await client.runs.log.query({ runId, ...(after === undefined ? {} : { after }) }, { signal });
        if (added.length > 0) lines = [...lines, ...added].slice(-MAX_LINES);
        if (added.length < PAGE) return lines;
      }
    },
  });
  if (log.error && !log.data) return <FaultCard fault={shownFault(log.error)} />;
  const lines = (log.data ?? []).map(({ id, at, level, text }): LogLine => ({ id, at, level: LEVELS[level], text }));
  return <LiveLog lines={lines} label={`Log of ${runId}`} empty={log.data ? undefined : 'Loading the log'} />;
}
