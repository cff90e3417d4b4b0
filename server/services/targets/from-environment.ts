// What the environment says of AWS makes the first target of a workspace, once. From then on the row counts; where the two differ,
// the log says so.

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { and, asc, eq } from 'drizzle-orm';
import { awsTargetPlaces, awsTargets, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { partitionOf } from '../../../replication/model/target.ts';
import { awsEnvironment } from '../../env.ts';
import { log } from '../../log.ts';
import { inTransaction, type ProgramContext, parseInput, systemContext } from '../context.ts';
import { moveTarget } from './change-place.ts';
import { createTarget } from './create.ts';
import { type PlaceInput, placeInput } from './place.ts';
import { everyTargetOf, type FoundTarget, targetOf } from './store.ts';

type Source = Record<string, string | undefined>;

const FIRST_NAME = 'Main';

/** What this process has told already: it looks again and again. */
const told = new Map<string, string>();

/**
 * Every workspace has what the environment can give it; several programs may do this at once. Answers what stands in the
 * way, or differs, by workspace. @throws `input-invalid` when the variables are no place
 */
export async function targetsFromEnvironment(
  ctx: ProgramContext,
  source: Source = process.env,
): Promise<Map<string, string>> {
  const named = placeOfEnvironment(source);
  const findings = new Map<string, string>();
  const all = await ctx.db.select({ id: workspaces.id }).from(workspaces).orderBy(asc(workspaces.createdAt));
  for (const { id } of all) {
    const own = systemContext(ctx.db, id);
    const finding = await tend(own, id, named);
    await noteDifference(own, id, finding);
    if (finding) findings.set(id, finding);
    if (finding && told.get(id) !== finding) log().warn({ workspace: id }, finding);
    told.set(id, finding ?? '');
  }
  return findings;
}

async function tend(ctx: ProgramContext, workspaceId: WorkspaceId, named: PlaceInput | null): Promise<string | null> {
  // A workspace that had one, be it a retired one, gets none again.
  const targets = await everyTargetOf(ctx.db, workspaceId);
  if (!named) {
    if (targets.length === 0)
      return 'There is no AWS target, and LANDFALL_AWS_REGION and LANDFALL_AWS_BUCKET, of which the first is made, are not set.';
    if (!targets.some(({ place }) => place.awaitsEnvironment)) return null;
    return 'The AWS target of before the update is not known in full: LANDFALL_AWS_REGION and LANDFALL_AWS_BUCKET are not set.';
  }
  if (targets.length === 0) {
    const requestId = createHash('sha256').update(`environment/${workspaceId}`).digest('hex').slice(0, 32);
    await createTarget(ctx, { requestId, name: FIRST_NAME, ...named });
    return null;
  }
  // Also one that was given another place meanwhile: what was made in the earlier one is reached as the environment says.
  const awaiting = await ctx.db
    .selectDistinct({ id: awsTargetPlaces.targetId })
    .from(awsTargetPlaces)
    .where(eq(awsTargetPlaces.awaitsEnvironment, true));
  const isAwaiting = new Set(awaiting.map(({ id }) => id));
  for (const { target } of targets) if (isAwaiting.has(target.id)) await fill(ctx, workspaceId, target.id, named);
  return whyDifferent(await everyTargetOf(ctx.db, workspaceId), named);
}

/** Kept with the first target, whose page shows it. */
async function noteDifference(ctx: ProgramContext, workspaceId: WorkspaceId, finding: string | null): Promise<void> {
  const [first] = await everyTargetOf(ctx.db, workspaceId);
  if (!first || first.target.environmentNote === finding) return;
  const { id } = first.target;
  await inTransaction(ctx, workspaceId, async ({ tx, event }) => {
    await tx.update(awsTargets).set({ environmentNote: finding }).where(eq(awsTargets.id, id));
    event({ topic: 'targets', subjectId: id, kind: 'changed' });
  });
}

const STANDS = 'Targets stay as they are: variables make the first one only.';

function whyDifferent(targets: FoundTarget[], named: PlaceInput): string | null {
  const there = targets.filter(({ place }) => place.region === named.region && place.bucket === named.bucket);
  const where = `the bucket ${named.bucket} in ${named.region}`;
  if (there.length === 0) return `The environment names ${where}, where no AWS target of this workspace is. ${STANDS}`;
  const isSame = ({ place }: (typeof there)[number]) =>
    isDeepStrictEqual(place.endpoints, named.endpoints) && place.importRole === named.importRole;
  if (there.some(isSame)) return null;
  return `The environment names other addresses, or another role of VM Import, for ${where} than its AWS target has. ${STANDS}`;
}

/** Places of before targets were rows: what only the environment knows is added. */
async function fill(ctx: ProgramContext, workspaceId: WorkspaceId, targetId: string, named: PlaceInput): Promise<void> {
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx, audit, event } = work;
    await tx.select({ id: awsTargets.id }).from(awsTargets).where(eq(awsTargets.id, targetId)).for('no key update');
    const awaiting = await tx
      .select()
      .from(awsTargetPlaces)
      .where(and(eq(awsTargetPlaces.targetId, targetId), eq(awsTargetPlaces.awaitsEnvironment, true)));
    for (const place of awaiting) {
      const region = place.region || named.region;
      const filled = {
        region,
        partition: partitionOf(region),
        bucket: place.bucket || named.bucket,
        importRole: named.importRole,
        // Addresses are those of a Region.
        endpoints: region === named.region ? named.endpoints : {},
        awaitsEnvironment: false,
      };
      await tx
        .update(awsTargetPlaces)
        .set(filled)
        .where(and(eq(awsTargetPlaces.targetId, targetId), eq(awsTargetPlaces.revision, place.revision)));
    }
    if (awaiting.length === 0) return;
    const { target, place } = await targetOf(tx, workspaceId, targetId);
    audit({
      action: 'target.update',
      subjectKind: 'target',
      subjectId: targetId,
      subjectName: target.name,
      after: { region: place.region, bucket: place.bucket, endpoints: place.endpoints, importRole: place.importRole },
    });
    event({ topic: 'targets', subjectId: targetId, kind: 'changed' });
    // Until now the next run would have gone where the environment says.
    const isCurrent = awaiting.some(({ revision }) => revision === place.revision);
    if (isCurrent && (place.region !== named.region || place.bucket !== named.bucket))
      await moveTarget(work, target, place, named, ctx.now());
  });
}

/** Null when the environment names none. */
function placeOfEnvironment(source: Source): PlaceInput | null {
  const env = awsEnvironment(source);
  if (!env.LANDFALL_AWS_REGION || !env.LANDFALL_AWS_BUCKET) return null;
  return parseInput(placeInput, {
    region: env.LANDFALL_AWS_REGION,
    bucket: env.LANDFALL_AWS_BUCKET,
    importRole: env.LANDFALL_AWS_IMPORT_ROLE ?? null,
    endpoints: {
      ...(env.LANDFALL_AWS_ENDPOINT_S3 && { s3: env.LANDFALL_AWS_ENDPOINT_S3 }),
      ...(env.LANDFALL_AWS_ENDPOINT_EC2 && { ec2: env.LANDFALL_AWS_ENDPOINT_EC2 }),
      ...(env.LANDFALL_AWS_ENDPOINT_EBS && { ebs: env.LANDFALL_AWS_ENDPOINT_EBS }),
      ...(env.LANDFALL_AWS_ENDPOINT_STS && { sts: env.LANDFALL_AWS_ENDPOINT_STS }),
    },
  });
}
