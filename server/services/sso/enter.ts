// Whoever comes from the provider: which account that is, what the groups give, and the session. docs/sso.md has the rules.
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { members, sessions, ssoIdentities, users, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { wellFormedText } from '../../../replication/model/foreign-text.ts';
import { breakGlassUser } from '../../access/break-glass.ts';
import { NO_PASSWORD } from '../../access/passwords.ts';
import { inTransaction, type ProgramContext, systemContext } from '../context.ts';
import { lockMembers, tell } from '../people/membership.ts';
import { beginSession, type ProviderSignOut } from '../people/sessions.ts';
import { rolesOfGroups } from './group-roles.ts';
import { followGroups } from './membership-by-group.ts';

/** What the provider says of a person. */
export interface ProviderPerson {
  issuer: string;
  subject: string;
  name: string | null;
  email: string | null;
  /** Whether the provider says that the e-mail address is this person's; null: it says nothing of that. */
  emailVerified: boolean | null;
  /** Null: the claim was missing. */
  groups: readonly string[] | null;
}

export interface SsoEntry {
  person: ProviderPerson;
  /** A verified e-mail address leads to the local account that has it. */
  joinByEmail: boolean;
  sessionSeconds: number;
  signOut: ProviderSignOut | null;
  address: string | null;
  userAgent: string | null;
}

/** Why somebody whom the provider knows is not let in. */
export type SsoRefusal = 'no-group' | 'groups-missing' | 'email-missing' | 'email-unverified' | 'email-taken';

export type SsoResult =
  | { ok: true; userId: string; sessionId: string; sessionVersion: number; workspaceId: WorkspaceId }
  | { ok: false; reason: SsoRefusal };

/** More than any provider sends in a token. */
const MOST_GROUPS = 2000;
const WHO = 'Single sign-on';

/** Lets somebody in, or says why not; in both cases the memberships by group are afterwards as the groups say. */
export async function enterBySso(ctx: ProgramContext, entry: SsoEntry): Promise<SsoResult> {
  const { person } = entry;
  const groups = (person.groups ?? []).slice(0, MOST_GROUPS);
  const account = await accountOf(ctx, entry, (await rolesOfGroups(ctx.db, groups)).size > 0);
  if (typeof account === 'string') {
    const reason = account === 'no-group' && person.groups === null ? 'groups-missing' : account;
    await noteRefused(ctx, entry, null, reason);
    return { ok: false, reason };
  }
  const { userId } = account;
  // What is gone is taken away before anything is given.
  const places = await placesOf(ctx.db, userId, groups);
  for (const workspaceId of places) {
    const own = systemContext(ctx.db, workspaceId, WHO);
    await inTransaction({ ...own, now: ctx.now }, workspaceId, async (work) => {
      await lockMembers(work.tx, workspaceId);
      const role = (await rolesOfGroups(work.tx, groups)).get(workspaceId) ?? null;
      await followGroups({ ...own, now: ctx.now }, work, workspaceId, userId, role);
    });
  }
  const workspaceId = await wayIn(ctx.db, userId, new Set((await rolesOfGroups(ctx.db, groups)).keys()));
  if (!workspaceId) {
    const reason = person.groups === null ? 'groups-missing' : 'no-group';
    await ctx.db
      .update(sessions)
      .set({ endedAt: ctx.now() })
      .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt)));
    await noteRefused(ctx, entry, userId, reason);
    return { ok: false, reason };
  }
  if (account.joined) await noteJoined(ctx, entry, userId, workspaceId);
  const { sessionVersion, identityId } = account;
  const { address, userAgent, sessionSeconds: seconds, signOut } = entry;
  const sso = { identityId, seconds, signOut };
  const sessionId = await beginSession(ctx, { userId, sessionVersion, workspaceId, address, userAgent, sso });
  return { ok: true, userId, sessionId, sessionVersion, workspaceId };
}

interface Account {
  identityId: string;
  userId: string;
  sessionVersion: number;
  /** A local account, now by its e-mail address. */
  joined?: boolean;
}

