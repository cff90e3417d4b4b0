// Who acts: a member, a connector, or the system itself. Every verb takes one.

import { and, asc, eq, gt, isNotNull, isNull, or, sql } from 'drizzle-orm';
import { database, type Queries } from '../../db/client.ts';
import { members, sessions, users, userTotp, workspaces } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { breakGlassUser } from './break-glass.ts';
import type { Role } from './permissions.ts';
import { ssoOnly } from './sso-settings.ts';

export interface MemberPrincipal {
  kind: 'member';
  memberId: string;
  userId: string;
  workspaceId: string;
  role: Role;
  name: string;
  email: string;
  /** Where the request came from; null when it is not known. */
  address: string | null;
  /** The session that asks; none where the work was asked for earlier. */
  sessionId?: string;
  /** The access key that signed the request, in the place of a session. */
  accessKeyId?: string;
}

export interface ConnectorPrincipal {
  kind: 'connector';
  connectorId: string;
  workspaceId: string;
}

export interface SystemPrincipal {
  kind: 'system';
  /** Null where the work is not in one workspace. */
  workspaceId: WorkspaceId | null;
  /** Which part of us acts, as it shall stand in the audit trail: `scheduler`, `first start`… */
  what: string;
}

export type Principal = MemberPrincipal | ConnectorPrincipal | SystemPrincipal;

/** What a session's cookie says. */
export interface SessionClaim {
  sessionId: string;
  userId: string;
  sessionVersion: number;
  /** The workspace that was open last; another one of the user is taken when it is gone. */
  workspaceId: string | null;
}

/** What the shell shows of the member who is signed in. */
export interface SessionMember {
  principal: MemberPrincipal;
  workspaceName: string;
  preferences: Record<string, unknown>;
  /** As its row says, which is not kept to the minute. */
  lastSeenAt: Date;
  /** The workspace asks for a second step and the person has none: nothing else is answered before there is one. */
  mustEnrol: boolean;
}

/** Whether a member who showed a password alone may not go on so in the open workspace. */
export const lacksSecondStep = () =>
  sql<boolean>`${workspaces.requiresTotp} and not exists (
    select from ${userTotp} t where t.user_id = ${users.id} and t.confirmed_at is not null)`;

/**
 * The member behind a session, read from the database each time, so that a removed member, a changed role and an ended
 * session count at once. Null when the session is no longer good.
 */
export async function findSessionMember(
  claim: SessionClaim,
  address: string | null,
  db: Queries = database(),
): Promise<SessionMember | null> {
  const bySso = isNotNull(sessions.identityId);
  const rows = await db
    .select({
      memberId: members.id,
      userId: users.id,
      workspaceId: workspaces.id,
      workspaceName: workspaces.name,
      role: members.role,
      name: users.name,
      email: users.email,
      preferences: users.preferences,
      sessionId: sessions.id,
      lastSeenAt: sessions.lastSeenAt,
      // Whoever comes from a provider was asked there.
      mustEnrol: sql<boolean>`${sessions.identityId} is null and ${lacksSecondStep()}`,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(members, and(eq(members.userId, users.id), isNull(members.removedAt)))
    .innerJoin(workspaces, eq(workspaces.id, members.workspaceId))
    .where(
      and(
        eq(sessions.id, claim.sessionId),
        isNull(sessions.endedAt),
        gt(sessions.expiresAt, sql`now()`),
        eq(users.id, claim.userId),
        eq(users.sessionVersion, claim.sessionVersion),
        // What a group of the provider gave counts where the provider was asked.
        or(eq(members.bySso, false), bySso),
        ssoOnly() ? or(bySso, eq(users.id, breakGlassUser())) : undefined,
      ),
    )
    .orderBy(asc(members.createdAt), asc(members.id));
  const row = rows.find((candidate) => candidate.workspaceId === claim.workspaceId) ?? rows[0];
  if (!row) return null;
  const { workspaceName, preferences, lastSeenAt, mustEnrol, ...who } = row;
  return { principal: { kind: 'member', ...who, address }, workspaceName, preferences, lastSeenAt, mustEnrol };
}

/** A member as of now, for what was asked for earlier; null once removed. */
export async function findMember(memberId: string, db: Queries = database()): Promise<MemberPrincipal | null> {
  const [who] = await db
    .select({
      memberId: members.id,
      userId: users.id,
      workspaceId: members.workspaceId,
      role: members.role,
      name: users.name,
      email: users.email,
    })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(and(eq(members.id, memberId), isNull(members.removedAt)));
  return who ? { kind: 'member', ...who, address: null } : null;
}

/** The workspaces that a user belongs to, with the role in each. */
export async function listWorkspaces(
  userId: string,
  db: Queries = database(),
): Promise<{ id: string; name: string; role: Role }[]> {
  return db
    .select({ id: workspaces.id, name: workspaces.name, role: members.role })
    .from(members)
    .innerJoin(workspaces, eq(workspaces.id, members.workspaceId))
    .where(and(eq(members.userId, userId), isNull(members.removedAt)))
    .orderBy(asc(workspaces.name));
}
