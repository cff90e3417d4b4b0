// Staged VMDKs → EBS snapshots by ImportSnapshot, all disks at once, with a poller of our own: AWS's waiter never ends on a
// failed import.
import { faultError } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import { runTags } from '../run-tags.ts';
import type { DiskBoard } from './disk-board.ts';
import { type CloudStepContext, pause } from './step.ts';

type CopiedDisk = StepResults['copy-disks']['disks'][number];

/** An import of a large disk takes hours; beyond this something is wrong. */
const DEADLINE_MS = 24 * 3_600_000;

/** The snapshot of each disk, by disk id. */
export async function importVmdks(
  context: CloudStepContext,
  disks: readonly CopiedDisk[],
  board: DiskBoard,
  encryptionOf: (diskId: string) => { encrypted: true; kmsKeyArn?: string | undefined } | null,
): Promise<Map<string, string>> {
  const { run, target, signal } = context;
  const imports = [];
  for (const disk of disks) {
    const label = board.labelOf(disk.id);
    const artifact = await context.declare({
      kind: 'import-snapshot-task',
      token: `${run.id}-${disk.id}-import-${run.attempt}`,
      diskId: disk.id,
      details: { bucket: disk.bucket, key: disk.key },
    });
    let taskId = artifact.externalId;
    if (!taskId) {
      taskId = await target.snapshots.startImport(
        {
          bucket: disk.bucket,
          key: disk.key,
          description: `Landfall ${run.id} ${run.serverName} ${label}`,
          token: artifact.token,
          encryption: encryptionOf(disk.id),
          tags: runTags(run, `${run.serverName} ${label}`),
        },
        signal,
      );
      await context.confirm(artifact, 'created', taskId);
      context.log('info', `${label}: AWS imports the disk (${taskId}).`);
    }
    imports.push({ disk, label, artifact, taskId });
  }

  const made = new Map<string, string>();
  const until = Date.now() + DEADLINE_MS;
  for (;;) {
    const open = imports.filter(({ disk }) => !made.has(disk.id));
    if (open.length === 0) return made;
    const taskIds = open.map((one) => one.taskId);
    const tasks = await target.snapshots.importTasks(taskIds, signal);
    for (const { disk, label, artifact, taskId } of open) {
      const task = tasks.get(taskId);
      if (!task)
        throw faultError('import-snapshot-failed', { cause: `AWS no longer knows the import task ${taskId}.` });
      if (task.state === 'failed') {
        await context.confirm(artifact, 'released', taskId);
        throw faultError('import-snapshot-failed', {
          message: `AWS could not turn ${label} into a snapshot.`,
          cause: task.message,
        });
      }
      board.show(disk.id, task.percent ?? 0, task.message);
      const snapshotId = task.snapshotIds[0];
      if (task.state !== 'completed' || !snapshotId) continue;
      const row = await context.declare({
        kind: 'ebs-snapshot',
        token: `${run.id}-${disk.id}-snapshot-${run.attempt}`,
        diskId: disk.id,
        details: { importTask: taskId },
      });
      await context.confirm(row, 'created', snapshotId);
      await context.confirm(artifact, 'released', taskId);
      await target.snapshots.tag([snapshotId], runTags(run, `${run.serverName} ${label}`), signal);
      context.log('info', `${label}: snapshot ${snapshotId}.`);
      board.done(disk.id);
      made.set(disk.id, snapshotId);
    }
    if (made.size === imports.length) return made;
    if (Date.now() > until)
      throw faultError('import-snapshot-failed', { message: 'AWS did not finish the import within a day.' });
    await pause(context.pollMs, signal);
  }
}
