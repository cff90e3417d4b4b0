// Another place for a target: another bucket, prefix, Region. It counts for runs that are made from then on; what was made in
// the old place stays there, and is found and released there.
import { eq } from 'drizzle-orm';
import { awsTargetPlaces, awsTargets } from '../../../db/schema/index.ts';
import { partitionOf } from '../../../replication/model/target.ts';
import type { Work } from '../context.ts';
import type { PlaceInput } from './place.ts';
import type { PlaceRow, TargetRow } from './store.ts';

/**
 * Within a transaction of the caller, who has asked for the permission and locked the target. Answers its revision: the same
 * one when the place is the same.
 */
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
