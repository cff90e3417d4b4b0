// Where an AWS target is, with what AWS itself says of it.
import { and, asc, eq, isNull } from 'drizzle-orm';
import { awsTargetPlaces } from '../../../db/schema/index.ts';
import { type Fault, toFault } from '../../../replication/model/fault.ts';
import { log } from '../../log.ts';
import { guard, parseInput, type ServiceContext } from '../context.ts';
import { targetInput } from '../targets/settings.ts';
import { targetOf } from '../targets/store.ts';
import { atEachTarget } from './each-target.ts';
import { type Targets, targetPool } from './target-pool.ts';

/** What a review says before anything is made there. */
export interface TargetPlace {
  id: string;
  name: string;
  region: string;
  bucket: string;
  /** Twelve digits; null when AWS did not say, and then `fault` says why. */
  account: string | null;
  fault: Fault | null;
}

/** A review may wait this long for the account; it can be read without. */
const PATIENCE_MS = 8000;

/** An AWS target, or the workspace's first, with its account as STS says it. @throws `conflict` when there is none */
export async function targetPlace(
  ctx: ServiceContext,
  input?: { targetId?: string | undefined },
): Promise<TargetPlace> {
  const workspaceId = guard(ctx, 'target.read');
  const { target, place } = await targetOf(ctx.db, workspaceId, parseInput(targetInput, input)?.targetId);
  const shown = { id: target.id, name: target.name, region: place.region, bucket: place.bucket };
  try {
    const opened = await targetPool().at(ctx.db, { targetId: target.id, targetRevision: place.revision });
    const { account } = await opened.identity(AbortSignal.timeout(PATIENCE_MS));
    return { ...shown, account, fault: null };
  } catch (error) {
    return { ...shown, account: null, fault: toFault(error) };
  }
}

/** Asks AWS which account each place is of that nobody named: limits count by account. Called by the engine. */
export async function learnAccounts(ctx: ServiceContext, targets: Targets, signal: AbortSignal): Promise<void> {
  const unknown = and(isNull(awsTargetPlaces.account), eq(awsTargetPlaces.awaitsEnvironment, false));
  const places = await ctx.db.select().from(awsTargetPlaces).where(unknown).orderBy(asc(awsTargetPlaces.createdAt));
  const learn = async (own: typeof places, turn: AbortSignal) => {
    for (const { targetId, revision } of own) {
      try {
        const opened = await targets.at(ctx.db, { targetId, targetRevision: revision });
        const { account } = await opened.identity(AbortSignal.any([turn, AbortSignal.timeout(PATIENCE_MS)]));
        // Whoever changed the sign-in meanwhile has written it already.
        const here = and(unknown, eq(awsTargetPlaces.targetId, targetId), eq(awsTargetPlaces.revision, revision));
        await ctx.db.update(awsTargetPlaces).set({ account }).where(here);
      } catch (error) {
        log().warn({ error, target: targetId }, 'AWS did not say which account a target is of; it is asked again');
      }
    }
  };
  await atEachTarget(places, learn, { signal });
}
