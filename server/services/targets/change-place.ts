// Another place for a target: another bucket, prefix, Region. It counts for runs that are made from then on, each disk of which
// is copied whole once; what was made in the old place stays there, and is found and released there.
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { awsTargetPlaces, awsTargets } from '../../../db/schema/index.ts';
import { partitionOf } from '../../../replication/model/target.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';
import { type PlaceInput, placeInput } from './place.ts';
import { type PlaceRow, type TargetRow, targetOf } from './store.ts';

export const changePlaceInput = z.object({ targetId: z.string(), ...placeInput.shape });

/** Answers the target's revision: the same one when the place is the same. */
export async function changeTargetPlace(
  ctx: ServiceContext,
  input: z.input<typeof changePlaceInput>,
): Promise<{ revision: number }> {
  const workspaceId = guard(ctx, 'target.manage');
  const { targetId, ...wanted } = parseInput(changePlaceInput, input);
  return inTransaction(ctx, workspaceId, async (work) => {
    await targetOf(work.tx, workspaceId, targetId);
    await work.tx
      .select({ id: awsTargets.id })
      .from(awsTargets)
      .where(eq(awsTargets.id, targetId))
      .for('no key update');
    const { target, place } = await targetOf(work.tx, workspaceId, targetId);
    return { revision: await moveTarget(work, target, place, wanted, ctx.now()) };
  });
}

/** The same within a transaction of the caller, who has asked for the permission and locked the target. */
export async function moveTarget(
  { tx, audit, event }: Work,
  target: TargetRow,
  place: PlaceRow,
  wanted: PlaceInput,
  now: Date,
): Promise<number> {
  const before = shown(place);
  const after = { ...wanted, partition: partitionOf(wanted.region) };
  if (JSON.stringify(shown(after)) === JSON.stringify(before)) return target.revision;
  const revision = target.revision + 1;
  await tx.insert(awsTargetPlaces).values({ targetId: target.id, revision, ...after, createdAt: now });
  await tx.update(awsTargets).set({ revision }).where(eq(awsTargets.id, target.id));
  audit({
    action: 'target.move',
    subjectKind: 'target',
    subjectId: target.id,
    subjectName: target.name,
    before,
    after: shown(after),
  });
  event({ topic: 'targets', subjectId: target.id, kind: 'changed' });
  return revision;
}

/** In one order, whatever the order in which it came. */
function shown({
  account,
  partition,
  region,
  bucket,
  prefix,
  endpoints,
  importRole,
}: PlaceInput & { partition: string }) {
  const { s3, ec2, ebs, sts } = endpoints;
  return { account, partition, region, bucket, prefix, endpoints: { s3, ec2, ebs, sts }, importRole };
}
