// What was sent by the channels of the workspace, and what came of it.
import { listQuerySchema } from '../../services/list-page.ts';
import { listDeliveries, replayDelivery, replayInput } from '../../services/notifications/log.ts';
import { procedure, router } from '../trpc.ts';

export const deliveriesRouter = router({
  list: procedure('notification.read')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listDeliveries(ctx.service, input)),
  replay: procedure('notification.manage')
    .input(replayInput)
    .mutation(({ ctx, input }) => replayDelivery(ctx.service, input)),
});
