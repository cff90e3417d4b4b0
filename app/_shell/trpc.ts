'use client';
// The typed client of the API for screens: `const trpc = useTRPC(); useQuery(trpc.jobs.list.queryOptions(…))`.
import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { AppRouter } from '../../server/api/root.ts';

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();
