// Members of the workspace, and invitations into it.
import { listQuerySchema } from '../../services/list-page.ts';
import {
  invitationInput,
  invite,
  inviteInput,
  renewInvitation,
  resendInput,
  revokeInvitation,
} from '../../services/people/invite.ts';
import { listInvitations, listMembers } from '../../services/people/list-members.ts';
import {
  changeRole,
  changeRoleInput,
  leaveWorkspace,
  memberInput,
  removeMember,
} from '../../services/people/membership.ts';
import { createResetLink } from '../../services/people/reset-password.ts';
import { procedure, router, sessionProcedure } from '../trpc.ts';

export const membersRouter = router({
  list: procedure('member.read')
    .input(listQuerySchema)
    .query(({ ctx, input }) => listMembers(ctx.service, input)),
  changeRole: sessionProcedure('member.manage')
    .input(changeRoleInput)
    .mutation(({ ctx, input }) => changeRole(ctx.service, input)),
  remove: procedure('member.manage')
    .input(memberInput)
    .mutation(({ ctx, input }) => removeMember(ctx.service, input)),
  leave: sessionProcedure('member.read').mutation(({ ctx }) => leaveWorkspace(ctx.service)),
  /** A link with which the member sets a new password; shown once. */
  resetLink: sessionProcedure('member.manage')
    .input(memberInput)
    .mutation(({ ctx, input }) => createResetLink(ctx.service, input)),
  invitations: procedure('member.read').query(({ ctx }) => listInvitations(ctx.service)),
  /** The link's secret is in the answer, and nowhere afterwards. */
  invite: sessionProcedure('member.manage')
    .input(inviteInput)
    .mutation(({ ctx, input }) => invite(ctx.service, input)),
  renewInvitation: sessionProcedure('member.manage')
    .input(resendInput)
    .mutation(({ ctx, input }) => renewInvitation(ctx.service, input)),
  revokeInvitation: procedure('member.manage')
    .input(invitationInput)
    .mutation(({ ctx, input }) => revokeInvitation(ctx.service, input)),
});
