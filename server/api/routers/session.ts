// Who is signed in, and what belongs to that person alone.
import { listWorkspaces } from '../../access/principals.ts';
import { environment } from '../../env.ts';
import { endSessions } from '../../services/people/end-sessions.ts';
import { changeName, changeNameInput, changePassword, changePasswordInput } from '../../services/people/profile.ts';
import { endOtherSessions, endSession, listSessions, sessionInput } from '../../services/people/sessions.ts';
import { preferencesPatchSchema, setPreferences } from '../../services/people/set-preferences.ts';
import { providerSignOut } from '../../services/sso/sign-out.ts';
import { procedure, router, sessionProcedure } from '../trpc.ts';

export const sessionRouter = router({
  /** The member, the open workspace and the others, and what the screens remember. */
  me: procedure('workspace.read').query(async ({ ctx: { member, principal } }) => ({
    memberId: principal.memberId,
    name: principal.name,
    email: principal.email,
    role: principal.role,
    workspace: { id: principal.workspaceId, name: member.workspaceName },
    workspaces: await listWorkspaces(principal.userId),
    preferences: member.preferences,
    /** Whether the endpoints are the lab's and not AWS's. */
    lab: environment('web').LANDFALL_LAB,
  })),
  /** Where the browser goes once it has signed out here, so that the provider of single sign-on hears of it; null for nowhere. */
  providerSignOut: sessionProcedure('profile.manage').query(({ ctx }) => providerSignOut(ctx.service)),
  setPreferences: sessionProcedure('profile.manage')
    .input(preferencesPatchSchema)
    .mutation(({ ctx, input }) => setPreferences(ctx.service, input)),
  /** The member's own sessions, in whatever workspace. */
  list: sessionProcedure('profile.manage').query(({ ctx }) => listSessions(ctx.service)),
  end: sessionProcedure('profile.manage')
    .input(sessionInput)
    .mutation(({ ctx, input }) => endSession(ctx.service, input)),
  endOthers: sessionProcedure('profile.manage').mutation(({ ctx }) => endOtherSessions(ctx.service)),
  changeName: sessionProcedure('profile.manage')
    .input(changeNameInput)
    .mutation(({ ctx, input }) => changeName(ctx.service, input)),
  /** Ends every other session of the member. */
  changePassword: sessionProcedure('profile.manage')
    .input(changePasswordInput)
    .mutation(({ ctx, input }) => changePassword(ctx.service, input)),
  /** Ends every session of the member, this one too. */
  signOutEverywhere: sessionProcedure('profile.manage').mutation(({ ctx }) => endSessions(ctx.service)),
});
