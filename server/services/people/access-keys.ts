// Access keys: a member makes and revokes own ones, administrators see and revoke those of everybody.
import { randomInt } from 'node:crypto';
import { and, count, desc, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { accessKeys, members, users } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { wellFormedText } from '../../../replication/model/foreign-text.ts';
import { sealedAt } from '../../access/access-keys.ts';
import { lowerRole, may, ROLES, type Role } from '../../access/permissions.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { seal, unseal } from '../../secrets/seal.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses, wholePage } from '../list-page.ts';

export const MOST_KEYS = 10;
const MOST_DAYS = 365;
const DAY_MS = 86_400_000;
const SECRET_LENGTH = 40;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

type Own = ServiceContext & { principal: MemberPrincipal };

export const createKeyInput = z.object({
  /** Made by the form; sent again it makes no second key and answers the same one. */
  requestId: z.string().regex(/^[0-9a-f]{32}$/),
  name: z.string().overwrite(wellFormedText).trim().min(1, 'A name').max(80, 'At most 80 characters'),
  role: z.enum(ROLES),
  days: z.number().int().min(1, 'At least 1 day').max(MOST_DAYS, `At most ${MOST_DAYS} days`),
});
export const keyInput = z.object({ keyId: z.string().max(40) });

export interface MadeKey {
  id: string;
  name: string;
  role: Role;
  /** Nobody can read it again. */
  secret: string;
  expiresAt: Date;
}

/** @throws `access-keys-many`, `input-invalid` for a role above one's own, `conflict` for a request whose key was revoked since */
export async function createAccessKey(ctx: Own, input: z.input<typeof createKeyInput>): Promise<MadeKey> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { requestId, name, role, days } = parseInput(createKeyInput, input);
  const { memberId } = ctx.principal;
  const ofMember = and(eq(accessKeys.workspaceId, workspaceId), eq(accessKeys.memberId, memberId));
  return inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    // Two at once wait here for each other; and the role that counts is that of now.
    const [member] = await tx
      .select({ role: members.role, bySso: members.bySso })
      .from(members)
      .where(and(eq(members.id, memberId), eq(members.workspaceId, workspaceId), isNull(members.removedAt)))
      .for('update');
    if (!member) throw faultError('permission-denied');
    if (member.bySso) {
      throw faultError('conflict', {
        message: 'You belong to this workspace by single sign-on alone, and a key would outlive it.',
        remedy: 'Ask an administrator to invite you, then make the key.',
      });
    }
    const [known] = await tx
      .select()
      .from(accessKeys)
      .where(and(ofMember, eq(accessKeys.requestId, requestId)));
    if (known) {
      if (!known.secret) throw faultError('conflict', { message: `The key ${known.id} was revoked meanwhile.` });
      return { ...known, secret: unseal(known.secret, sealedAt(known)) };
    }
    if (lowerRole(role, member.role) !== role) {
      throw faultError('input-invalid', { message: 'role: A key cannot be given more than your own role.' });
    }
    const [held] = await tx
      .select({ count: count() })
      .from(accessKeys)
      .where(and(ofMember, isNull(accessKeys.ended)));
    if ((held?.count ?? 0) >= MOST_KEYS) throw faultError('access-keys-many');
    const id = newId.accessKey();
    const secret = newSecret();
    const key = { id, name, role, expiresAt: new Date(ctx.now().getTime() + days * DAY_MS) };
    const sealed = seal(secret, sealedAt({ id, workspaceId }));
    await tx
      .insert(accessKeys)
      .values({ ...key, workspaceId, memberId, requestId, secret: sealed, createdAt: ctx.now() });
    const after = { role, expiresAt: key.expiresAt };
    audit({ action: 'access-key.create', subjectKind: 'access-key', subjectId: id, subjectName: name, after });
    event({ topic: 'accessKeys', subjectId: id, kind: 'changed' });
    return { ...key, secret };
  });
}

