// The member's own saved views of lists.
import {
  changeView,
  changeViewInput,
  deleteView,
  listViews,
  oneViewInput,
  saveView,
  saveViewInput,
} from '../../services/views/views.ts';
import { memberProcedure, router } from '../trpc.ts';

export const viewsRouter = router({
  mine: memberProcedure.query(({ ctx }) => listViews(ctx.service)),
  save: memberProcedure.input(saveViewInput).mutation(({ ctx, input }) => saveView(ctx.service, input)),
  /** Its name, what it shows, or whether its list opens with it. */
  change: memberProcedure.input(changeViewInput).mutation(({ ctx, input }) => changeView(ctx.service, input)),
  delete: memberProcedure.input(oneViewInput).mutation(({ ctx, input }) => deleteView(ctx.service, input)),
});
