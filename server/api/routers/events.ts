// What happens in the workspace, as it happens (server-sent events).
import { tracked } from '@trpc/server';
import { z } from 'zod';
import { followEvents } from '../../events/follow.ts';
import { memberProcedure, router } from '../trpc.ts';

const MEMBER_CHECK_MS = 15_000;

export const eventsRouter = router({
  /**
   * Events of the member's workspace after the id `after`, or from now on. A lost connection is taken up again after
   * the last id that arrived. Ends when the session is no longer good.
   */
  follow: memberProcedure
    .input(z.object({ after: z.number().int().nonnegative().optional(), lastEventId: z.string().optional() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const after = input.lastEventId === undefined ? input.after : Number(input.lastEventId);
      const ended = new AbortController();
      const check = setInterval(async () => {
        // While the database does not answer nobody is sent away.
        const member = await ctx.sessionNow().catch(() => ctx.member);
        if (member?.principal.workspaceId !== ctx.principal.workspaceId) ended.abort();
      }, MEMBER_CHECK_MS);
      try {
        const events = followEvents({
          workspaceId: ctx.principal.workspaceId,
          signal: signal ? AbortSignal.any([ended.signal, signal]) : ended.signal,
          ...(after !== undefined && Number.isSafeInteger(after) ? { after } : {}),
        });
        for await (const event of events) yield tracked(String(event.id), event);
      } finally {
        clearInterval(check);
        ended.abort();
      }
    }),
});
