// What somebody may do who has nothing but a link: look at it, become a member (or the first one), set a new password.
import { addressOf } from '../../auth/address.ts';
import { processContext } from '../../services/context.ts';
import { acceptInput, acceptInvitation, linkInput, lookAtInvitation } from '../../services/people/accept-invitation.ts';
import {
  createFirstAdministrator,
  firstAdministratorInput,
  lookAtFirstRun,
} from '../../services/people/first-administrator.ts';
import { lookAtReset, resetInput, resetPassword } from '../../services/people/reset-password.ts';
import { openProcedure, router } from '../trpc.ts';

const linkProcedure = openProcedure.use(({ ctx, next }) =>
  next({ ctx: { service: processContext('Link'), holder: { address: addressOf(ctx.headers) } } }),
);

export const linksRouter = router({
  invitation: linkProcedure
    .input(linkInput)
    .query(({ ctx, input }) => lookAtInvitation(ctx.service, input, ctx.holder)),
  acceptInvitation: linkProcedure.input(acceptInput).mutation(async ({ ctx, input }) => {
    const signedIn = (await ctx.session())?.principal ?? null;
    // A program of the person is not the person.
    const member = signedIn?.accessKeyId ? null : signedIn;
    return acceptInvitation(ctx.service, input, { ...ctx.holder, member });
  }),
  firstRun: linkProcedure.input(linkInput).query(({ ctx, input }) => lookAtFirstRun(ctx.service, input, ctx.holder)),
  createFirstAdministrator: linkProcedure
    .input(firstAdministratorInput)
    .mutation(({ ctx, input }) => createFirstAdministrator(ctx.service, input, ctx.holder)),
  reset: linkProcedure.input(linkInput).query(({ ctx, input }) => lookAtReset(ctx.service, input, ctx.holder)),
  setPassword: linkProcedure
    .input(resetInput)
    .mutation(({ ctx, input }) => resetPassword(ctx.service, input, ctx.holder)),
});
