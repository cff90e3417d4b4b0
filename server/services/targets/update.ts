// Changes of a target: its name, its place and how it is used, all in one.

import { eq } from 'drizzle-orm';
import type { z } from 'zod';
import { awsTargets } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { TargetFields } from '../../../replication/model/target-fields.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';
import { changed, fieldsOf, targetChangeInput } from './change.ts';
import { moveTarget } from './change-place.ts';
import { checkCopyTargets } from './copy-targets.ts';
import { checkMove } from './sign-in.ts';
import { type FoundTarget, targetOf } from './store.ts';

/**
 * Answers version and revision afterwards, the same ones where nothing becomes another: so a change that is sent twice counts
 * once. @throws `conflict` when somebody else has changed it since the version that is named
 */
export async function updateTarget(
  ctx: ServiceContext,
  input: z.input<typeof targetChangeInput>,
): Promise<{ version: number; revision: number }> {
  const workspaceId = guard(ctx, 'target.manage');
  const wanted = parseInput(targetChangeInput, input);
  return inTransaction(ctx, workspaceId, async (work) => {
    const found = await lockTarget(work, workspaceId, wanted.targetId);
    const { after, changes } = changed(found, wanted);
    if (changes.length === 0) return { version: found.target.version, revision: found.target.revision };
    await checkMove(
      work.tx,
      ctx.principal,
      found.target,
      changes.map(({ field }) => field),
    );
    if (wanted.version !== undefined && wanted.version !== found.target.version) throw changedMeanwhile(found);
    const { target, place } = found;
    await checkCopyTargets(work.tx, workspaceId, { id: target.id, account: place.account, ...after });
    const { region, bucket, prefix, endpoints, importRole, ...rest } = after;
    const where = { region, bucket, prefix, endpoints, importRole, account: place.account };
    const revision = await moveTarget(work, target, place, where, ctx.now());
    const version = target.version + 1;
    const changedBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'landfall';
    await work.tx
      .update(awsTargets)
      .set({ ...rest, launchDefaults: rest.launchDefaults ?? {}, version, changedBy, changedAt: ctx.now() })
      .where(eq(awsTargets.id, target.id));
    auditRest(work, found, after);
    work.event({ topic: 'targets', subjectId: target.id, kind: 'changed' });
    return { version, revision };
  });
}

/** Held until the transaction ends. @throws `not-found`, `conflict` when nothing goes into it any more */
async function lockTarget({ tx }: Work, workspaceId: WorkspaceId, targetId: string): Promise<FoundTarget> {
  await targetOf(tx, workspaceId, targetId);
  await tx.select({ id: awsTargets.id }).from(awsTargets).where(eq(awsTargets.id, targetId)).for('no key update');
  const found = await targetOf(tx, workspaceId, targetId);
  if (found.target.retiredAt === null) return found;
  throw faultError('conflict', {
    message: `The AWS target ${found.target.name} was deleted. What was made there is kept, and the target is no longer changed.`,
    remedy: 'Create another target.',
  });
}

function changedMeanwhile({ target }: FoundTarget) {
  return faultError('conflict', {
    message: `Somebody else has changed the AWS target ${target.name} in the meantime.`,
    remedy: 'Look at what it is now, and save again. What you chose is still there.',
  });
}

/** The place has an entry of its own. */
function auditRest({ audit }: Work, found: FoundTarget, after: TargetFields): void {
  const [before, then] = [fieldsOf(found), after].map(
    ({ region: _r, bucket: _b, prefix: _p, endpoints: _e, importRole: _i, ...rest }) => rest,
  );
  if (JSON.stringify(before) === JSON.stringify(then)) return;
  audit({
    action: 'target.update',
    subjectKind: 'target',
    subjectId: found.target.id,
    subjectName: after.name,
    before,
    after: then,
  });
}
