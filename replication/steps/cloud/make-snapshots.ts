// What the connector copied becomes completed EBS snapshots: VMDKs by import, block packs block by block into the snapshots
// that wait for them; what the connector wrote itself is waited for.
import { readBlockPack } from '../../disks/formats/pack/read-pack.ts';
import { pump } from '../../disks/pump.ts';
import { FaultError, faultError } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import { DiskBoard } from './disk-board.ts';
import { importVmdks } from './import-vmdks.ts';
import { startPackSnapshot } from './start-snapshots.ts';
import type { CloudStep, CloudStepContext } from './step.ts';

type CopiedDisk = StepResults['copy-disks']['disks'][number];

/** Blocks under way to EBS at once. */
const CONCURRENCY = 64;

export const makeSnapshots: CloudStep<'make-snapshots'> = async (context) => {
  const copied = context.results['copy-disks'];
  if (!copied) throw faultError('internal', { message: 'There are no copied disks to make snapshots of.' });
  const board = new DiskBoard(context, copied.disks);
  const by = (via: CopiedDisk['via']) => copied.disks.filter((disk) => disk.via === via);
  const made = await importVmdks(context, by('vmdk'), board, (diskId) => encryptionOf(context, diskId));
  for (const disk of by('pack')) {
    made.set(disk.id, await writePack(context, disk, board));
    board.done(disk.id);
  }
  for (const disk of by('ebs-direct')) {
    if (!disk.snapshotId) throw faultError('internal', { message: 'The connector names no snapshot.' });
    await context.target.ebs.waitCompleted(disk.snapshotId, context.signal);
    made.set(disk.id, disk.snapshotId);
    board.done(disk.id);
  }
  return { disks: copied.disks.map(({ id }) => ({ id, snapshotId: made.get(id) as string })) };
};

/** Reads a pack back from S3 and writes its blocks; every block is checked on the way. */
async function writePack(context: CloudStepContext, disk: CopiedDisk, board: DiskBoard): Promise<string> {
  const { run, target, signal } = context;
  // A try that failed leaves a snapshot in an unknown state: the next one begins another.
  const again = run.attempt > 1 ? `-again-${run.attempt}` : '';
  const started = await startPackSnapshot(
    context,
    disk.id,
    disk.parentSnapshotId,
    encryptionOf(context, disk.id),
    again,
  );
  if (started.outcome !== 'started') {
    const message = `AWS takes no child of ${disk.parentSnapshotId}, though it did when the run began.`;
    throw faultError('ebs-snapshot-failed', { message, cause: started.awsWords });
  }
  const { artifact, snapshotId, writer } = started;
  if (artifact.details.sealing) {
    await writer.abort();
    await completeSealed(context, snapshotId, artifact.details);
    return snapshotId;
  }
  const reader = await readBlockPack(target.staging.read(disk.key, signal), {
    capacityBytes: disk.capacityBytes,
    label: `${run.id} ${disk.id}`,
    signal,
  });
  await pump(reader, writer, {
    signal,
    concurrency: CONCURRENCY,
    onProgress: ({ blocksDone }) => board.show(disk.id, (99 * blocksDone) / Math.max(1, disk.blocks)),
    beforeSeal: () => {
      const { changedBlocks, linearChecksum } = writer.completion;
      const details = {
        sealing: 'yes',
        blocks: `${changedBlocks}`,
        ...(linearChecksum && { checksum: linearChecksum }),
      };
      return context.confirm(artifact, 'created', snapshotId, details);
    },
  });
  await target.ebs.waitCompleted(snapshotId, signal);
  context.log('info', `${board.labelOf(disk.id)}: ${disk.blocks} blocks written into snapshot ${snapshotId}.`);
  return snapshotId;
}

/** How long AWS may take over a snapshot that was written by a worker which died. */
const SEALED_DEADLINE_MS = 15 * 60_000;

/**
 * Every block was put by a worker that died before it could say that the snapshot is complete; whether AWS was ever asked
 * to complete it, nobody knows, so AWS is asked again. What comes to nothing is begun anew by the step's next try.
 */
async function completeSealed(
  { log, signal, target }: CloudStepContext,
  snapshotId: string,
  { blocks, checksum }: Record<string, string>,
): Promise<void> {
  const begun = { remedy: 'Nothing to do: another snapshot is begun.', retry: 'now' as const };
  try {
    const state = (await target.ebs.describe([snapshotId], signal)).get(snapshotId)?.state;
    log('info', `Another worker wrote the snapshot ${snapshotId}; at AWS it is ${state ?? 'not known'}.`);
    if (state === 'completed') return;
    if (state === 'pending' && blocks !== undefined) {
      const completion = { changedBlocks: Number(blocks), linearChecksum: checksum ?? null };
      await target.ebs.complete(snapshotId, completion, signal).catch((error) => {
        // AWS completes it already, or will never: the wait below tells.
        if (!(error instanceof FaultError) || error.fault.code !== 'ebs-snapshot-failed') throw error;
        log('warning', `AWS did not take that it is complete: ${error.fault.cause ?? error.fault.message}`);
      });
    }
    await target.ebs.waitCompleted(snapshotId, signal, { deadlineMs: SEALED_DEADLINE_MS });
  } catch (error) {
    if (!(error instanceof FaultError) || error.fault.code !== 'ebs-snapshot-failed') throw error;
    throw faultError('ebs-snapshot-failed', { ...error.fault, ...begun }, error);
  }
}

function encryptionOf(context: CloudStepContext, diskId: string) {
  return context.results['start-snapshots']?.disks.find((one) => one.id === diskId)?.encryption ?? null;
}
