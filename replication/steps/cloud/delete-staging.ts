// The staged objects go as soon as their snapshots are complete and verified; with them what an earlier try left at AWS,
// and the digests that only the old baseline needed.
import { keysOnlyIn, openDigestSet } from '../../disks/digests/digest-set.ts';
import { DigestDoubt } from '../../disks/digests/store.ts';
import { FaultError } from '../../model/fault.ts';
import { releaseSnapshots } from './release.ts';
import type { CloudStep, CloudStepContext } from './step.ts';

export const deleteStaging: CloudStep<'delete-staging'> = async (context) => {
  const { artifacts, results, signal, target } = context;
  const used = new Set(results['make-snapshots']?.disks.map(({ snapshotId }) => snapshotId));
  let deleted = 0;
  for (const artifact of artifacts) {
    if (artifact.state === 'released') continue;
    if (artifact.kind === 's3-object') {
      const key = artifact.details.key;
      if (key) await target.staging.delete(key, signal);
      deleted += 1;
    } else if (artifact.kind === 'ebs-snapshot' && artifact.externalId && !used.has(artifact.externalId)) {
      await dropSnapshot(context, artifact.externalId);
    } else continue;
    await context.confirm(artifact, 'released', artifact.externalId);
  }
  await dropOldDigests(context);
  return { deleted };
};

/** A snapshot that an earlier try left. One that turns out to be a part of a result stays, and the run's log says so. */
async function dropSnapshot({ log, run, signal, target }: CloudStepContext, snapshotId: string): Promise<void> {
  try {
    await releaseSnapshots([snapshotId], run.id, target, signal);
  } catch (error) {
    if (!(error instanceof FaultError) || !['result-kept', 'snapshot-in-use'].includes(error.fault.code)) throw error;
    log('warning', error.fault.message);
  }
}

/** Chunks that later runs share stay. A set that cannot be read any more goes with its whole prefix, by the ledger. */
async function dropOldDigests({ baselines, results, signal, target }: CloudStepContext): Promise<void> {
  const store = target.staging.digests;
  for (const { id, baseline } of results['find-changes']?.disks ?? []) {
    const now = baselines.find((one) => one.diskId === id);
    if (!baseline || !now || baseline.manifestKey === now.manifestKey) continue;
    try {
      const old = await openDigestSet({ store, ...baseline, signal });
      const current = await openDigestSet({ store, manifestKey: now.manifestKey, root: now.digestRoot, signal });
      await target.staging.deleteDigests(keysOnlyIn(old, current), signal);
    } catch (error) {
      if (!(error instanceof DigestDoubt)) throw error;
    }
  }
}
