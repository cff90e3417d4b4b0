// Who acts: a member, a connector, or the system itself. Every verb takes one.
import { and, asc, eq, isNull } from 'drizzle-orm';
import { database, type Queries } from '../../db/client.ts';
import { members, users, workspaces } from '../../db/schema/people.ts';
import type { Role } from './permissions.ts';

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
}

export interface ConnectorPrincipal {
  kind: 'connector';
  connectorId: string;
  workspaceId: string;
}

export interface SystemPrincipal {
  kind: 'system';
  /** Null where the work is not in one workspace. */
  workspaceId: string | null;
  /** Which part of us acts, as it shall stand in the audit trail: `scheduler`, `first start`… */
  what: string;
}

export type Principal = MemberPrincipal | ConnectorPrincipal | SystemPrincipal;

export interface SessionClaim {
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
}

/**
 * The member behind a session, read from the database each time, so that a removed member, a changed role and an ended
 * session count at once. Null when the session is no longer good.
 */
export async function findSessionMember(
  claim: SessionClaim,
  address: string | null,
  db: Queries = database(),
): Promise<SessionMember | null> {
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
    })
    .from(users)
    .innerJoin(members, and(eq(members.userId, users.id), isNull(members.removedAt)))
    .innerJoin(workspaces, eq(workspaces.id, members.workspaceId))
    .where(and(eq(users.id, claim.userId), eq(users.sessionVersion, claim.sessionVersion)))
    .orderBy(asc(members.createdAt), asc(members.id));
  const row = rows.find((candidate) => candidate.workspaceId === claim.workspaceId) ?? rows[0];
  if (!row) return null;
  const { workspaceName, preferences, ...who } = row;
  return { principal: { kind: 'member', ...who, address }, workspaceName, preferences };
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
