// The box at the top: anything by its name or id.
import { searchEverything, searchInput } from '../../services/search/search.ts';
import { procedure, router } from '../trpc.ts';

export const searchRouter = router({
  find: procedure('workspace.read')
    .input(searchInput)
    .query(({ ctx, input }) => searchEverything(ctx.service, input)),
});
