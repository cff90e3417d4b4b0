// Who belongs to a workspace, and who is invited.
import { and, asc, desc, eq, isNull, sql } from 'drizzle-orm';
import { invitations, members, sessions, users, userTotp } from '../../../db/schema/index.ts';
import type { Role } from '../../access/permissions.ts';
import { guard, type ServiceContext } from '../context.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses, wholePage } from '../list-page.ts';

/** Over all of the person's sessions, by their index. */
const lastSeenAt =
  sql<Date | null>`(select max(s.last_seen_at) from ${sessions} s where s.user_id = ${users}.id)`.mapWith(
    (text: string) => new Date(text),
  );

/** Whether a code is asked for at the person's sign-in. */
const secondStep = sql<'on' | 'off'>`case when exists (select from ${userTotp} t
  where t.user_id = ${users}.id and t.confirmed_at is not null) then 'on' else 'off' end`;

const COLUMNS: Record<string, ListColumn> = {
  name: { sql: users.name, kind: 'text' },
  email: { sql: users.email, kind: 'text' },
  role: { sql: members.role, kind: 'choice' },
  createdAt: { sql: members.createdAt, kind: 'date' },
  lastSeenAt: { sql: lastSeenAt, kind: 'date' },
  secondStep: { sql: secondStep, kind: 'choice' },
  id: { sql: members.id, kind: 'text' },
};

export interface ListedMember {
  id: string;
  name: string;
  email: string;
  role: Role;
  createdAt: Date;
  /** Null: has never signed in since sessions are kept, or not for a long time. */
  lastSeenAt: Date | null;
  secondStep: 'on' | 'off';
  /** The one who asks. */
  self: boolean;
}

export async function listMembers(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ListedMember>> {
  const workspaceId = guard(ctx, 'member.read');
  const { where, ...page } = listClauses(query, COLUMNS, members.id);
  const all = and(eq(members.workspaceId, workspaceId), isNull(members.removedAt), where);
  const rows = await ctx.db
    .select({
      id: members.id,
      name: users.name,
      email: users.email,
      role: members.role,
      createdAt: members.createdAt,
      lastSeenAt,
      secondStep,
    })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(all)
    .orderBy(...page.orderBy)
    .limit(page.limit)
    .offset(page.offset);
  const [counted] = await ctx.db
    .select({ total: sql<number>`count(*)::int` })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(all);
  const own = ctx.principal.kind === 'member' ? ctx.principal.memberId : null;
  return wholePage(
    rows.map((row) => ({ ...row, self: row.id === own })),
    counted?.total ?? 0,
  );
}

export interface ListedInvitation {
  id: string;
  email: string;
  role: Role;
  createdAt: Date;
  expiresAt: Date;
  expired: boolean;
  /** Null: a member who is gone. */
  invitedBy: string | null;
}

/** More open invitations than this are no list that anybody reads. */
const MOST_SHOWN = 500;

/** Those that were neither accepted nor revoked, the newest first; also those that expired, which can be sent again. */
export async function listInvitations(ctx: ServiceContext): Promise<ListedInvitation[]> {
  const workspaceId = guard(ctx, 'member.read');
  const rows = await ctx.db
    .select({
      id: invitations.id,
      email: invitations.email,
      role: invitations.role,
      createdAt: invitations.createdAt,
      expiresAt: invitations.expiresAt,
      invitedBy: users.name,
    })
    .from(invitations)
    .leftJoin(members, eq(members.id, invitations.invitedBy))
    .leftJoin(users, eq(users.id, members.userId))
    .where(and(eq(invitations.workspaceId, workspaceId), isNull(invitations.ended)))
    .orderBy(desc(invitations.createdAt), asc(invitations.id))
    .limit(MOST_SHOWN);
  return rows.map((row) => ({ ...row, expired: row.expiresAt <= ctx.now() }));
}
