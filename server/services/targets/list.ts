// A workspace's AWS targets, for who chooses one or reads where something goes.

import type { Queries } from '../../../db/client.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { guard, type ServiceContext } from '../context.ts';
import { everyTargetOf, type FoundTarget, targetsOf } from './store.ts';
import { jobsInto } from './usage.ts';

export interface ListedTarget {
  id: string;
  name: string;
  region: string;
  bucket: string;
  /** Twelve digits; null until AWS has said. */
  account: string | null;
}

/** Those that something can go into, the oldest first: it is the one that a job gets for which none is chosen. */
export async function listTargets(ctx: ServiceContext): Promise<ListedTarget[]> {
  const workspaceId = guard(ctx, 'target.read');
  return (await targetsOf(ctx.db, workspaceId)).map(listed);
}

/** All of them, also retired ones, as the settings show them. */
export async function allTargets(ctx: ServiceContext) {
  const workspaceId = guard(ctx, 'target.read');
  const found = await everyTargetOf(ctx.db, workspaceId);
  const first = found.find(({ target }) => target.retiredAt === null)?.target.id;
  const jobs = new Map<string, number>();
  for (const { target } of found) jobs.set(target.id, await jobsInto(ctx.db, target.id));
  return found.map((one) => ({
    ...listed(one),
    prefix: one.place.prefix,
    signIn: one.target.signIn,
    connectorSignIn: one.target.connectorSignIn,
    jobs: jobs.get(one.target.id) ?? 0,
    /** Jobs for which none is chosen go into it. */
    isFirst: one.target.id === first,
    state: stateOf(one),
    /** How the environment differs from it; a worker looks. */
    environmentNote: one.target.environmentNote,
  }));
}

export type TargetState = 'ready' | 'unknown' | 'incomplete' | 'retired';

function stateOf({ target, place }: FoundTarget): TargetState {
  if (target.retiredAt) return 'retired';
  if (place.awaitsEnvironment) return 'incomplete';
  return place.account ? 'ready' : 'unknown';
}

/** By id, for lists that name them; retired ones too. The caller has asked for the permission. */
export async function targetNames(tx: Queries, workspaceId: WorkspaceId): Promise<Map<string, ListedTarget>> {
  return new Map((await everyTargetOf(tx, workspaceId)).map((one) => [one.target.id, listed(one)]));
}

function listed({ target, place }: FoundTarget): ListedTarget {
  return { id: target.id, name: target.name, region: place.region, bucket: place.bucket, account: place.account };
}
