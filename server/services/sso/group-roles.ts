// Which role a group of the provider has in a workspace. What is changed here counts from a person's next sign-in on.
import { asc, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { ssoGroupRoles } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { ROLES, type Role } from '../../access/permissions.ts';
import { ssoSettings } from '../../access/sso-settings.ts';
import { publicUrl } from '../../public-url.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { lockMembers, stillManages } from '../people/membership.ts';

const MOST_GROUPS = 200;

const groupRole = z.object({
  group: z.string().trim().min(1, 'A group, as the provider sends it').max(256, 'At most 256 characters'),
  role: z.enum(ROLES),
});
export const groupRolesInput = z.object({
  groups: z
    .array(groupRole)
    .max(MOST_GROUPS, `At most ${MOST_GROUPS} groups`)
    .refine((groups) => new Set(groups.map(({ group }) => group)).size === groups.length, {
      error: 'A group stands here twice',
    }),
});

export type GroupRole = z.infer<typeof groupRole>;

export interface WorkspaceSso {
  /** Null where the environment of the web names no provider. */
  provider: { name: string; issuer: string; groupsClaim: string; only: boolean; sessionHours: number } | null;
  /** What the provider must know as a place to send people back to. */
  redirectUri: string;
  groups: GroupRole[];
}

export async function getWorkspaceSso(ctx: ServiceContext): Promise<WorkspaceSso> {
  const workspaceId = guard(ctx, 'member.read');
  const settings = ssoSettings();
  return {
    provider: settings && {
      name: settings.name,
      issuer: settings.issuer,
      groupsClaim: settings.groupsClaim,
      only: settings.only,
      sessionHours: settings.sessionSeconds / 3600,
    },
    redirectUri: publicUrl('/api/auth/callback/oidc'),
    groups: await groupRolesOf(ctx.db, workspaceId),
  };
}

/** In the place of all that stood there. */
export async function setGroupRoles(ctx: ServiceContext, input: z.input<typeof groupRolesInput>): Promise<void> {
  const workspaceId = guard(ctx, 'member.manage');
  const { groups } = parseInput(groupRolesInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    // Somebody may be signing in.
    await lockMembers(tx, workspaceId);
    await stillManages(ctx, tx);
    const before = await groupRolesOf(tx, workspaceId);
    await tx.delete(ssoGroupRoles).where(eq(ssoGroupRoles.workspaceId, workspaceId));
    const rows = groups.map(({ group, role }) => ({ id: newId.groupRole(), workspaceId, groupName: group, role }));
    if (rows.length > 0) await tx.insert(ssoGroupRoles).values(rows);
    audit({
      action: 'sso.groups',
      subjectKind: 'workspace',
      subjectId: workspaceId,
      subjectName: 'Single sign-on',
      before: byGroup(before),
      after: byGroup(groups),
    });
    event({ topic: 'sso', subjectId: null, kind: 'changed' });
  });
}

const byGroup = (groups: readonly GroupRole[]) => Object.fromEntries(groups.map(({ group, role }) => [group, role]));

async function groupRolesOf(db: Queries, workspaceId: WorkspaceId): Promise<GroupRole[]> {
  return db
    .select({ group: ssoGroupRoles.groupName, role: ssoGroupRoles.role })
    .from(ssoGroupRoles)
    .where(eq(ssoGroupRoles.workspaceId, workspaceId))
    .orderBy(asc(ssoGroupRoles.groupName));
}

/** The highest role that these groups have in each workspace in which they have one. */
export async function rolesOfGroups(db: Queries, groups: readonly string[]): Promise<Map<WorkspaceId, Role>> {
  const roles = new Map<WorkspaceId, Role>();
  if (groups.length === 0) return roles;
  const found = await db
    .select({ workspaceId: ssoGroupRoles.workspaceId, role: ssoGroupRoles.role })
    .from(ssoGroupRoles)
    .where(inArray(ssoGroupRoles.groupName, [...groups]));
  for (const { workspaceId, role } of found) {
    const other = roles.get(workspaceId);
    if (!other || ROLES.indexOf(role) > ROLES.indexOf(other)) roles.set(workspaceId, role);
  }
  return roles;
}
