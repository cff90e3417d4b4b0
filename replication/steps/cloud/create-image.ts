// Replica snapshots → AMI: RegisterImage maps exactly these snapshots; VM Import makes altered ones of its own.

import { pause } from '../../disks/pause.ts';
import type { Artifact } from '../../model/artifact.ts';
import { FaultError, faultError } from '../../model/fault.ts';
import { effectiveImageMethod, effectiveLicense } from '../../model/job.ts';
import { imageName } from '../../target/aws/ec2-names.ts';
import { importFault } from '../../target/aws/import-tasks.ts';
import type { ImageDisk } from '../../target/aws/target.ts';
import { FINISHED, standingOfImage, UNFINISHED } from '../result-mark.ts';
import { runTags } from '../run-tags.ts';
import { type CloudStep, type CloudStepContext, shortNote, withRoom } from './step.ts';

const DEADLINE_MS = 12 * 3_600_000;

export const createImage: CloudStep<'create-image'> = async (context) => {
  const { run } = context;
  if (effectiveImageMethod(run.imageMethod, run.guestFamily) === 'register-image') {
    return { imageId: await register(context), method: 'register-image', note: null };
  }
  try {
    return { imageId: await importImage(context), method: 'import-image', note: null };
  } catch (error) {
    const refused = error instanceof FaultError && error.fault.code === 'import-image-failed';
    if (!refused || run.guestFamily !== 'linux') throw error;
    // A Linux kernel that VM Import does not know often boots on EC2 all the same.
    const note = `VM Import refused this guest (${error.fault.cause ?? error.fault.message}), so the AMI was registered from the replica snapshots as they are.`;
    context.log('warning', note);
    return { imageId: await register(context), method: 'register-image', note };
  }
};

/**
 * Marks the AMI and its snapshots as a result, once the console has recorded them: from now on no release takes them for
 * something that was left over, whatever a ledger says.
 */
export async function markFinished(context: CloudStepContext, imageId: string): Promise<void> {
  const { results, target, signal } = context;
  const image = (await target.images.describe([imageId], signal)).get(imageId);
  const replicas = results['make-snapshots']?.disks.map(({ snapshotId }) => snapshotId) ?? [];
  const ids = new Set([imageId, ...replicas, ...(image?.snapshotIds ?? [])]);
  await target.snapshots.tag([...ids], FINISHED, signal);
}

function disksOf(context: CloudStepContext): ImageDisk[] {
  const made = context.results['make-snapshots'];
  const snapshot = context.results['take-snapshot'];
  if (!made || !snapshot) throw faultError('internal', { message: 'There are no snapshots to make an AMI of.' });
  return made.disks
    .map((disk) => ({
      snapshotId: disk.snapshotId,
      order: snapshot.disks.find((one) => one.id === disk.id)?.order ?? 0,
    }))
    .sort((a, b) => a.order - b.order);
}

function firmwareOf(context: CloudStepContext): 'bios' | 'uefi' {
  return context.results['check-server']?.server.firmware ?? 'bios';
}

function description(context: CloudStepContext): string {
  const takenAt = context.results['take-snapshot']?.takenAt ?? '';
  return `${[...context.run.serverName].slice(0, 150).join('')} as of ${takenAt}, by Landfall ${context.run.id}`;
}

async function register(context: CloudStepContext): Promise<string> {
  const { run, target, signal } = context;
  const name = imageName(run.serverName, run.id);
  const artifact = await context.declare({ kind: 'image', token: `${run.id}-image`, diskId: null, details: { name } });
  if (artifact.externalId) return artifact.externalId;
  const imageId = await target.images.register(
    {
      name,
      description: description(context),
      firmware: firmwareOf(context),
      disks: disksOf(context),
      tags: { ...runTags(run, run.serverName), ...UNFINISHED },
    },
    signal,
  );
  await context.confirm(artifact, 'created', imageId);
  context.log('info', `Registered ${imageId}.`);
  return imageId;
}

async function importImage(context: CloudStepContext): Promise<string> {
  const { run, target, signal } = context;
  const license = effectiveLicense(run.license, run.guestFamily);
  const task: Artifact = await context.declare({
    kind: 'import-image-task',
    token: `${run.id}-import-image-${run.attempt}`,
    diskId: null,
    details: {},
  });
  let taskId = task.externalId;
  if (!taskId) {
    const input = {
      description: description(context),
      firmware: firmwareOf(context),
      platform: run.guestFamily === 'linux' ? ('Linux' as const) : ('Windows' as const),
      license,
      disks: disksOf(context),
      token: task.token,
      tags: runTags(run, run.serverName),
    };
    taskId = await withRoom(context, 'importImage', 'another import', () => target.images.startImport(input, signal));
    await context.confirm(task, 'created', taskId);
    context.log('info', `VM Import prepares the AMI (${taskId}, licence ${license.toUpperCase()}).`);
  }
  const until = Date.now() + DEADLINE_MS;
  for (;;) {
    const state = (await target.images.importTasks([taskId], signal)).get(taskId);
    if (!state) throw faultError('import-image-failed', { cause: `AWS no longer knows the import task ${taskId}.` });
    if (state.state === 'failed') {
      await context.confirm(task, 'released', taskId);
      throw importFault('image', state);
    }
    if (state.state === 'completed' && state.imageId) {
      await keepImported(context, task, state.imageId, state.snapshotIds);
      return state.imageId;
    }
    context.progress({ fraction: (state.percent ?? 0) / 100, note: shortNote(state.message), disks: [] });
    if (Date.now() > until)
      throw faultError('import-image-failed', { message: 'VM Import did not finish within 12 hours.' });
    await pause(context.pollMs, signal);
  }
}

/** What VM Import made is ours from now on: the AMI and its own snapshots, tagged. */
async function keepImported(
  context: CloudStepContext,
  task: Artifact,
  imageId: string,
  snapshotIds: string[],
): Promise<void> {
  const { run, target, signal } = context;
  const image = await context.declare({
    kind: 'image',
    token: `${run.id}-image`,
    diskId: null,
    details: { importTask: task.externalId ?? '' },
  });
  await context.confirm(image, 'created', imageId);
  for (const snapshotId of snapshotIds) {
    const made = await context.declare({
      kind: 'ebs-snapshot',
      token: `${run.id}-imported-${snapshotId}`,
      diskId: null,
      details: { image: imageId },
    });
    await context.confirm(made, 'created', snapshotId);
  }
  // One that was recorded already, as a restored database does not know, keeps its mark.
  const known = (await target.images.describe([imageId], signal)).get(imageId);
  const finished = known && standingOfImage(known.tags, run.id, false) === 'finished';
  const tags = { ...runTags(run, run.serverName), ...(!finished && UNFINISHED) };
  await target.snapshots.tag([imageId], tags, signal);
  await target.snapshots.tag(snapshotIds, runTags(run, run.serverName), signal);
  await context.confirm(task, 'released', task.externalId);
  context.log('info', `VM Import made ${imageId}.`);
}
