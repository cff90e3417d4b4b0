// A workspace's AWS targets, for who chooses one or reads where something goes.
import type { Queries } from '../../../db/client.ts';
import { guard, type ServiceContext } from '../context.ts';
import { type PlaceRow, type TargetRow, targetsOf } from './store.ts';

export interface ListedTarget {
  id: string;
  name: string;
  region: string;
  bucket: string;
  /** Twelve digits; null until AWS has said. */
  account: string | null;
}

/** The oldest first: it is the one that a job gets for which none is chosen. */
export async function listTargets(ctx: ServiceContext): Promise<ListedTarget[]> {
  const workspaceId = guard(ctx, 'target.read');
  return (await targetsOf(ctx.db, workspaceId)).map(listed);
}

/** By id, for lists that name them. The caller has asked for the permission. */
export async function targetNames(tx: Queries, workspaceId: string): Promise<Map<string, ListedTarget>> {
  return new Map((await targetsOf(tx, workspaceId)).map((one) => [one.target.id, listed(one)]));
}

function listed({ target, place }: { target: TargetRow; place: PlaceRow }): ListedTarget {
  return { id: target.id, name: target.name, region: place.region, bucket: place.bucket, account: place.account };
}
