// The box at the top: anything by its name or id.
import { searchEverything, searchInput } from '../../services/search/search.ts';
import { memberProcedure, router } from '../trpc.ts';

export const searchRouter = router({
  find: memberProcedure.input(searchInput).query(({ ctx, input }) => searchEverything(ctx.service, input)),
});
