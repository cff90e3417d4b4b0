// Targets and their places as other verbs read them. The caller has asked for the permission.
import { and, asc, eq, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { awsTargetPlaces, awsTargets } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';

export type TargetRow = typeof awsTargets.$inferSelect;
export type PlaceRow = typeof awsTargetPlaces.$inferSelect;

/** How rows name where they are. */
export interface AtPlace {
  targetId: string;
  targetRevision: number;
}

const isCurrent = and(eq(awsTargetPlaces.targetId, awsTargets.id), eq(awsTargetPlaces.revision, awsTargets.revision));

/** A workspace's targets where they are now, the oldest first. */
export function targetsOf(tx: Queries, workspaceId: string): Promise<{ target: TargetRow; place: PlaceRow }[]> {
  return tx
    .select({ target: awsTargets, place: awsTargetPlaces })
    .from(awsTargets)
    .innerJoin(awsTargetPlaces, isCurrent)
    .where(eq(awsTargets.workspaceId, workspaceId))
    .orderBy(asc(awsTargets.createdAt), asc(awsTargets.id));
}

/** Where all targets are now, of every workspace. */
export async function currentPlaces(tx: Queries): Promise<PlaceRow[]> {
  const rows = await tx.select({ place: awsTargetPlaces }).from(awsTargets).innerJoin(awsTargetPlaces, isCurrent);
  return rows.map(({ place }) => place);
}

/**
 * The target of this id, or the workspace's first. @throws `not-found` when there is none of this id, `conflict` when
 * there is none at all
 */
export async function targetOf(
  tx: Queries,
  workspaceId: string,
  targetId?: string,
): Promise<{ target: TargetRow; place: PlaceRow }> {
  const all = await targetsOf(tx, workspaceId);
  const found = targetId === undefined ? all[0] : all.find(({ target }) => target.id === targetId);
  if (found) return found;
  if (targetId !== undefined) throw faultError('not-found', { message: `There is no AWS target ${targetId}.` });
  throw faultError('conflict', {
    message: 'The workspace has no AWS target yet.',
    remedy: 'Set the AWS variables of the worker and start it: it makes the first target of them (docs/operations.md).',
  });
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
