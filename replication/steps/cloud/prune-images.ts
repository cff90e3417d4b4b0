// AMIs beyond the number to keep are deregistered, oldest first, then their snapshots go.
import { FaultError } from '../../model/fault.ts';
import type { CloudStep, CloudStepContext } from './step.ts';

export const pruneImages: CloudStep<'prune-images'> = async (context) => {
  const images: string[] = [];
  for (const { imageId, snapshotIds, target } of await context.imagesToPrune()) {
    await target.images.deregister(imageId, context.signal);
    for (const snapshotId of snapshotIds) await drop({ ...context, target }, snapshotId);
    await context.imagePruned(imageId);
    context.log('info', `Pruned ${imageId} and ${snapshotIds.length} snapshot${snapshotIds.length === 1 ? '' : 's'}.`);
    images.push(imageId);
  }
  return { images };
};

/** A snapshot that somebody made another AMI of is theirs from now on: no reason for a run to fail. */
async function drop({ log, signal, target }: CloudStepContext, snapshotId: string): Promise<void> {
  try {
    await target.snapshots.delete(snapshotId, signal);
  } catch (error) {
    if (!(error instanceof FaultError) || error.fault.code !== 'snapshot-in-use') throw error;
    log('warning', `It stays: ${error.fault.message}`);
  }
}
