// Staged VMDKs → EBS snapshots by ImportSnapshot, all disks at once, with a poller of our own: AWS's waiter never ends on a failed import.
import { faultError } from '../../model/fault.ts';
import type { DiskProgress } from '../../model/step-results.ts';
import { type CloudStep, pause, runTags } from './step.ts';

/** An import of a large disk takes hours; beyond this something is wrong. */
const DEADLINE_MS = 24 * 3_600_000;

export const makeSnapshots: CloudStep<'make-snapshots'> = async (context) => {
  const { run, results, target, signal } = context;
  const copied = results['copy-disks'];
  const snapshot = results['take-snapshot'];
  if (!copied || !snapshot)
    throw faultError('internal', { message: 'There are no staged disks to make snapshots of.' });
  const imports = [];
  for (const disk of copied.disks) {
    const label = snapshot.disks.find((one) => one.id === disk.id)?.label ?? disk.id;
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
          tags: runTags(run, `${run.serverName} ${label}`),
        },
        signal,
      );
      await context.confirm(artifact, 'created', taskId);
      context.log('info', `${label}: AWS imports the disk (${taskId}).`);
    }
    imports.push({ disk, label, artifact, taskId, snapshotId: null as string | null, percent: 0, message: '' });
  }

  const until = Date.now() + DEADLINE_MS;
  while (imports.some((one) => !one.snapshotId)) {
    const open = imports.filter((one) => !one.snapshotId);
    const tasks = await target.snapshots.importTasks(
      open.map((one) => one.taskId),
      signal,
    );
    for (const one of open) {
      const task = tasks.get(one.taskId);
      if (!task)
        throw faultError('import-snapshot-failed', { cause: `AWS no longer knows the import task ${one.taskId}.` });
      if (task.state === 'failed') {
        await context.confirm(one.artifact, 'released', one.taskId);
        throw faultError('import-snapshot-failed', {
          message: `AWS could not turn ${one.label} into a snapshot.`,
          cause: task.message,
        });
      }
      one.percent = Math.max(one.percent, task.percent ?? 0);
      one.message = task.message;
      const snapshotId = task.snapshotIds[0];
      if (task.state !== 'completed' || !snapshotId) continue;
      const made = await context.declare({
        kind: 'ebs-snapshot',
        token: `${run.id}-${one.disk.id}-snapshot-${run.attempt}`,
        diskId: one.disk.id,
        details: { importTask: one.taskId },
      });
      await context.confirm(made, 'created', snapshotId);
      await context.confirm(one.artifact, 'released', one.taskId);
      await target.snapshots.tag([snapshotId], runTags(run, `${run.serverName} ${one.label}`), signal);
      context.log('info', `${one.label}: snapshot ${snapshotId}.`);
      one.snapshotId = snapshotId;
      one.percent = 100;
    }
    context.progress({
      fraction: imports.reduce((sum, one) => sum + one.percent, 0) / (100 * imports.length),
      note: open[0]?.message || null,
      disks: imports.map(
        (one): DiskProgress => ({
          id: one.disk.id,
          label: one.label,
          capacityBytes: one.disk.capacityBytes,
          doneBytes: Math.round((one.disk.capacityBytes * one.percent) / 100),
          bytesRead: one.disk.bytesRead,
          bytesSent: one.disk.bytesSent,
          rate: 0,
          secondsLeft: null,
          state: one.snapshotId ? 'done' : 'running',
        }),
      ),
    });
    if (imports.every((one) => one.snapshotId)) break;
    if (Date.now() > until)
      throw faultError('import-snapshot-failed', { message: 'AWS did not finish the import within a day.' });
    await pause(context.pollMs, signal);
  }
  return { disks: imports.map((one) => ({ id: one.disk.id, snapshotId: one.snapshotId as string })) };
};
