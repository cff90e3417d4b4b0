// Single sign-on, as far as a workspace decides about it.
import { getWorkspaceSso, groupRolesInput, setGroupRoles } from '../../services/sso/group-roles.ts';
import { procedure, router, sessionProcedure } from '../trpc.ts';

export const ssoRouter = router({
  get: procedure('member.read').query(({ ctx }) => getWorkspaceSso(ctx.service)),
  setGroups: sessionProcedure('member.manage')
    .input(groupRolesInput)
    .mutation(({ ctx, input }) => setGroupRoles(ctx.service, input)),
});
