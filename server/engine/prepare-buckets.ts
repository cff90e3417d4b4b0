// The rules of the staging buckets are the console's business: a connector's key may only put objects there.
import { log } from '../log.ts';
import { atEachTarget } from '../services/cloud/each-target.ts';
import type { Targets } from '../services/cloud/target-pool.ts';
import type { ProgramContext } from '../services/context.ts';
import { currentPlaces, type PlaceRow } from '../services/targets/store.ts';

/** Sets what expires by itself in the bucket of every target. One that cannot be reached holds up no other. */
export async function prepareBuckets(ctx: ProgramContext, targets: Targets, signal: AbortSignal): Promise<void> {
  const prepare = async (places: PlaceRow[], turn: AbortSignal) => {
    for (const { targetId, revision, bucket } of places) {
      try {
        const target = await targets.at(ctx.db, { targetId, targetRevision: revision });
        await target.staging.prepare(turn);
      } catch (error) {
        if (!signal.aborted)
          log().warn({ error, bucket }, 'the staging bucket has not got its rules; it is tried again');
      }
    }
  };
  await atEachTarget(await currentPlaces(ctx.db), prepare, { signal });
}
