// AMIs beyond the number to keep are deregistered, oldest first, then their snapshots go.
import type { CloudStep } from './step.ts';

export const pruneImages: CloudStep<'prune-images'> = async (context) => {
  const images: string[] = [];
  for (const { imageId, snapshotIds } of await context.imagesToPrune()) {
    await context.target.images.deregister(imageId, context.signal);
    for (const snapshotId of snapshotIds) await context.target.snapshots.delete(snapshotId, context.signal);
    await context.imagePruned(imageId);
    context.log('info', `Pruned ${imageId} and ${snapshotIds.length} snapshot${snapshotIds.length === 1 ? '' : 's'}.`);
    images.push(imageId);
  }
  return { images };
};
