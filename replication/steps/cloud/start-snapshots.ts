// Before a byte is copied: the snapshots that block packs will be written into. AWS says here, while the source snapshot
// still stands, whether it takes a child of the baseline; if not, the disk is copied whole into a new chain.
import { faultError } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import { planEncryption } from '../../target/aws/ebs-direct/encryption.ts';
import { runTags } from '../run-tags.ts';
import { type CloudStep, type CloudStepContext, withRoom } from './step.ts';

type Started = StepResults['start-snapshots']['disks'][number];

export const startSnapshots: CloudStep<'start-snapshots'> = async (context) => {
  const found = context.results['find-changes'];
  if (!found) throw faultError('internal', { message: 'Nobody looked for changes.' });
  const chains = await encryptionOf(context);
  const disks: Started[] = [];
  for (const { id, mode, reason } of found.disks) {
    const baseline = mode === 'full' ? undefined : context.baselines.find((one) => one.diskId === id);
    const newChain = baseline ? (chains.misfits.get(baseline.snapshotId) ?? null) : null;
    const parentSnapshotId = newChain ? null : (baseline?.snapshotId ?? null);
    const disk = { id, mode: parentSnapshotId ? mode : ('full' as const), reason: newChain ?? reason };
    const { encryption } = chains;
    if (newChain) context.log('warning', `${newChain} The disk is copied whole.`);
    if (context.run.transfer === 'ebs-direct') {
      disks.push({ ...disk, via: 'ebs-direct', parentSnapshotId, snapshotId: null, encryption });
    } else if (!parentSnapshotId) {
      disks.push({ ...disk, via: 'vmdk', parentSnapshotId: null, snapshotId: null, encryption });
    } else {
      disks.push(await startChild(context, disk, parentSnapshotId, encryption));
    }
  }
  return { disks };
};

type Encryption = Started['encryption'];

/** How new chains are encrypted, and which baselines no longer go with what is wanted, or with the account. */
async function encryptionOf(
  context: CloudStepContext,
): Promise<{ encryption: Encryption; misfits: Map<string, string> }> {
  const { baselines, run, signal, target } = context;
  const account = await target.ebs.accountEncryption(signal);
  const parents = await target.ebs.describe(
    baselines.map(({ snapshotId }) => snapshotId),
    signal,
  );
  const misfits = new Map<string, string>();
  for (const [id, parent] of parents) {
    const { newChain } = planEncryption(run.encryption, account, parent);
    if (newChain) misfits.set(id, newChain);
  }
  return { encryption: planEncryption(run.encryption, account, null).encryption ?? null, misfits };
}

async function startChild(
  context: CloudStepContext,
  disk: Pick<Started, 'id' | 'mode' | 'reason'>,
  parentSnapshotId: string,
  encryption: Encryption,
): Promise<Started> {
  const child = await startPackSnapshot(context, disk.id, parentSnapshotId, null);
  if (child.outcome === 'started') {
    return { ...disk, via: 'pack', parentSnapshotId, snapshotId: child.snapshotId, encryption: null };
  }
  const reason = `AWS takes no child of the last run's snapshot ${parentSnapshotId}: ${child.awsWords}`;
  context.log('warning', reason);
  const whole = await startPackSnapshot(context, disk.id, null, encryption);
  if (whole.outcome !== 'started') throw faultError('ebs-snapshot-failed', { message: reason });
  return {
    id: disk.id,
    mode: 'full',
    reason,
    via: 'pack',
    parentSnapshotId: null,
    snapshotId: whole.snapshotId,
    encryption,
  };
}

/** The snapshot that a disk's pack is written into: the same one for the same run, disk and parent, whoever asks again. */
export async function startPackSnapshot(
  context: CloudStepContext,
  diskId: string,
  parentSnapshotId: string | null,
  encryption: Encryption,
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
  const input = {
    capacityBytes: disk.capacityBytes,
    parentSnapshotId,
    ...(encryption && !parentSnapshotId && { encryption }),
    description: `Landfall ${run.id} ${name}`,
    tags: { ...runTags(run, name), 'landfall:artifact': artifact.id },
    token: artifact.id,
  };
  const started = await withRoom(context, 'startSnapshot', 'another snapshot', () =>
    target.ebs.startSnapshot(input, signal),
  );
  if (started.outcome === 'parent-refused') await context.confirm(artifact, 'released', null);
  else if (artifact.state === 'declared') await context.confirm(artifact, 'created', started.snapshotId);
  return started.outcome === 'started'
    ? { outcome: 'started' as const, snapshotId: started.snapshotId, writer: started.writer, artifact }
    : started;
}
