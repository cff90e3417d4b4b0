// Every disk of the snapshot, as start-snapshots decided: whole or what changed, staged in S3 or straight into a snapshot.
import { DigestDoubt } from '../../disks/digests/store.ts';
import { outlast, withoutPatience } from '../../disks/outlast.ts';
import { FaultError, faultError, toFault } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import type { SourceExport } from '../../sources/source.ts';
import { copyDisk, type DiskPlan } from './copy-disk.ts';
import { CopyProgressBoard } from './copy-progress.ts';
import { CopyRestarts } from './copy-restarts.ts';
import { releaseExportOf } from './release.ts';
import type { ConnectorStep, ConnectorStepContext } from './step.ts';

type CopiedDisk = StepResults['copy-disks']['disks'][number];

export const copyDisks: ConnectorStep<'copy-disks'> = async (context) => {
  await releaseEarlierFences(context);
  const first = await copyOutlasting(context, context.transport, `${context.fence}`);
  if (!('cut' in first)) return first;
  // No lease protects what is read by range: then the stream, which vCenter guards, in the same run.
  context.log('warning', `${first.cut} The disks are read by export instead.`);
  const second = await copyOutlasting(context, 'nfc', `${context.fence}-again`);
  if ('cut' in second) throw faultError('export-cut', { message: second.cut });
  return { ...second, transportWhy: `${first.cut} ${second.transportWhy}` };
};

/** What is kept when an outage ends an export and the copy begins another. */
interface Kept {
  copied: Map<string, CopiedDisk>;
  /** An export that could not be ended: vCenter was away. */
  openExport: string | null;
  restarts: CopyRestarts;
}

/** Copies all disks, over outages of vCenter, of a host and of AWS: a disk that was copied is not copied again. */
async function copyOutlasting(
  context: ConnectorStepContext,
  transport: ConnectorStepContext['transport'],
  hold: string,
): Promise<StepResults['copy-disks'] | { cut: string }> {
  const kept: Kept = { copied: new Map(), openExport: null, restarts: new CopyRestarts() };
  let begun = 0;
  return outlast(
    () => {
      begun += 1;
      return copyBy(context, transport, begun === 1 ? hold : `${hold}-${begun}`, kept);
    },
    context.signal,
    {
      when(theFault) {
        const { again, isFirst } = kept.restarts.after(theFault, kept.copied.size);
        if (again && isFirst)
          context.log('warning', `${theFault.message} The copy goes on with the disk at which it stood.`);
        return again;
      },
      answeredAt: () => kept.restarts.movedAt,
    },
  );
}

/** Copies all disks by one transport; `cut` says why a transport that is read by range could not go on. */
async function copyBy(
  context: ConnectorStepContext,
  transport: ConnectorStepContext['transport'],
  hold: string,
  kept: Kept,
): Promise<StepResults['copy-disks'] | { cut: string }> {
  const { results, source, signal, run } = context;
  const snapshot = results['take-snapshot'];
  const plans = results['start-snapshots']?.disks;
  if (!snapshot || !plans) throw faultError('internal', { message: 'There is no snapshot to copy.' });
  const [lease] = await context.declare({
    kind: 'nfc-lease',
    token: `${run.id}-export-${hold}`,
    diskId: null,
    details: { vmId: run.vmId },
  });
  if (kept.openExport) await source.releaseExport(kept.openExport, signal);
  kept.openExport = null;
  // A seekable transport pays where most of some disk need not be read.
  const seek = plans.some((plan) => plan.mode === 'delta');
  const opened = await source.openExport(run.vmId, snapshot.snapshotId, { transport, seek }, signal);
  let read = 0;
  const board = new CopyProgressBoard(snapshot.disks, (progress, percent) => {
    const readNow = progress.disks.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    if (readNow > read) kept.restarts.moved();
    read = readNow;
    context.progress(progress);
    opened.progress(percent);
  });
  try {
    await context.confirm({ artifactId: lease, state: 'created', externalId: opened.exportId });
    context.log('info', opened.transportWhy);
    const descriptor = await opened.descriptor(signal);
    const disks: CopiedDisk[] = [];
    for (const id of kept.copied.keys()) board.done(id);
    for (const disk of [...snapshot.disks].sort((a, b) => a.order - b.order)) {
      const plan = plans.find((one) => one.id === disk.id);
      if (!plan) throw faultError('internal', { message: `Nobody planned how ${disk.label} is copied.` });
      const what = { opened, board, disk, snapshotId: snapshot.snapshotId, hold };
      const done = kept.copied.get(disk.id) ?? (await copyWhatItTakes(context, what, plan));
      kept.copied.set(disk.id, done);
      disks.push(done);
    }
    await context.stillMine();
    await endExport(context, opened, lease);
    return { transport: opened.transport, transportWhy: opened.transportWhy, descriptor, disks };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'failed';
    const isEnded = await withoutPatience(() => opened.abort(reason)).then(
      () => true,
      () => false,
    );
    // What stopped the copy is what is told; an export that vCenter could not be told to end stays in the ledger.
    if (isEnded) context.confirmAtEnd({ artifactId: lease, state: 'released', externalId: opened.exportId });
    else kept.openExport = opened.exportId;
    // Only a lease keeps others from changing what was read; without one the check at the end is for all disks or none.
    if (opened.transport !== 'nfc') kept.copied.clear();
    const cut = opened.transport !== 'nfc' && error instanceof FaultError && error.fault.code === 'export-cut';
    if (cut && !signal.aborted) return { cut: error.fault.message };
    throw error;
  } finally {
    board.stop();
  }
}

