// Before a byte is copied: the snapshots that block packs will be written into. AWS says here, while the source snapshot
// still stands, whether it takes a child of the baseline; if not, the disk is copied whole into a new chain.
import { faultError } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import { runTags } from '../run-tags.ts';
import type { CloudStep, CloudStepContext } from './step.ts';

type Started = StepResults['start-snapshots']['disks'][number];

export const startSnapshots: CloudStep<'start-snapshots'> = async (context) => {
  const found = context.results['find-changes'];
  if (!found) throw faultError('internal', { message: 'Nobody looked for changes.' });
  const disks: Started[] = [];
  for (const { id, mode, reason } of found.disks) {
    const parentSnapshotId = context.baselines.find((one) => one.diskId === id)?.snapshotId ?? null;
    if (context.run.transfer === 'ebs-direct') {
      const parent = mode === 'full' ? null : parentSnapshotId;
      disks.push({ id, mode, reason, via: 'ebs-direct', parentSnapshotId: parent, snapshotId: null });
    } else if (mode === 'full' || !parentSnapshotId) {
      disks.push({ id, mode: 'full', reason, via: 'vmdk', parentSnapshotId: null, snapshotId: null });
    } else {
      disks.push(await startChild(context, { id, mode, reason }, parentSnapshotId));
    }
  }
  return { disks };
};

async function startChild(
  context: CloudStepContext,
  disk: Pick<Started, 'id' | 'mode' | 'reason'>,
  parentSnapshotId: string,
): Promise<Started> {
  const child = await startPackSnapshot(context, disk.id, parentSnapshotId);
  if (child.outcome === 'started') return { ...disk, via: 'pack', parentSnapshotId, snapshotId: child.snapshotId };
  const reason = `AWS takes no child of the last run's snapshot ${parentSnapshotId}: ${child.awsWords}`;
  context.log('warning', reason);
  const whole = await startPackSnapshot(context, disk.id, null);
  if (whole.outcome !== 'started') throw faultError('ebs-snapshot-failed', { message: reason });
  return { id: disk.id, mode: 'full', reason, via: 'pack', parentSnapshotId: null, snapshotId: whole.snapshotId };
}

/** The snapshot that a disk's pack is written into: the same one for the same run, disk and parent, whoever asks again. */
export async function startPackSnapshot(
  context: CloudStepContext,
  diskId: string,
  parentSnapshotId: string | null,
  again = '',
) {
  const { run, results, target, signal } = context;
  const disk = results['take-snapshot']?.disks.find((one) => one.id === diskId);
  if (!disk) throw faultError('internal', { message: `The snapshot has no disk ${diskId}.` });
  const name = `${run.serverName} ${disk.label}`;
  const artifact = await context.declare({
    kind: 'ebs-snapshot',
    token: `${run.id}-${diskId}-${parentSnapshotId ?? 'whole'}${again}`,
    diskId,
    details: { parent: parentSnapshotId ?? '' },
  });
  const started = await target.ebs.startSnapshot(
    {
      capacityBytes: disk.capacityBytes,
      parentSnapshotId,
      description: `Landfall ${run.id} ${name}`.slice(0, 255),
      tags: { ...runTags(run, name), 'landfall:artifact': artifact.id },
      token: artifact.id,
    },
    signal,
  );
  if (started.outcome === 'parent-refused') await context.confirm(artifact, 'released', null);
  else if (artifact.state === 'declared') await context.confirm(artifact, 'created', started.snapshotId);
  return started.outcome === 'started'
    ? { outcome: 'started' as const, snapshotId: started.snapshotId, writer: started.writer, artifact }
    : started;
}
