// Every column that holds sealed secrets. What is not listed here is neither checked at a start nor rotated.
import { and, eq, isNotNull, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Queries } from '../../db/client.ts';
import { accessKeys, awsTargets, notificationChannels, sessions, userTotp } from '../../db/schema/index.ts';
import type { Sealed } from '../../db/schema/sealed.ts';
import type { SealedAt } from './seal.ts';

interface SealedColumn {
  table: PgTable;
  id: PgColumn;
  /** Null: of no workspace, which a sealed value is bound to as ''. */
  workspaceId: PgColumn | null;
  column: PgColumn;
  /** As the schema's property is called, for writing. */
  property: string;
  name: Pick<SealedAt, 'table' | 'column'>;
}

/** The secret access key of a target. */
export const TARGET_KEY = { table: 'aws_targets', column: 'secret_key' };

/** What the provider of a session by single sign-on is told at its end. */
export const PROVIDER_SIGN_OUT = { table: 'sessions', column: 'provider_sign_out' };

/** The secret of a member's access key. */
export const ACCESS_KEY = { table: 'access_keys', column: 'secret' };

/** What a person's phone makes codes of. */
export const TOTP_SECRET = { table: 'user_totp', column: 'secret' };

/** What a notification channel signs with, or its whole address. */
export const CHANNEL_SECRET = { table: 'notification_channels', column: 'secret' };

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    table: awsTargets,
    id: awsTargets.id,
    workspaceId: awsTargets.workspaceId,
    column: awsTargets.secretKey,
    property: 'secretKey',
    name: TARGET_KEY,
  },
  {
    table: sessions,
    id: sessions.id,
    workspaceId: null,
    column: sessions.providerSignOut,
    property: 'providerSignOut',
    name: PROVIDER_SIGN_OUT,
  },
  {
    table: accessKeys,
    id: accessKeys.id,
    workspaceId: accessKeys.workspaceId,
    column: accessKeys.secret,
    property: 'secret',
    name: ACCESS_KEY,
  },
  {
    table: userTotp,
    id: userTotp.userId,
    workspaceId: null,
    column: userTotp.secret,
    property: 'secret',
    name: TOTP_SECRET,
  },
  {
    table: notificationChannels,
    id: notificationChannels.id,
    workspaceId: notificationChannels.workspaceId,
    column: notificationChannels.secret,
    property: 'secret',
    name: CHANNEL_SECRET,
  },
];

export interface SealedRow {
  at: SealedAt;
  sealed: Sealed;
}

/** The first rows of a column whose value is wrapped by the key of this id, or of any other than it, from an id on. */
export async function sealedRows(
  db: Queries,
  { table, id, workspaceId, column, name }: SealedColumn,
  wanted: { key?: string; otherThan?: string; after?: string | undefined; limit: number },
): Promise<SealedRow[]> {
  const key = sql`${column} ->> 'key'`;
  const rows = await db
    .select({ row: id, workspaceId: workspaceId ?? sql<string>`''`, sealed: column })
    .from(table)
    .where(
      and(
        isNotNull(column),
        wanted.key === undefined ? undefined : sql`${key} = ${wanted.key}`,
        wanted.otherThan === undefined ? undefined : sql`${key} <> ${wanted.otherThan}`,
        wanted.after === undefined ? undefined : sql`${id} > ${wanted.after}`,
      ),
    )
    .orderBy(id)
    .limit(wanted.limit);
  return rows.map((row) => ({
    at: { ...name, workspaceId: row.workspaceId as string, row: row.row as string },
    sealed: row.sealed as Sealed,
  }));
}

/** The ids of the keys that wrap something in a column. */
export async function keysInUse(db: Queries, { table, column }: SealedColumn): Promise<string[]> {
  const key = sql<string>`${column} ->> 'key'`;
  const rows = await db.selectDistinct({ key }).from(table).where(isNotNull(column));
  return rows.map((row) => row.key);
}

/** Puts a value in the place of another; false when that is not there any more. */
export async function replaceSealed(
  db: Queries,
  { table, id, column, property }: SealedColumn,
  { at, sealed }: SealedRow,
  by: Sealed,
): Promise<boolean> {
  const same = and(eq(id, at.row), sql`${column} = ${JSON.stringify(sealed)}::jsonb`);
  const changed = await db
    .update(table)
    .set({ [property]: by })
    .where(same)
    .returning({ id });
  return changed.length > 0;
}

/** Takes out what is wrapped by a key that nobody has any more; answers the ids of the rows. */
export async function removeSealed(db: Queries, { table, id, column, property }: SealedColumn, key: string) {
  const removed = await db
    .update(table)
    .set({ [property]: null })
    .where(sql`${column} ->> 'key' = ${key}`)
    .returning({ id });
  return removed.map((row) => row.id as string);
}
