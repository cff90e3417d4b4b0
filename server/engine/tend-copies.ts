// Follow-up work of AMIs: sharing them with accounts, and copying them to Regions and targets. Beside the run, which has its AMI and
// is not failed because another Region refuses. Called by the engine; several workers may.
import { fault, faultError } from '../../replication/model/fault.ts';
import { copyTags, runTags } from '../../replication/steps/run-tags.ts';
import { imageName } from '../../replication/target/aws/ec2-names.ts';
import type { InRegion } from '../../replication/target/aws/target.ts';
import { log } from '../log.ts';
import { atEachTarget } from '../services/cloud/each-target.ts';
import type { Targets } from '../services/cloud/target-pool.ts';
import type { ProgramContext } from '../services/context.ts';
import { faultOf } from '../services/database-faults.ts';
import { type CopyRow, MOST_COPY_HOURS } from '../services/images/copies.ts';
import {
  confirmCopy,
  copyFailed,
  declareCopy,
  endCopy,
  lookLater,
  placeOf,
  type TakenCopy,
  takeCopies,
} from '../services/images/copy-progress.ts';
import { placeAt } from '../services/targets/store.ts';

/** A copy that AWS does not know yet, right after it was begun. */
const UNKNOWN_MINUTES = 10;

/** @param pollMs between looks at a copy that is under way */
export async function tendCopies(
  ctx: ProgramContext,
  targets: Targets,
  signal: AbortSignal,
  pollMs = 15_000,
): Promise<void> {
  const taken = await takeCopies(ctx);
  // All places at once: what is taken is few, and is held for little longer than a turn.
  const work = async (own: TakenCopy[], turn: AbortSignal) => {
    await Promise.all(own.map((one) => tend(ctx, targets, one, { signal, turn, pollMs })));
  };
  const each = taken.map((one) => ({ ...one, targetId: one.copy.targetId }));
  await atEachTarget(each, work, { signal, apart: ({ copy }) => placeOf(copy), atOnce: each.length });
}

async function tend(
  ctx: ProgramContext,
  targets: Targets,
  one: TakenCopy,
  { signal, turn, pollMs }: { signal: AbortSignal; turn: AbortSignal; pollMs: number },
): Promise<void> {
  try {
    await advance(ctx, targets, one, turn, pollMs);
  } catch (failed) {
    if (signal.aborted) return;
    const error = turn.aborted ? faultError('aws-unreachable', {}, failed) : failed;
    const { copy } = one;
    const why = faultOf(error);
    if (copy.fault?.code !== why.code)
      log().warn({ error, copy: copy.id, image: copy.imageId }, 'an AMI could not be shared or copied');
    await copyFailed(ctx, copy, why);
  }
}

async function advance(
  ctx: ProgramContext,
  targets: Targets,
  { copy, run }: TakenCopy,
  signal: AbortSignal,
  pollMs: number,
): Promise<void> {
  const own = await targets.at(ctx.db, run);
  if (copy.kind === 'share') {
    await own.copies.share(copy.imageId, copy.account ?? '', signal);
    return done(ctx, copy);
  }
  const there = (copy.kind === 'region' ? own : await targets.at(ctx.db, copy)).inRegion(copy.region);
  if (copy.state === 'copying') return look(ctx, copy, there.images, signal, pollMs);
  const place = await placeAt(ctx.db, run);
  if (copy.kind === 'target') {
    const { account } = await placeAt(ctx.db, copy);
    const theirs = account ?? (await (await targets.at(ctx.db, copy)).identity(signal)).account;
    const ours = place.account ?? (await own.identity(signal)).account;
    if (theirs !== ours) await own.copies.share(copy.imageId, theirs, signal);
  }
  const source = (await own.images.describe([copy.imageId], signal)).get(copy.imageId);
  if (!source) throw faultError('not-found', { message: `AWS knows no AMI ${copy.imageId} any more.`, retry: 'never' });
  const begun = await declareCopy(ctx, copy, run);
  if (!begun) return;
  const { region } = place;
  const copyImageId = await there.copies.copy(
    {
      from: { imageId: copy.imageId, region },
      name: begun.attempt === 1 ? source.name : imageName(source.name, `(${begun.attempt})`),
      description: `Copy of ${copy.imageId} in ${region}, by Landfall ${run.id}`,
      token: begun.token,
      encryption: copy.encrypted ? { kmsKeyArn: copy.kmsKeyArn } : null,
      tags: { ...runTags(ofRun(run), run.serverName), ...copyTags(begun.token) },
    },
    signal,
  );
  await confirmCopy(ctx, copy, begun, copyImageId, pollMs);
}

const ofRun = ({ id, jobId, workspaceId, serverName, settings }: TakenCopy['run']) => ({
  ...{ id, jobId, workspaceId, serverName, tags: settings.tags ?? {} },
});

async function look(
  ctx: ProgramContext,
  copy: CopyRow,
  there: InRegion['images'],
  signal: AbortSignal,
  pollMs: number,
): Promise<void> {
  const copyImageId = copy.copyImageId ?? '';
  const seen = (await there.describe([copyImageId], signal)).get(copyImageId);
  if (seen?.state === 'available') return done(ctx, copy);
  const minutes = (ctx.now().getTime() - (copy.startedAt ?? copy.createdAt).getTime()) / 60_000;
  const waits = seen ? seen.state === 'pending' && minutes < MOST_COPY_HOURS * 60 : minutes < UNKNOWN_MINUTES;
  if (waits) {
    await lookLater(ctx, copy, pollMs);
    return;
  }
  const why =
    seen?.state === 'pending'
      ? { message: `AWS did not finish the copy within ${MOST_COPY_HOURS} hours.` }
      : {
          cause: seen
            ? `The copy is ${seen.state}: ${seen.reason ?? 'AWS does not say why.'}`
            : 'AWS no longer knows the copy.',
        };
  await endCopy(ctx, copy, { state: 'failed', fault: fault('image-copy-failed', why) });
}

const done = (ctx: ProgramContext, copy: CopyRow) => endCopy(ctx, copy, { state: 'available', fault: null });