/** The account of the identity, found, joined or made; a reason where there is none and none is to be. */
async function accountOf(ctx: ProgramContext, entry: SsoEntry, hasRole: boolean): Promise<Account | SsoRefusal> {
  const { person } = entry;
  return ctx.db.transaction(async (tx) => {
    // Two tabs of one person.
    const key = JSON.stringify([person.issuer, person.subject]);
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`);
    const [known] = await tx
      .update(ssoIdentities)
      .set({ lastSeenAt: ctx.now() })
      .from(users)
      .where(
        and(
          eq(ssoIdentities.issuer, person.issuer),
          eq(ssoIdentities.subject, person.subject),
          eq(users.id, ssoIdentities.userId),
        ),
      )
      .returning({ identityId: ssoIdentities.id, userId: users.id, sessionVersion: users.sessionVersion });
    if (known) return known;
    const email = person.email?.trim().toLowerCase().slice(0, 320);
    const local = email ? await localAccount(tx, email) : null;
    const joins = local !== null && entry.joinByEmail && person.emailVerified === true && local.mayBeJoined;
    if (!hasRole && !(joins && local.isMember)) return 'no-group';
    if (!email) return 'email-missing';
    if (local && !joins) return 'email-taken';
    if (person.emailVerified === false) return 'email-unverified';
    const identityId = newId.identity();
    const userId = local?.id ?? newId.user();
    const sessionVersion = local?.sessionVersion ?? 1;
    if (!local) {
      const name =
        wellFormedText(person.name ?? '')
          .trim()
          .slice(0, 80) || email;
      const made = await tx
        .insert(users)
        .values({ id: userId, email, name, passwordHash: NO_PASSWORD, createdAt: ctx.now() })
        .onConflictDoNothing()
        .returning({ id: users.id });
      if (made.length === 0) return 'email-taken';
    }
    const { issuer, subject } = person;
    await tx
      .insert(ssoIdentities)
      .values({ id: identityId, issuer, subject, userId, createdAt: ctx.now(), lastSeenAt: ctx.now() });
    return { identityId, userId, sessionVersion, joined: local !== null };
  });
}

async function noteJoined(
  ctx: ProgramContext,
  { person }: SsoEntry,
  userId: string,
  workspaceId: WorkspaceId,
): Promise<void> {
  const [member] = await ctx.db
    .select({ id: members.id, name: users.name })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(and(eq(members.userId, userId), eq(members.workspaceId, workspaceId)));
  if (!member) return;
  await inTransaction(systemContext(ctx.db, workspaceId, WHO), workspaceId, async (work) => {
    const { issuer, subject, email } = person;
    tell(work, 'member.join-by-email', member, { after: { issuer, subject, email } });
  });
}

/** The break-glass account stays one that only its password opens, and no second identity enters what one has entered or made. */
async function localAccount(tx: Queries, email: string) {
  // Two people with this address at once: whoever comes second sees that the first one joined.
  await tx.select({ id: users.id }).from(users).where(eq(users.email, email)).for('update');
  const [found] = await tx
    .select({
      id: users.id,
      sessionVersion: users.sessionVersion,
      mayBeJoined: sql<boolean>`${users.id} is distinct from ${breakGlassUser()}
        and not exists (select from ${ssoIdentities} i where i.user_id = ${users}.id)`,
      isMember: sql<boolean>`exists (select from ${members} m where m.user_id = ${users}.id and m.removed_at is null)`,
    })
    .from(users)
    .where(eq(users.email, email));
  return found ?? null;
}

/** The workspaces in which something may change, those first in which the groups give nothing any more. */
async function placesOf(db: Queries, userId: string, groups: readonly string[]): Promise<WorkspaceId[]> {
  const given = [...(await rolesOfGroups(db, groups)).keys()].sort();
  const had = await db
    .select({ id: members.workspaceId })
    .from(members)
    .where(and(eq(members.userId, userId), eq(members.bySso, true), isNull(members.removedAt)));
  const gone = had.map(({ id }) => id).filter((id) => !given.includes(id));
  return [...gone.sort(), ...given];
}

/** A workspace that the person may open: by a group of today, or by a member's hand. */
async function wayIn(db: Queries, userId: string, given: ReadonlySet<WorkspaceId>): Promise<WorkspaceId | null> {
  const rows = await db
    .select({ workspaceId: members.workspaceId, bySso: members.bySso })
    .from(members)
    .where(and(eq(members.userId, userId), isNull(members.removedAt)))
    .orderBy(asc(members.createdAt), asc(members.id));
  return rows.find(({ workspaceId, bySso }) => !bySso || given.has(workspaceId))?.workspaceId ?? null;
}

/** In the trail of a workspace that the person was in, else in that of the first one. */
async function noteRefused(
  ctx: ProgramContext,
  { person, address }: SsoEntry,
  userId: string | null,
  reason: SsoRefusal,
): Promise<void> {
  const [place] = await ctx.db
    .select({ id: workspaces.id })
    .from(workspaces)
    .leftJoin(members, and(eq(members.workspaceId, workspaces.id), userId ? eq(members.userId, userId) : sql`false`))
    .orderBy(sql`${members.id} is null`, asc(workspaces.createdAt), asc(workspaces.id))
    .limit(1);
  if (!place) return;
  const said = (person.email ?? person.subject).slice(0, 320);
  await inTransaction(systemContext(ctx.db, place.id, WHO), place.id, async ({ audit }) => {
    audit({
      action: 'session.refused-sso',
      subjectKind: 'person',
      subjectId: said,
      subjectName: wellFormedText(said),
      after: { reason, address, subject: person.subject.slice(0, 255) },
    });
  });
}
