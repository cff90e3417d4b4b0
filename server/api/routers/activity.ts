// Who did what.
import { listActivity } from '../../services/activity/list.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { procedure, router } from '../trpc.ts';

export const activityRouter = router({
  list: procedure('activity.read')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listActivity(ctx.service, input)),
});
