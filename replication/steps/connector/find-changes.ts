// Per disk: is a delta possible, and if not, why. Nothing is read yet; the areas are asked for again when they are copied.

import { openDigestSet } from '../../disks/digests/digest-set.ts';
import { DigestDoubt } from '../../disks/digests/store.ts';
import { planCopy } from '../../model/baseline.ts';
import { faultError } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import { ChangesUnknown } from '../../sources/source.ts';
import type { ConnectorStep, ConnectorStepContext } from './step.ts';

type SnapshotDisk = StepResults['take-snapshot']['disks'][number];
type Found = StepResults['find-changes']['disks'][number];

export const findChanges: ConnectorStep<'find-changes'> = async (context) => {
  const snapshot = context.results['take-snapshot'];
  if (!snapshot) throw faultError('internal', { message: 'There is no snapshot to find changes in.' });
  const disks: Found[] = [];
  for (const disk of snapshot.disks) {
    const found = await findChangesOf(context, snapshot.snapshotId, disk);
    context.log('info', `${disk.label}: ${sentence(found)}`);
    disks.push(found);
  }
  return { disks };
};

async function findChangesOf(context: ConnectorStepContext, snapshotId: string, disk: SnapshotDisk): Promise<Found> {
  const { baselines, revoked, run, signal, source, staging } = context;
  const plan = planCopy(disk, baselines, revoked[disk.id] ?? null);
  const found: Found = { id: disk.id, mode: plan.mode, reason: plan.reason, changedBytes: null, baseline: null };
  if (!plan.baseline) return found;
  const { manifestKey, digestRoot: root, changeId } = plan.baseline;
  found.baseline = { manifestKey, root };
  try {
    await openDigestSet({ store: staging.digests, manifestKey, root, signal });
  } catch (error) {
    if (!(error instanceof DigestDoubt)) throw error;
    return { ...found, mode: 'full', reason: error.message };
  }
  if (plan.mode !== 'delta' || !changeId) return found;
  try {
    const areas = await source.changedAreas(run.vmId, snapshotId, disk.id, changeId, signal);
    return { ...found, changedBytes: areas.reduce((sum, { length }) => sum + length, 0) };
  } catch (error) {
    if (!(error instanceof ChangesUnknown)) throw error;
    return { ...found, mode: 'compared', reason: error.message };
  }
}

function sentence({ mode, reason, changedBytes }: Found): string {
  if (mode === 'delta') return `${((changedBytes ?? 0) / 1_048_576).toFixed(1)} MiB changed since the last run.`;
  const what = mode === 'full' ? 'copied whole' : 'read whole, and sent where it differs from the last run';
  return `${what}. ${reason ?? ''}`.trim();
}
