// Targets and their places as other verbs read them. The caller has asked for the permission.

import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { awsTargetPlaces, awsTargets } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';

export type TargetRow = typeof awsTargets.$inferSelect;
export type PlaceRow = typeof awsTargetPlaces.$inferSelect;

/** How rows name where they are. */
export interface AtPlace {
  targetId: string;
  targetRevision: number;
}

const isCurrent = and(eq(awsTargetPlaces.targetId, awsTargets.id), eq(awsTargetPlaces.revision, awsTargets.revision));

export interface FoundTarget {
  target: TargetRow;
  place: PlaceRow;
}

/** A workspace's targets where they are now, the oldest first; retired ones too, which are named by what was made there. */
export function everyTargetOf(tx: Queries, workspaceId: WorkspaceId): Promise<FoundTarget[]> {
  return tx
    .select({ target: awsTargets, place: awsTargetPlaces })
    .from(awsTargets)
    .innerJoin(awsTargetPlaces, isCurrent)
    .where(eq(awsTargets.workspaceId, workspaceId))
    .orderBy(asc(awsTargets.createdAt), asc(awsTargets.id));
}

/** Those that something can go into. */
export async function targetsOf(tx: Queries, workspaceId: WorkspaceId): Promise<FoundTarget[]> {
  return (await everyTargetOf(tx, workspaceId)).filter(({ target }) => target.retiredAt === null);
}

/** Where all targets are now, of every workspace. */
export async function currentPlaces(tx: Queries): Promise<PlaceRow[]> {
  const rows = await tx
    .select({ place: awsTargetPlaces })
    .from(awsTargets)
    .innerJoin(awsTargetPlaces, isCurrent)
    .where(isNull(awsTargets.retiredAt));
  return rows.map(({ place }) => place);
}

/**
 * The target of this id, retired or not, or the workspace's first that is not. @throws `not-found` when there is none of this id, `conflict` when
 * there is none at all
 */
export async function targetOf(tx: Queries, workspaceId: WorkspaceId, targetId?: string): Promise<FoundTarget> {
  const all = await everyTargetOf(tx, workspaceId);
  const found = all.find(({ target }) => (targetId === undefined ? !target.retiredAt : target.id === targetId));
  if (found) return found;
  if (targetId !== undefined) throw faultError('not-found', { message: `There is no AWS target ${targetId}.` });
  throw faultError('conflict', {
    message: 'The workspace has no AWS target.',
    remedy:
      'An administrator creates one under Settings. A worker makes the first of its AWS variables (docs/targets.md).',
  });
}

/**
 * The same for something new that is to go into it. Until the transaction ends it is neither deleted nor retired.
 * @throws `conflict` when it was retired
 */
export async function openTargetOf(tx: Queries, workspaceId: WorkspaceId, targetId?: string): Promise<FoundTarget> {
  const found = await targetOf(tx, workspaceId, targetId);
  const here = eq(awsTargets.id, found.target.id);
  const [held] = await tx.select({ retiredAt: awsTargets.retiredAt }).from(awsTargets).where(here).for('key share');
  if (held && held.retiredAt === null) return found;
  throw faultError('conflict', {
    message: `The AWS target ${found.target.name} was deleted.`,
    remedy: 'Choose another target.',
  });
}

/** A target that something names, retired or not. */
export async function targetById(tx: Queries, targetId: string): Promise<TargetRow> {
  const [target] = await tx.select().from(awsTargets).where(eq(awsTargets.id, targetId));
  if (!target) throw faultError('internal', { message: `There is no AWS target ${targetId}.` });
  return target;
}

/** Where something is, as its row says. */
export async function placeAt(tx: Queries, { targetId, targetRevision }: AtPlace): Promise<PlaceRow> {
  const [place] = await tx
    .select()
    .from(awsTargetPlaces)
    .where(and(eq(awsTargetPlaces.targetId, targetId), eq(awsTargetPlaces.revision, targetRevision)));
  if (!place) throw faultError('internal', { message: `${targetId} has no place ${targetRevision}.` });
  return place;
}

/** Condition on two places: what is done in one uses up what AWS grants for the other. An account that is not known may be any. */
export function inSameAccount(
  one: { account: unknown; region: unknown },
  other: { account: unknown; region: unknown },
) {
  return sql`(${one.region} = ${other.region} and coalesce(${one.account} = ${other.account}, true))`;
}

/** The same of rows that are at hand. */
export function isSameAccount(one: Pick<PlaceRow, 'account' | 'region'>, other: Pick<PlaceRow, 'account' | 'region'>) {
  const mayBe = one.account === null || other.account === null || one.account === other.account;
  return one.region === other.region && mayBe;
}
