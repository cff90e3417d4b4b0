// Releasing what a run that ended left at AWS. A thing that is gone, or was never made, is released.
import type { Artifact } from '../../model/artifact.ts';
import type { AwsTarget } from '../../target/aws/target.ts';

/** Releases one artifact; throws a FaultError when it must be tried again. */
export async function releaseAtAws(artifact: Artifact, target: AwsTarget, signal: AbortSignal): Promise<void> {
  const { kind, externalId, details } = artifact;
  switch (kind) {
    case 's3-upload':
      if (details.key && externalId) await target.staging.abortUpload(details.key, externalId, signal);
      else if (details.key) await target.staging.abortUploadsOf(details.key, signal);
      return;
    case 's3-object':
      if (details.key) await target.staging.delete(details.key, signal);
      return;
    case 'digest-set':
      await target.staging.deleteDigestsUnder(artifact.token, signal);
      return;
    case 'ebs-snapshot':
      if (externalId) await target.snapshots.delete(externalId, signal);
      // Started, and its id never became known: it carries the row's.
      else
        for (const id of await target.snapshots.find({ 'landfall:artifact': artifact.id }, signal))
          await target.snapshots.delete(id, signal);
      return;
    case 'image':
      if (externalId) await target.images.deregister(externalId, signal);
      else if (details.name) {
        const found = await target.images.findByName(details.name, signal);
        if (found) await target.images.deregister(found, signal);
      }
      return;
    case 'import-snapshot-task':
    case 'import-image-task':
      return releaseImport(artifact, target, signal);
    default:
      return;
  }
}

/** An import under way is cancelled; what a finished one made goes. */
async function releaseImport(artifact: Artifact, target: AwsTarget, signal: AbortSignal): Promise<void> {
  const side = artifact.kind === 'import-image-task' ? target.images : target.snapshots;
  const taskId = artifact.externalId ?? (await side.findImportByToken(artifact.token, signal));
  if (!taskId) return;
  const task = (await side.importTasks([taskId], signal)).get(taskId);
  if (!task || task.state === 'failed') return;
  if (task.state === 'active') return side.cancelImport(taskId, signal);
  if (task.imageId) await target.images.deregister(task.imageId, signal);
  for (const snapshotId of task.snapshotIds) await target.snapshots.delete(snapshotId, signal);
}
