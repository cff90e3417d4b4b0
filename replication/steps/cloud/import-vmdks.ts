// Staged VMDKs → EBS snapshots by ImportSnapshot: as many disks at once as the account may import, the rest after them. With
// a poller of our own: AWS's waiter never ends on a failed import.

import { pause } from '../../disks/pause.ts';
import type { Artifact } from '../../model/artifact.ts';
import { faultError } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import { runTags } from '../run-tags.ts';
import { noRoom, ROOM_HOURS, stillNoRoom } from '../wait-for-room.ts';
import type { DiskBoard } from './disk-board.ts';
import type { CloudStepContext } from './step.ts';

type CopiedDisk = StepResults['copy-disks']['disks'][number];
type Encryption = { encrypted: true; kmsKeyArn?: string | undefined } | null;

const HOUR_MS = 3_600_000;
/** An import of a large disk takes hours; beyond `importMs` something is wrong, and beyond `roomMs` without any room too. */
const DEADLINES = { importMs: 24 * HOUR_MS, roomMs: ROOM_HOURS.importSnapshot * HOUR_MS };

interface DiskImport {
  disk: CopiedDisk;
  label: string;
  artifact: Artifact;
  taskId: string;
  until: number;
}

/** The snapshot of each disk, by disk id. */
export async function importVmdks(
  context: CloudStepContext,
  disks: readonly CopiedDisk[],
  board: DiskBoard,
  encryptionOf: (diskId: string) => Encryption,
  deadlines = DEADLINES,
): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  const waiting = [...disks];
  let open: DiskImport[] = [];
  let movedAt = performance.now();
  let told = false;

  const startAll = async () => {
    for (let disk = waiting[0]; disk; disk = waiting[0]) {
      const started = await startImport(context, disk, board, encryptionOf(disk.id)).catch((error) => {
        const words = noRoom(error);
        if (words === null) throw error;
        return { words, error };
      });
      if ('words' in started) {
        if (open.length === 0 && performance.now() - movedAt > deadlines.roomMs) {
          throw stillNoRoom(deadlines.roomMs, started.error);
        }
        return started.words;
      }
      waiting.shift();
      open.push({ ...started, disk, until: performance.now() + deadlines.importMs });
      movedAt = performance.now();
    }
    return null;
  };

  for (;;) {
    const words = await startAll();
    const before = open.length;
    open = await pollAll(context, open, board, made);
    if (open.length < before) movedAt = performance.now();
    if (made.size === disks.length) return made;
    if (words) {
      const count = `${waiting.length} of ${disks.length} disks`;
      board.wait(
        waiting.map(({ id }) => id),
        `Waiting: AWS has no room for ${count} yet. ${words}`,
      );
      if (!told) context.log('warning', `AWS has no room for ${count} yet; they are imported as others end. ${words}`);
      told = true;
    }
    await pause(context.pollMs, context.signal);
  }
}

async function startImport(
  context: CloudStepContext,
  disk: CopiedDisk,
  board: DiskBoard,
  encryption: Encryption,
): Promise<{ label: string; artifact: Artifact; taskId: string }> {
  const { run, target, signal } = context;
  const label = board.labelOf(disk.id);
  const artifact = await context.declare({
    kind: 'import-snapshot-task',
    token: `${run.id}-${disk.id}-import-${run.attempt}`,
    diskId: disk.id,
    details: { bucket: disk.bucket, key: disk.key },
  });
  if (artifact.externalId) return { label, artifact, taskId: artifact.externalId };
  const taskId = await target.snapshots.startImport(
    {
      bucket: disk.bucket,
      key: disk.key,
      description: `Landfall ${run.id} ${run.serverName} ${label}`,
      token: artifact.token,
      madeOf: disk.rootDigest,
      encryption,
      tags: runTags(run, `${run.serverName} ${label}`),
    },
    signal,
  );
  await context.confirm(artifact, 'created', taskId);
  context.log('info', `${label}: AWS imports the disk (${taskId}).`);
  return { label, artifact, taskId };
}

/** Asks about all of them at once; answers those that are still under way. */
async function pollAll(
  context: CloudStepContext,
  open: readonly DiskImport[],
  board: DiskBoard,
  made: Map<string, string>,
): Promise<DiskImport[]> {
  if (open.length === 0) return [];
  const { run, target, signal } = context;
  const tasks = await target.snapshots.importTasks(
    open.map(({ taskId }) => taskId),
    signal,
  );
  const left: DiskImport[] = [];
  for (const one of open) {
    const { disk, label, artifact, taskId } = one;
    const task = tasks.get(taskId);
    if (!task) throw faultError('import-snapshot-failed', { cause: `AWS no longer knows the import task ${taskId}.` });
    if (task.state === 'failed') {
      await context.confirm(artifact, 'released', taskId);
      throw faultError('import-snapshot-failed', {
        message: `AWS could not turn ${label} into a snapshot.`,
        cause: task.message,
      });
    }
    board.show(disk.id, task.percent ?? 0, task.message);
    const snapshotId = task.snapshotIds[0];
    if (task.state !== 'completed' || !snapshotId) {
      if (performance.now() > one.until) {
        throw faultError('import-snapshot-failed', { message: 'AWS did not finish the import within a day.' });
      }
      left.push(one);
      continue;
    }
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
  return left;
}
