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
import { memberProcedure, router } from '../trpc.ts';

export const membersRouter = router({
  list: memberProcedure.input(listQuerySchema).query(({ ctx, input }) => listMembers(ctx.service, input)),
  changeRole: memberProcedure.input(changeRoleInput).mutation(({ ctx, input }) => changeRole(ctx.service, input)),
  remove: memberProcedure.input(memberInput).mutation(({ ctx, input }) => removeMember(ctx.service, input)),
  leave: memberProcedure.mutation(({ ctx }) => leaveWorkspace(ctx.service)),
  /** A link with which the member sets a new password; shown once. */
  resetLink: memberProcedure.input(memberInput).mutation(({ ctx, input }) => createResetLink(ctx.service, input)),
  invitations: memberProcedure.query(({ ctx }) => listInvitations(ctx.service)),
  /** The link's secret is in the answer, and nowhere afterwards. */
  invite: memberProcedure.input(inviteInput).mutation(({ ctx, input }) => invite(ctx.service, input)),
  renewInvitation: memberProcedure.input(resendInput).mutation(({ ctx, input }) => renewInvitation(ctx.service, input)),
  revokeInvitation: memberProcedure
    .input(invitationInput)
    .mutation(({ ctx, input }) => revokeInvitation(ctx.service, input)),
});