/**
 * Tells the source that the export is over. Every byte is read and safe by now: an export that does not end as told costs no
 * copy. The ledger keeps it, and it is ended later.
 */
async function endExport(context: ConnectorStepContext, opened: SourceExport, lease: string): Promise<void> {
  try {
    await opened.complete();
    context.confirmAtEnd({ artifactId: lease, state: 'released', externalId: opened.exportId });
  } catch (error) {
    context.signal.throwIfAborted();
    // What no lease guards is checked as it ends: then this is no matter of an answer.
    if (opened.transport !== 'nfc') throw error;
    context.log('warning', `The disks are copied, but the export did not end as told: ${toFault(error).message}`);
  }
}

/** A baseline that turns out doubtful while it is used means the whole disk, at once and with the reason. */
async function copyWhatItTakes(
  context: ConnectorStepContext,
  what: Parameters<typeof copyDisk>[1],
  plan: DiskPlan,
): Promise<CopiedDisk> {
  const whole = (reason: string): DiskPlan => ({
    ...plan,
    mode: 'full',
    reason,
    via: plan.via === 'ebs-direct' ? 'ebs-direct' : 'vmdk',
    parentSnapshotId: null,
    snapshotId: null,
  });
  try {
    const copied = await copyDisk(context, what, plan);
    if ('copied' in copied) return copied.copied;
    context.log('warning', `${what.disk.label}: ${copied.parentRefused} It is copied whole.`);
    const again = await copyDisk(context, what, whole(copied.parentRefused));
    if ('copied' in again) return again.copied;
    throw faultError('ebs-snapshot-failed', { message: again.parentRefused });
  } catch (error) {
    if (!(error instanceof DigestDoubt) || plan.mode === 'full') throw error;
    context.log('warning', `${what.disk.label}: ${error.message} It is copied whole.`);
    const again = await copyDisk(context, what, whole(error.message));
    if ('copied' in again) return again.copied;
    throw error;
  }
}

/** What an overtaken holder of this step left is ended before anything new is made. */
async function releaseEarlierFences(context: ConnectorStepContext): Promise<void> {
  const { signal, source, staging } = context;
  for (const artifact of context.artifacts) {
    if (artifact.state === 'released' || artifact.fence >= context.fence) continue;
    const { kind, externalId, details } = artifact;
    if (kind === 'nfc-lease') await releaseExportOf(artifact, source, signal);
    else if (kind === 's3-upload' && details.key) await staging.abortUploadsOf(details.key, signal);
    else if (kind === 's3-object' && details.key) await staging.delete(details.key, signal);
    else continue;
    await context.confirm({ artifactId: artifact.id, state: 'released', externalId });
  }
}
