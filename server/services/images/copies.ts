// Where an AMI goes beside its target: rows that are made with it, read by its page, and released when it goes. What is done at AWS is in
// engine/tend-copies.ts.
import { and, asc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { artifacts, awsTargets, imageCopies, images, type RunRow } from '../../../db/schema/index.ts';
import { copyProblem, type DistributionEntry } from '../../../replication/model/distribution.ts';
import { type Fault, fault, faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { everyTargetOf, placeAt } from '../targets/store.ts';

/** AWS copies some hundred GiB an hour between Regions; a copy that takes longer than this has come to nothing. */
export const MOST_COPY_HOURS = 48;

export type CopyRow = typeof imageCopies.$inferSelect;

/** With the AMI's own row, as the settings of its run say. What cannot be is a row too, that says why. */
export async function planCopies(tx: Queries, run: RunRow, imageId: string): Promise<void> {
  const { distribution = [], encryption } = run.settings;
  if (distribution.length === 0) return;
  const own = { targetId: run.targetId, targetRevision: run.targetRevision };
  const { account, region } = await placeAt(tx, own);
  const named = distribution.flatMap((entry) => (entry.kind === 'target' ? [entry.targetId] : []));
  // Until the transaction ends none of them is deleted.
  if (named.length > 0)
    await tx.select({ id: awsTargets.id }).from(awsTargets).where(inArray(awsTargets.id, named)).for('key share');
  const targets = await everyTargetOf(tx, run.workspaceId);
  const encrypted = encryption?.encrypted ?? false;
  const rowOf = (entry: DistributionEntry) => {
    const here = { ...own, account, region, encrypted, kmsKeyArn: null };
    if (entry.kind === 'share') return { ...here, account: entry.account };
    if (entry.kind === 'region')
      return { ...here, region: entry.region, kmsKeyArn: entry.kmsKeyArn, encrypted: encrypted || !!entry.kmsKeyArn };
    const found = targets.find(({ target }) => target.id === entry.targetId);
    if (!found || found.target.retiredAt)
      return { ...here, state: 'failed' as const, fault: goneTarget(entry.targetId) };
    const { target, place } = found;
    // Either may have moved since the list was saved.
    const problem = copyProblem({ account, region, encrypted, kmsKeyArn: encryption?.kmsKeyArn ?? null }, place);
    if (problem) return { ...here, state: 'failed' as const, fault: impossible(target.name, problem) };
    return {
      ...{ targetId: target.id, targetRevision: place.revision, account: place.account, region: place.region },
      ...{ kmsKeyArn: target.encrypted ? target.kmsKeyArn : null, encrypted: encrypted || target.encrypted },
    };
  };
  await tx.insert(imageCopies).values(
    distribution.map((entry) => ({
      ...{ id: newId.copy(), workspaceId: run.workspaceId, imageId, kind: entry.kind, ...rowOf(entry) },
    })),
  );
}

function impossible(name: string, problem: string): Fault {
  return fault('image-copy-failed', {
    message: `The AMI cannot be copied to the AWS target ${name}: ${problem}`,
    remedy: 'Change what is copied on the page of the AWS target that the job goes into. It counts for later runs.',
    retry: 'never',
  });
}

/** The target that was to get a copy is there no more. */
export function goneTarget(targetId: string): Fault {
  return fault('image-copy-failed', {
    message: `The AWS target ${targetId}, to which the AMI was to be copied, was deleted.`,
    remedy: 'Take it out of the list on the page of the AWS target that the job goes into.',
    retry: 'never',
  });
}

/** The AMI is gone: what was made of it goes too, each where it lies. What is shared ends with it. */
export async function releaseCopiesOf(tx: Queries, imageId: string, now: Date): Promise<void> {
  const released = await tx
    .update(imageCopies)
    .set({ state: 'released', endedAt: now })
    .where(and(eq(imageCopies.imageId, imageId), sql`${imageCopies.state} <> 'released'`))
    .returning({ artifactId: imageCopies.artifactId, notBefore: imageCopies.notBefore });
  for (const { artifactId, notBefore } of released) {
    if (!artifactId) continue;
    // Until then somebody may be asking AWS for it.
    const due = sql`greatest(now(), ${notBefore.toISOString()}::timestamptz)`;
    await tx.update(artifacts).set({ releaseNotBefore: due }).where(eq(artifacts.id, artifactId));
  }
}

/** Held until the transaction ends, in the order in which everybody takes them: the AMI first. Null when either is gone. */
export async function lockCopy(tx: Queries, { id, imageId }: Pick<CopyRow, 'id' | 'imageId'>): Promise<CopyRow | null> {
  const here = eq(images.id, imageId);
  const [image] = await tx.select({ gone: images.deregisteredAt }).from(images).where(here).for('no key update');
  const [copy] = await tx.select().from(imageCopies).where(eq(imageCopies.id, id)).for('no key update');
  return image && !image.gone && copy && copy.state !== 'released' ? copy : null;
}

export interface ListedCopy {
  id: string;
  kind: DistributionEntry['kind'];
  account: string | null;
  region: string;
  /** As which target it is made. */
  targetName: string;
  state: CopyRow['state'];
  /** `ami-…` there; an AMI that is shared has its own. */
  copyImageId: string | null;
  kmsKeyArn: string | null;
  fault: Fault | null;
  /** When it is tried again by itself; null when it is not. */
  nextTryAt: Date | null;
  endedAt: Date | null;
}

export const copiesInput = z.object({ imageId: z.string() });

/** Where an AMI of the workspace is beside its target. @throws `not-found` */
export async function listCopies(ctx: ServiceContext, input: z.infer<typeof copiesInput>): Promise<ListedCopy[]> {
  const workspaceId = guard(ctx, 'image.read');
  const { imageId } = parseInput(copiesInput, input);
  const [image] = await ctx.db
    .select({ id: images.id })
    .from(images)
    .where(and(eq(images.id, imageId), eq(images.workspaceId, workspaceId)));
  if (!image) throw faultError('not-found', { message: `There is no AMI ${imageId}.` });
  const rows = await ctx.db
    .select({ copy: imageCopies, targetName: awsTargets.name })
    .from(imageCopies)
    .innerJoin(awsTargets, eq(awsTargets.id, imageCopies.targetId))
    .where(and(eq(imageCopies.imageId, imageId), eq(imageCopies.workspaceId, workspaceId)))
    .orderBy(asc(imageCopies.createdAt), asc(imageCopies.id));
  return rows.map(({ copy, targetName }) => {
    const { id, kind, account, region, state, copyImageId, kmsKeyArn, fault: why, notBefore, endedAt } = copy;
    const nextTryAt = why && state === 'pending' ? notBefore : null;
    return { id, kind, account, region, targetName, state, copyImageId, kmsKeyArn, fault: why, nextTryAt, endedAt };
  });
}

/** No repetition helps by itself, but a person can change it in the account or the target; else another AMI must be made. */
const MENDABLE = sql`(${imageCopies.fault} ->> 'retry' is distinct from 'never'
  or ${imageCopies.fault} ->> 'code' in ('aws-account-differs', 'sign-in-reserved'))`;

/**
 * Tries again at once where sharing or copying an AMI has failed, or waits for its next try. What is under way or done stays as it is, so that
 * a second click changes nothing, and so does what can never be of this AMI. @throws `not-found`
 */
export async function retryCopies(ctx: ServiceContext, input: z.infer<typeof copiesInput>): Promise<void> {
  const workspaceId = guard(ctx, 'image.copy');
  const { imageId } = parseInput(copiesInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const here = and(eq(images.id, imageId), eq(images.workspaceId, workspaceId), isNull(images.deregisteredAt));
    const [image] = await tx.select({ name: images.name }).from(images).where(here).for('no key update');
    if (!image) throw faultError('not-found', { message: `There is no AMI ${imageId}.` });
    const ofImage = and(eq(imageCopies.imageId, imageId), eq(imageCopies.workspaceId, workspaceId));
    const again = { fault: null, tries: 0, endedAt: null, notBefore: sql`now()` };
    const waiting = await tx
      .update(imageCopies)
      .set(again)
      .where(and(ofImage, eq(imageCopies.state, 'pending'), isNotNull(imageCopies.fault)))
      .returning({ account: imageCopies.account, region: imageCopies.region });
    // What was begun in vain is taken away, and another one is made under another token.
    const anew = { state: 'pending' as const, attempt: sql`${imageCopies.attempt} + 1`, artifactId: null };
    const failed = await tx
      .update(imageCopies)
      .set({ ...again, ...anew, copyImageId: null, startedAt: null })
      .where(and(ofImage, eq(imageCopies.state, 'failed'), MENDABLE))
      .returning({ account: imageCopies.account, region: imageCopies.region });
    if (waiting.length + failed.length === 0) return;
    audit({
      action: 'image.copy-again',
      subjectKind: 'image',
      subjectId: imageId,
      subjectName: image.name,
      after: { to: [...waiting, ...failed] },
    });
    event({ topic: 'images', subjectId: imageId, kind: 'changed' });
  });
}
