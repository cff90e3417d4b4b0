'use client';
// After a change of one's own: what every screen knows of the member is asked for again.
import { useQueryClient } from '@tanstack/react-query';
import { useTRPC } from '../../_shell/trpc.ts';

export function useRefreshMe(): () => Promise<void> {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: trpc.session.me.queryKey() });
}
