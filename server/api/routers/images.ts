// AMIs that runs made.
import { listImages } from '../../services/images/list.ts';
import { pinImage, pinInput } from '../../services/images/pin.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { memberProcedure, router } from '../trpc.ts';

export const imagesRouter = router({
  list: memberProcedure.input(listQuerySchema).query(({ ctx, input }) => listImages(ctx.service, input)),
  pin: memberProcedure.input(pinInput).mutation(({ ctx, input }) => pinImage(ctx.service, input)),
});
