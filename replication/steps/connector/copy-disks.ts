// Every disk of the snapshot, whole, as a stream-optimized VMDK into the staging bucket.
import { createStreamOptimizedVmdk } from '../../disks/formats/vmdk/write-stream.ts';
import { pump } from '../../disks/pump.ts';
import { withChecksum } from '../../disks/with-checksum.ts';
import { faultError } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import type { SourceExport } from '../../sources/source.ts';
import { CopyProgressBoard } from './copy-progress.ts';
import type { ConnectorStep, ConnectorStepContext } from './step.ts';

type Snapshot = StepResults['take-snapshot'];
type CopiedDisk = StepResults['copy-disks']['disks'][number];

export const copyDisks: ConnectorStep<'copy-disks'> = async (context) => {
  const { results, source, signal, run } = context;
  const snapshot = results['take-snapshot'];
  if (!snapshot) throw faultError('internal', { message: 'There is no snapshot to copy.' });
  await releaseEarlierFences(context);

  const lease = await context.declare({
    kind: 'nfc-lease',
    token: `${run.id}-export-${context.fence}`,
    diskId: null,
    details: { vmId: run.vmId },
  });
  const opened = await source.openExport(run.vmId, snapshot.snapshotId, signal);
  const board = new CopyProgressBoard(snapshot.disks, (progress, percent) => {
    context.progress(progress);
    opened.progress(percent);
  });
  try {
    await context.confirm(lease, 'created', opened.exportId);
    const descriptor = await opened.descriptor(signal);
    const disks: CopiedDisk[] = [];
    for (const disk of [...snapshot.disks].sort((a, b) => a.order - b.order)) {
      disks.push(await copyDisk(context, opened, disk, board));
    }
    await context.stillMine();
    await opened.complete();
    await context.confirm(lease, 'released', opened.exportId);
    return { transport: opened.transport, descriptor, disks };
  } catch (error) {
    await opened.abort(error instanceof Error ? error.message : 'failed');
    // Whether the ledger hears of it or not, the lease is gone; the reaper would only find it missing.
    await context.confirm(lease, 'released', opened.exportId).catch(() => {});
    throw error;
  } finally {
    board.stop();
  }
};

async function copyDisk(
  context: ConnectorStepContext,
  opened: SourceExport,
  disk: Snapshot['disks'][number],
  board: CopyProgressBoard,
): Promise<CopiedDisk> {
  const { staging, signal } = context;
  const began = performance.now();
  const key = `${context.prefix}${disk.order}-${disk.key}-${context.fence}.vmdk`;
  const details = { bucket: context.bucket, key };
  const uploadRow = await context.declare({ kind: 's3-upload', token: `${key}-upload`, diskId: disk.id, details });
  const objectRow = await context.declare({ kind: 's3-object', token: `${key}-object`, diskId: disk.id, details });
  const upload = await staging.startUpload(key, { capacityBytes: disk.capacityBytes }, signal);
  try {
    await context.confirm(uploadRow, 'created', upload.uploadId);
    const reader = withChecksum(await opened.openDisk(disk.id, signal));
    const writer = createStreamOptimizedVmdk({
      capacityBytes: disk.capacityBytes,
      sink: (chunk, stop) => upload.write(chunk, stop),
    });
    const { bytesRead } = await pump(reader, writer, {
      signal,
      onProgress: (progress) => board.update(disk.id, progress),
      beforeSeal: () => context.stillMine(),
    });
    const { bytes } = await upload.complete(signal);
    await context.confirm(objectRow, 'created', key);
    await context.confirm(uploadRow, 'released', upload.uploadId);
    board.done(disk.id);
    const { root, blocks } = reader.checksum();
    const seconds = (performance.now() - began) / 1000;
    context.log(
      'info',
      `${disk.label}: ${mib(bytesRead)} MiB read, ${mib(bytes)} MiB staged in ${seconds.toFixed(1)} s.`,
    );
    return {
      id: disk.id,
      bucket: context.bucket,
      key,
      capacityBytes: disk.capacityBytes,
      bytesRead,
      bytesSent: bytes,
      blocks,
      rootDigest: root,
      seconds,
    };
  } catch (error) {
    await upload.abort().catch(() => {});
    throw error;
  }
}

/** What an overtaken holder of this step left is ended before anything new is made. */
async function releaseEarlierFences(context: ConnectorStepContext): Promise<void> {
  const { signal, source, staging } = context;
  for (const artifact of context.artifacts) {
    if (artifact.state === 'released' || artifact.fence >= context.fence) continue;
    const { kind, externalId, details } = artifact;
    if (kind === 'nfc-lease' && externalId) await source.releaseExport(externalId, signal);
    else if (kind === 's3-upload' && details.key && externalId)
      await staging.abortUpload(details.key, externalId, signal);
    else if (kind === 's3-upload' && details.key) await staging.abortUploadsOf(details.key, signal);
    else if (kind === 's3-object' && details.key) await staging.delete(details.key, signal);
    else if (kind !== 'nfc-lease') continue;
    await context.confirm(artifact.id, 'released', externalId);
  }
}

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
