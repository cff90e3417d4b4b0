// Every noun of the API, one router each.
import { eventsRouter } from './routers/events.ts';
import { sessionRouter } from './routers/session.ts';
import { router } from './trpc.ts';

export const appRouter = router({
  events: eventsRouter,
  session: sessionRouter,
});

export type AppRouter = typeof appRouter;
