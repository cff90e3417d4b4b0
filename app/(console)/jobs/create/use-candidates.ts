'use client';
// The chosen servers, each with the reason why it cannot have a job. Live, since somebody else may be faster.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTRPC } from '../../../_shell/trpc.ts';

export function useCandidates(serverIds: readonly string[]) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.jobs.candidates.queryOptions(
      { serverIds: [...serverIds] },
      { enabled: serverIds.length > 0, placeholderData: keepPreviousData },
    ),
  );
  const known = new Map((serverIds.length > 0 ? query.data : undefined)?.map((server) => [server.id, server]));
  const answered = serverIds.flatMap((id) => known.get(id) ?? []);
  return {
    chosen: answered.filter((server) => server.refused === null),
    refused: answered.filter((server) => server.refused !== null),
    /** Every wanted server has been answered for. */
    settled: answered.length === serverIds.length,
    error: query.data ? null : query.error,
    retry: () => void query.refetch(),
  };
}
