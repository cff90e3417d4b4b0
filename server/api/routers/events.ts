// What happens in the workspace, as it happens (server-sent events).
import { tracked } from '@trpc/server';
import { z } from 'zod';
import { followEvents } from '../../events/follow.ts';
import { listen, SESSIONS_CHANNEL } from '../../events/listen.ts';
import { guard } from '../../services/context.ts';
import { procedure, router } from '../trpc.ts';

/** Whoever ends a session is heard at once; a session that runs out, or a lost hint, is noticed by then. */
const MEMBER_CHECK_MS = 15_000;

export const eventsRouter = router({
  /**
   * Events of the member's workspace after the id `after`, or from now on. A lost connection is taken up again after
   * the last id that arrived. Ends when the session is no longer good.
   */
  follow: procedure('workspace.read')
    .input(z.object({ after: z.number().int().nonnegative().optional(), lastEventId: z.string().optional() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const workspaceId = guard(ctx.service, 'workspace.read');
      const after = input.lastEventId === undefined ? input.after : Number(input.lastEventId);
      const ended = new AbortController();
      const over = signal ? AbortSignal.any([ended.signal, signal]) : ended.signal;
      const hints = await listen(SESSIONS_CHANNEL, ctx.principal.userId);
      const watching = (async () => {
        while (!over.aborted) {
          // While the database does not answer nobody is sent away.
          const member = await ctx.sessionNow().catch(() => ctx.member);
          if (member?.principal.workspaceId !== workspaceId || member.mustEnrol) ended.abort();
          else await hints.next(MEMBER_CHECK_MS, over);
        }
        hints.release();
      })();
      try {
        const events = followEvents({
          workspaceId,
          signal: over,
          ...(after !== undefined && Number.isSafeInteger(after) ? { after } : {}),
        });
        for await (const event of events) yield tracked(String(event.id), event);
      } finally {
        ended.abort();
        await watching;
      }
    }),
});
