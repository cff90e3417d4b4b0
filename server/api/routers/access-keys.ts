// Access keys for programs. All of it is for who is signed in: no key makes or shows another one.
import { listQuerySchema } from '../../services/list-page.ts';
import {
  createAccessKey,
  createKeyInput,
  keyInput,
  listAccessKeys,
  ownAccessKeys,
  revokeAccessKey,
} from '../../services/people/access-keys.ts';
import { router, sessionProcedure } from '../trpc.ts';

export const accessKeysRouter = router({
  /** Of all members. */
  list: sessionProcedure('access-key.manage')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listAccessKeys(ctx.service, input)),
  own: sessionProcedure('profile.manage').query(({ ctx }) => ownAccessKeys(ctx.service)),
  /** The secret is in the answer, and nowhere afterwards. */
  create: sessionProcedure('profile.manage')
    .input(createKeyInput)
    .mutation(({ ctx, input }) => createAccessKey(ctx.service, input)),
  revoke: sessionProcedure('profile.manage')
    .input(keyInput)
    .mutation(({ ctx, input }) => revokeAccessKey(ctx.service, input)),
});
