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
import { procedure, router } from '../trpc.ts';

export const viewsRouter = router({
  mine: procedure('workspace.read').query(({ ctx }) => listViews(ctx.service)),
  save: procedure('workspace.read')
    .input(saveViewInput)
    .mutation(({ ctx, input }) => saveView(ctx.service, input)),
  /** Its name, what it shows, or whether its list opens with it. */
  change: procedure('workspace.read')
    .input(changeViewInput)
    .mutation(({ ctx, input }) => changeView(ctx.service, input)),
  delete: procedure('workspace.read')
    .input(oneViewInput)
    .mutation(({ ctx, input }) => deleteView(ctx.service, input)),
});