/** At once: the next request that is signed with it is refused. One that has ended is fine. @throws `not-found` for others' */
export async function revokeAccessKey(ctx: Own, input: z.input<typeof keyInput>): Promise<void> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { keyId } = parseInput(keyInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const all = may(ctx.principal.role, 'access-key.manage');
    const [key] = await tx
      .select()
      .from(accessKeys)
      .where(
        and(
          eq(accessKeys.id, keyId),
          eq(accessKeys.workspaceId, workspaceId),
          all ? undefined : eq(accessKeys.memberId, ctx.principal.memberId),
        ),
      )
      .for('update');
    if (!key) throw faultError('not-found', { message: `There is no access key ${keyId}.` });
    if (key.ended) return;
    await tx
      .update(accessKeys)
      .set({ ended: 'revoked', endedAt: ctx.now(), secret: null })
      .where(and(eq(accessKeys.id, keyId), eq(accessKeys.workspaceId, workspaceId)));
    const before = { member: key.memberId, role: key.role, expiresAt: key.expiresAt };
    audit({ action: 'access-key.revoke', subjectKind: 'access-key', subjectId: keyId, subjectName: key.name, before });
    event({ topic: 'accessKeys', subjectId: keyId, kind: 'changed' });
  });
}

const shown = {
  id: accessKeys.id,
  name: accessKeys.name,
  role: accessKeys.role,
  createdAt: accessKeys.createdAt,
  expiresAt: accessKeys.expiresAt,
  lastUsedAt: accessKeys.lastUsedAt,
  lastUsedAddress: accessKeys.lastUsedAddress,
};

export interface OwnKey {
  id: string;
  name: string;
  role: Role;
  createdAt: Date;
  expiresAt: Date;
  expired: boolean;
  /** Not kept to the minute. */
  lastUsedAt: Date | null;
  lastUsedAddress: string | null;
}

/** The member's own keys of this workspace that were not revoked, the newest first. */
export async function ownAccessKeys(ctx: Own): Promise<OwnKey[]> {
  const workspaceId = guard(ctx, 'profile.manage');
  const { memberId } = ctx.principal;
  const rows = await ctx.db
    .select(shown)
    .from(accessKeys)
    .where(and(eq(accessKeys.memberId, memberId), eq(accessKeys.workspaceId, workspaceId), isNull(accessKeys.ended)))
    .orderBy(desc(accessKeys.createdAt), desc(accessKeys.id))
    .limit(MOST_KEYS);
  return rows.map((row) => ({ ...row, expired: row.expiresAt <= ctx.now() }));
}

const COLUMNS: Record<string, ListColumn> = {
  id: { sql: accessKeys.id, kind: 'text' },
  name: { sql: accessKeys.name, kind: 'text' },
  member: { sql: users.name, kind: 'text' },
  role: { sql: accessKeys.role, kind: 'choice' },
  createdAt: { sql: accessKeys.createdAt, kind: 'date' },
  expiresAt: { sql: accessKeys.expiresAt, kind: 'date' },
  lastUsedAt: { sql: accessKeys.lastUsedAt, kind: 'date' },
  lastUsedAddress: { sql: accessKeys.lastUsedAddress, kind: 'text' },
};

export interface ListedKey extends OwnKey {
  member: string;
  memberId: string;
}

/** All keys of the workspace that were not revoked; for administrators. */
export async function listAccessKeys(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ListedKey>> {
  const workspaceId = guard(ctx, 'access-key.manage');
  const { where, orderBy, limit, offset } = listClauses(query, COLUMNS, accessKeys.id);
  const all = and(eq(accessKeys.workspaceId, workspaceId), isNull(accessKeys.ended), where);
  const rows = await ctx.db
    .select({ ...shown, member: users.name, memberId: members.id })
    .from(accessKeys)
    .innerJoin(members, eq(members.id, accessKeys.memberId))
    .innerJoin(users, eq(users.id, members.userId))
    .where(all)
    .orderBy(...orderBy)
    .limit(limit)
    .offset(offset);
  const [counted] = await ctx.db
    .select({ total: sql<number>`count(*)::int` })
    .from(accessKeys)
    .innerJoin(members, eq(members.id, accessKeys.memberId))
    .innerJoin(users, eq(users.id, members.userId))
    .where(all);
  return wholePage(
    rows.map((row) => ({ ...row, expired: row.expiresAt <= ctx.now() })),
    counted?.total ?? 0,
  );
}

/** 240 random bits, in the letters of AWS's secrets. */
const newSecret = () => Array.from({ length: SECRET_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
