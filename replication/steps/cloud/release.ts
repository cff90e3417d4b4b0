// Releasing what a run that ended left at AWS. A thing that is gone, or was never made, is released; a result, or what may be
// one, stays: only what AWS's own tags show to be this run's and unfinished is taken away (../result-mark.ts).
import type { Artifact } from '../../model/artifact.ts';
import { faultError } from '../../model/fault.ts';
import type { AwsTarget } from '../../target/aws/target.ts';
import { type Standing, standingOfImage, standingOfSnapshot } from '../result-mark.ts';
import { copyTags } from '../run-tags.ts';

/**
 * Releases one artifact of the run. Throws a FaultError when it must be tried again, `result-kept` when a person has to
 * look at what is there.
 */
export async function releaseAtAws(
  artifact: Artifact,
  runId: string | null,
  target: AwsTarget,
  signal: AbortSignal,
): Promise<void> {
  const { kind, externalId, details } = artifact;
  switch (kind) {
    case 's3-upload':
      // All of the key, which is this hold's alone: of an upload whose id never became known there may be two.
      if (details.key) await target.staging.abortUploadsOf(details.key, signal);
      return;
    case 's3-object':
      if (details.key) await target.staging.delete(details.key, signal);
      return;
    case 'digest-set':
      await target.staging.deleteDigestsUnder(artifact.token, signal);
      return;
    case 'ebs-snapshot': {
      // Started, and its id never became known: it carries the row's.
      const ids = externalId ? [externalId] : await target.snapshots.find({ 'landfall:artifact': artifact.id }, signal);
      return releaseSnapshots(ids, runId, target, signal);
    }
    case 'image': {
      const imageId = externalId ?? (details.name ? await target.images.findByName(details.name, signal) : null);
      if (imageId) await releaseImage(imageId, runId, !('importTask' in details), target, signal);
      return;
    }
    case 'image-copy':
      return releaseCopy(artifact, target, signal);
    case 'import-snapshot-task':
    case 'import-image-task':
      return releaseImport(artifact, runId, target, signal);
    default:
      // To let it go would leave it there for good, without a record.
      throw faultError('aws-fault', {
        message: `This version cannot release what the ledger calls "${kind}": a newer Landfall made it.`,
        remedy: 'Update all workers to the newest version that is in use.',
        retry: 'later',
      });
  }
}

async function releaseImage(
  imageId: string,
  runId: string | null,
  tagged: boolean,
  target: AwsTarget,
  signal: AbortSignal,
): Promise<void> {
  const image = (await target.images.describe([imageId], signal)).get(imageId);
  if (image) {
    keepUnlessUnfinished('AMI', imageId, standingOfImage(image.tags, runId, tagged));
    await markOurs([[imageId, image]], target, signal);
  }
  await target.images.deregister(imageId, signal);
}

/** A copy of an AMI and its snapshots, which carry the row's token; nothing else does. */
async function releaseCopy(
  { token, externalId, details }: Artifact,
  target: AwsTarget,
  signal: AbortSignal,
): Promise<void> {
  const there = target.inRegion(details.region ?? '');
  const tags = copyTags(token);
  const found = await there.copies.find(tags, signal);
  const images = await there.images.describe([...found, ...(externalId ? [externalId] : [])], signal);
  for (const imageId of images.keys()) await there.images.deregister(imageId, signal);
  for (const snapshotId of await there.snapshots.find(tags, signal)) await there.snapshots.delete(snapshotId, signal);
  const pending = [...images.values()].find(({ state }) => state === 'pending');
  if (!pending) return;
  const message = `AWS was still copying ${pending.imageId}; its copy was ended.`;
  throw faultError('aws-fault', { message, remedy: 'Nothing to do: it is looked at again.', retry: 'later' });
}

/** All of them or none: a finished one is a part of a result. */
export async function releaseSnapshots(
  snapshotIds: readonly string[],
  runId: string | null,
  target: AwsTarget,
  signal: AbortSignal,
): Promise<void> {
  const known = await target.ebs.describe([...snapshotIds], signal);
  for (const [id, { tags }] of known) keepUnlessUnfinished('EBS snapshot', id, standingOfSnapshot(tags, runId));
  await markOurs(known, target, signal);
  for (const id of snapshotIds) await target.snapshots.delete(id, signal);
}

/**
 * VM Import tags nothing that it makes, and the policy lets us remove only what carries our tag: a hold that was killed before it
 * tagged would else leave what nobody may take away.
 */
async function markOurs(
  things: Iterable<[id: string, { tags: Record<string, string> }]>,
  target: AwsTarget,
  signal: AbortSignal,
): Promise<void> {
  const bare = [...things].flatMap(([id, { tags }]) => (OURS in tags ? [] : [id]));
  if (bare.length > 0) await target.snapshots.tag(bare, { [OURS]: 'landfall' }, signal);
}

const OURS = 'migration:managed-by';

/** An import under way is cancelled; what a finished one made goes, unless a run has taken it over. */
async function releaseImport(
  artifact: Artifact,
  runId: string | null,
  target: AwsTarget,
  signal: AbortSignal,
): Promise<void> {
  const side = artifact.kind === 'import-image-task' ? target.images : target.snapshots;
  const taskId = artifact.externalId ?? (await side.findImportByToken(artifact.token, signal));
  if (!taskId) return;
  const look = async () => (await side.importTasks([taskId], signal)).get(taskId);
  let task = await look();
  if (task?.state === 'active') {
    await side.cancelImport(taskId, signal);
    // It may have come to its end just before: then AWS cancels nothing.
    task = await look();
  }
  if (!task || task.state === 'failed') return;
  if (task.state === 'active') {
    const message = `The import ${taskId} is being cancelled.`;
    throw faultError('aws-fault', { message, remedy: 'Nothing to do: it is looked at again.', retry: 'later' });
  }
  if (task.imageId) await releaseImage(task.imageId, runId, false, target, signal);
  await releaseSnapshots(task.snapshotIds, runId, target, signal);
}

function keepUnlessUnfinished(what: string, id: string, standing: Standing): void {
  if (standing === 'unfinished') return;
  const why =
    standing === 'finished'
      ? 'it is the finished result of a run, though this console has no record of that'
      : 'its tags do not name the run that is said to have made it';
  throw faultError('result-kept', { message: `The ${what} ${id} was not deleted: ${why}.` });
}
