// What the walls between workspaces (walls.ts) leave alone, and why. One that excuses nothing any more is refused.
import type { Exceptions } from './walls.ts';

export const EXCEPTIONS: Exceptions = {
  statement: {
    'server/first-start.ts#(itself)': 'the lab of this installation has a connector in whatever workspace, or gets one',
    'server/api/signed.ts#memberOfSigned': 'notes the use of the very key whose signature was right',
    'server/audit/seal.ts#renewSeals':
      'a key of the installation is replaced in all workspaces; each seal is written by its own',
    'server/services/artifacts/due.ts#releaseAfterBaselines':
      'by ids that AWS gives once, of baselines that were changed; only makes what is released be looked at sooner',
    'server/services/cutovers/answer.ts#ACTS': 'the change is of lockCutover, which has found it in the workspace',
    'server/services/cutovers/change.ts#CutoverChange': 'writes the row that it was made of, which is locked',
    'server/services/leases/lease.ts#lockHeld': 'by holder and fence, which only the holder of the lease knows',
    'server/services/leases/lease.ts#lockHeldRun': 'by holder and fence, which only the holder of the lease knows',
    'server/services/leases/lease.ts#giveBack': 'by holder and fence, which only the holder of the lease knows',
    'server/services/leases/lease.ts#lockTask': 'by holder and fence, which only the holder of the lease knows',
    'server/services/limits/limits.ts#placesOf':
      "AWS's limits hold for an account, whichever workspaces go into it; counts only",
    'server/services/people/accept-invitation.ts#findInvitation':
      'by the hash of a secret, and who invited, for the link itself',
    'server/services/people/membership.ts#stillManages': 'the member who asks, as the session says',
    'server/services/runs/pending.ts#readPending': 'begins a statement that its callers narrow; both are engine code',
    'server/services/servers/list.ts#shownServers': 'begins a statement that its callers narrow by the workspace',
    'server/services/sso/group-roles.ts#rolesOfGroups':
      'somebody at the provider comes into whatever workspaces have given a group of that person a role',
    'server/services/targets/store.ts#currentPlaces': 'the worker prepares the buckets of all workspaces',
    'server/services/cloud/target-pool.ts#TargetPool':
      'opens the place that a row names; whoever hands the row over has found it',
  },
  transaction: {
    'server/health.ts#writeOnce': 'tries whether the database takes a write, and takes it back',
    'server/verify-audit.ts#verify': 'a program at the machine, which reads the trails of all workspaces',
    'server/services/list-find.ts#findPage': 'reads one list at one moment for a verb that has asked',
    'server/services/cloud/launch.ts#finishLaunch':
      'goes on with a launch that launchImage has asked for; the worker does so too',
    'server/services/notifications/deliveries.ts#settleDelivery':
      'writes down what came of an attempt that a verb, or the worker, has claimed',
    'server/services/people/first-administrator.ts#createFirstWorkspace': 'there is nobody yet',
    'server/services/people/first-members.ts#createFirstMembers': 'there is nobody yet',
  },
  audit: {
    'server/services/views/views.ts#writing': "a member's own views of lists: personal, as the preferences are",
    'server/services/cloud/instance-actions.ts#terminateInstance':
      'audited before AWS is asked; the second notes the state',
    'server/services/cloud/launch.ts#finishLaunch':
      'the launch is audited when it is asked for; this notes what EC2 answered',
    'server/services/cloud/launch.ts#launchAsConfigured':
      'an answer to what was asked before; its launch was audited then',
    'server/services/cloud/test-target.ts#declareScratch': 'the test is audited as a whole by keep',
    'server/services/notifications/deliveries.ts#settleDelivery':
      'the test, the replay or the fact is audited; this is the log of deliveries itself',
    'server/services/overview/replicate-smallest.ts#fulfil':
      'the wish is audited when it is made, the job when it is created',
  },
  brand: {
    'server/services/context.ts#guard': 'this is where a member gets it',
  },
};
