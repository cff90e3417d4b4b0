// AMIs that runs made.
import { copiesInput, listCopies, retryCopies } from '../../services/images/copies.ts';
import { listImages } from '../../services/images/list.ts';
import { pinImage, pinInput } from '../../services/images/pin.ts';
import { listQuerySchema } from '../../services/list-page.ts';
import { procedure, router } from '../trpc.ts';

export const imagesRouter = router({
  list: procedure('image.read')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listImages(ctx.service, input)),
  pin: procedure('image.pin')
    .input(pinInput)
    .mutation(({ ctx, input }) => pinImage(ctx.service, input)),
  copies: procedure('image.read')
    .input(copiesInput)
    .query(({ ctx, input }) => listCopies(ctx.service, input)),
  retryCopies: procedure('image.copy')
    .input(copiesInput)
    .mutation(({ ctx, input }) => retryCopies(ctx.service, input)),
});
