// What a change of a target would mean, asked before it is saved.
import type { z } from 'zod';
import { guard, parseInput, type ServiceContext } from '../context.ts';
import { type ChangedField, changed, targetChangeInput } from './change.ts';
import { checkMove } from './sign-in.ts';
import { targetOf } from './store.ts';
import { measuredDisks, usageOf } from './usage.ts';

export interface ChangePreview {
  /** The version that it was held against. */
  version: number;
  changes: ChangedField[];
  /** Whether the next run of each job copies every disk whole. */
  newChains: boolean;
  jobs: number;
  /** Disks whose next copy would have been a delta. */
  disks: number;
  /** Runs that are waiting or going on, and go to their end as they were made. */
  runs: number;
}

/** @throws `input-invalid` when its parts do not go together, as the change itself would */
export async function previewTargetChange(
  ctx: ServiceContext,
  input: z.input<typeof targetChangeInput>,
): Promise<ChangePreview> {
  const workspaceId = guard(ctx, 'target.manage');
  const wanted = parseInput(targetChangeInput, input);
  const found = await targetOf(ctx.db, workspaceId, wanted.targetId);
  const { changes } = changed(found, wanted);
  await checkMove(
    ctx.db,
    ctx.principal,
    found.target,
    changes.map(({ field }) => field),
  );
  const { jobs, runs } = await usageOf(ctx.db, found.target.id);
  return {
    version: found.target.version,
    changes,
    newChains: changes.some(({ counts }) => counts === 'new-chain'),
    jobs,
    disks: await measuredDisks(ctx.db, found.target.id),
    runs,
  };
}
