// The second step of a sign-in. All but the workspace's rule is for who is signed in with a browser.
import { memberInput } from '../../services/people/membership.ts';
import {
  beginTotp,
  codeInput,
  confirmTotp,
  resetTotp,
  ruleInput,
  setTotpRule,
  totpRule,
  totpStatus,
  turnOffInput,
  turnOffTotp,
} from '../../services/people/totp.ts';
import { procedure, router, sessionProcedure } from '../trpc.ts';

export const totpRouter = router({
  status: sessionProcedure('profile.manage').query(({ ctx }) => totpStatus(ctx.service)),
  begin: sessionProcedure('profile.manage').mutation(({ ctx }) => beginTotp(ctx.service)),
  /** The recovery codes are in the answer, and nowhere afterwards. */
  confirm: sessionProcedure('profile.manage')
    .input(codeInput)
    .mutation(({ ctx, input }) => confirmTotp(ctx.service, input)),
  turnOff: sessionProcedure('profile.manage')
    .input(turnOffInput)
    .mutation(({ ctx, input }) => turnOffTotp(ctx.service, input)),
  resetMember: sessionProcedure('member.manage')
    .input(memberInput)
    .mutation(({ ctx, input }) => resetTotp(ctx.service, input)),
  rule: procedure('member.read').query(({ ctx }) => totpRule(ctx.service)),
  setRule: sessionProcedure('member.manage')
    .input(ruleInput)
    .mutation(({ ctx, input }) => setTotpRule(ctx.service, input)),
});
