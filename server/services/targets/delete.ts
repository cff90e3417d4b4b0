// The end of a target. One that nothing ever went into is gone. One that was used is retired: nothing goes into it any more,
// and its row stays for the history that names it.
import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { artifacts, awsTargetPlaces, awsTargets, targetTests, workspaces } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { copiedFrom } from './copy-targets.ts';
import { everyTargetOf, targetOf } from './store.ts';
import { MOST_COUNTED, type TargetUsage, usageOf, wasEverUsed } from './usage.ts';

export const deleteTargetInput = z.object({ targetId: z.string() });

/** @throws `conflict` with what is still in it, `not-found` when it is gone already */
export async function deleteTarget(
  ctx: ServiceContext,
  input: z.infer<typeof deleteTargetInput>,
): Promise<{ outcome: 'deleted' | 'retired' }> {
  const workspaceId = guard(ctx, 'target.manage');
  const { targetId } = parseInput(deleteTargetInput, input);
  return inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    await targetOf(tx, workspaceId, targetId);
    // Two that delete each the other's last companion would both find that another is left.
    await tx.select({ id: workspaces.id }).from(workspaces).where(eq(workspaces.id, workspaceId)).for('no key update');
    // Whoever puts something into it holds the row, and is waited for (openTargetOf).
    await tx.select({ id: awsTargets.id }).from(awsTargets).where(eq(awsTargets.id, targetId)).for('update');
    const { target, place } = await targetOf(tx, workspaceId, targetId);
    if (target.retiredAt) return { outcome: 'retired' };
    const still = whatIsIn(await usageOf(tx, targetId));
    if (still) {
      throw faultError('conflict', {
        message: `The AWS target ${target.name} is in use: ${still}.`,
        remedy:
          'Delete the jobs that go into it with their AMIs, and end its instances. It can be deleted when nothing is left.',
      });
    }
    const [copies] = await copiedFrom(tx, workspaceId, targetId);
    if (copies) {
      throw faultError('conflict', {
        message: `The AWS target ${copies} copies its AMIs to ${target.name}.`,
        remedy: `Edit ${copies} first: take ${target.name} out of what its AMIs are copied to.`,
      });
    }
    // The last row says that there was a target: else a worker would make the first one again of its variables.
    const isLast = (await everyTargetOf(tx, workspaceId)).length === 1;
    const retires = isLast || (await wasEverUsed(tx, targetId));
    if (retires) {
      await tx.update(awsTargets).set({ retiredAt: ctx.now() }).where(eq(awsTargets.id, targetId));
    } else {
      // What tests of it made and took away again; nothing else can be there without a job.
      await tx.delete(artifacts).where(and(eq(artifacts.targetId, targetId), isNull(artifacts.runId)));
      await tx.delete(targetTests).where(eq(targetTests.targetId, targetId));
      await tx.delete(awsTargetPlaces).where(eq(awsTargetPlaces.targetId, targetId));
      await tx.delete(awsTargets).where(eq(awsTargets.id, targetId));
    }
    const { account, region, bucket, prefix } = place;
    audit({
      action: 'target.delete',
      subjectKind: 'target',
      subjectId: targetId,
      subjectName: target.name,
      before: { account, region, bucket, prefix },
    });
    event({ topic: 'targets', subjectId: targetId, kind: 'changed' });
    return { outcome: retires ? 'retired' : 'deleted' };
  });
}

/** Null when nothing is. Things at AWS are named by themselves only where nothing else says why they are there. */
function whatIsIn(usage: TargetUsage): string | null {
  const parts = [
    counted(usage.jobs, 'replication job'),
    counted(usage.runs, 'run under way', 'runs under way'),
    counted(usage.images, 'AMI'),
    counted(usage.instances, 'instance'),
    counted(usage.copies, 'copy of an AMI under way', 'copies of AMIs under way'),
  ].filter((part) => part !== null);
  if (parts.length > 0) return parts.join(', ');
  const left = counted(
    usage.artifacts,
    'snapshot, digest or staged object',
    'snapshots, digests, staged objects, copies of AMIs',
  );
  return left && `${left} that are not released yet`;
}

function counted(count: number, one: string, many = `${one}s`): string | null {
  if (count === 0) return null;
  return count > MOST_COUNTED ? `more than ${MOST_COUNTED} ${many}` : `${count} ${count === 1 ? one : many}`;
}
