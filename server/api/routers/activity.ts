// Who did what.
import { listActivity } from '../../services/activity/list.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { memberProcedure, router } from '../trpc.ts';

export const activityRouter = router({
  list: memberProcedure.input(listQuerySchema).query(({ ctx, input }) => listActivity(ctx.service, input)),
});
