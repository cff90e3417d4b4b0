// One disk of a run: read, compared with its baseline, its digests kept as the candidate, and sent on its way.
import path from 'node:path';
import { extentsToRead, withChangedBlocks } from '../../disks/changed-blocks.ts';
import { type DigestSet, openDigestSet } from '../../disks/digests/digest-set.ts';
import { createDigestWriter } from '../../disks/digests/digest-writer.ts';
import { createBlockPack } from '../../disks/formats/pack/write-pack.ts';
import { createStreamOptimizedVmdk } from '../../disks/formats/vmdk/write-stream.ts';
import { pump } from '../../disks/pump.ts';
import { withThrottle } from '../../disks/with-throttle.ts';
import type { DiskWriter, SealedDisk } from '../../disks/writer.ts';
import type { Extent } from '../../model/extent.ts';
import { faultError } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import { ChangesUnknown, type SourceExport } from '../../sources/source.ts';
import type { Confirmation, Declaration } from '../../wire/gateway.ts';
import { runTags } from '../run-tags.ts';
import { ROOM_HOURS, whenThereIsRoom } from '../wait-for-room.ts';
import type { CopyProgressBoard } from './copy-progress.ts';
import type { ConnectorStepContext } from './step.ts';

export type DiskPlan = StepResults['start-snapshots']['disks'][number];
type SnapshotDisk = StepResults['take-snapshot']['disks'][number];
type CopiedDisk = StepResults['copy-disks']['disks'][number];

/** Blocks of 512 KiB under way to EBS at once: enough to fill a long line, 32 MiB of memory. */
const DIRECT_CONCURRENCY = 64;
/** Between two questions whether AWS has room for one more snapshot. */
const ROOM_POLL_MS = 15_000;

export interface DiskToCopy {
  opened: SourceExport;
  board: CopyProgressBoard;
  disk: SnapshotDisk;
  snapshotId: string;
  /** This hold of the lease and this transport: what is made under it belongs to nobody else. */
  hold: string;
}

/**
 * Copies one disk. Throws DigestDoubt when the baseline's digests cannot be relied upon; answers `parentRefused` when
 * AWS takes no child of the baseline. In both cases nothing of the candidate counts.
 */
export async function copyDisk(
  context: ConnectorStepContext,
  { opened, board, disk, snapshotId, hold }: DiskToCopy,
  plan: DiskPlan,
): Promise<{ copied: CopiedDisk } | { parentRefused: string }> {
  const { signal, staging } = context;
  const store = staging.digests;
  const began = performance.now();
  const base = plan.mode === 'full' ? null : await openBaseline(context, disk.id);
  const prefix = `${context.digestPrefix}${disk.order}-${hold}-${plan.mode}/`;
  const candidate = createDigestWriter({ store, prefix, capacityBytes: disk.capacityBytes, base });
  const areas = plan.mode === 'delta' ? await changedAreas(context, snapshotId, disk) : { reason: plan.reason };
  const extents = 'extents' in areas ? areas.extents : undefined;
  const mode = plan.mode === 'delta' && !extents ? 'compared' : plan.mode;
  const reason = 'reason' in areas ? areas.reason : null;

  const digestSet = { kind: 'digest-set' as const, token: prefix, diskId: disk.id, details: {} };
  const target = await openTarget(context, disk, plan, hold, digestSet);
  if ('parentRefused' in target) return target;
  try {
    const reader = extents
      ? await opened.openDisk(disk.id, signal, extentsToRead(base, disk.capacityBytes, extents))
      : await opened.openDisk(disk.id, signal);
    const changed = withChangedBlocks(reader, { candidate, ...(extents && { extents }) });
    const { bytesRead } = await pump(changed, withThrottle(target.writer, context.bandwidth), {
      signal,
      ...(target.concurrency && { concurrency: target.concurrency }),
      onProgress: (progress) => board.update(disk.id, progress),
      beforeSeal: () => context.stillMine(),
    });
    const finished = await target.finish();
    const digests = await candidate.seal(signal);
    const candidateRow = { artifactId: target.digestRow, state: 'created' as const, externalId: prefix };
    await context.confirm(...finished.confirmed, candidateRow);
    // Read back once: what the next run will rely upon is what the bucket holds.
    const sealed = await openDigestSet({ store, manifestKey: digests.manifestKey, root: digests.root, signal });
    board.done(disk.id);
    const counts = changed.counts();
    const seconds = (performance.now() - began) / 1000;
    context.log(
      'info',
      `${disk.label}: ${mib(bytesRead)} MiB read, ${mib(finished.bytesSent)} MiB sent in ${seconds.toFixed(1)} s` +
        `${base ? ` (${counts.changed} blocks differ, ${counts.unchanged} do not)` : ''}.`,
    );
    return {
      copied: {
        id: disk.id,
        mode,
        reason,
        via: plan.via,
        parentSnapshotId: plan.parentSnapshotId,
        bucket: context.bucket,
        key: finished.key,
        snapshotId: finished.snapshotId,
        capacityBytes: disk.capacityBytes,
        bytesRead,
        bytesSent: finished.bytesSent,
        blocks: counts.sent,
        unchangedBlocks: counts.unchanged,
        manifestKey: digests.manifestKey,
        rootDigest: digests.root,
        digestPrefixes: [...new Set([prefix, ...sealed.chunks.map((chunk) => chunk.prefix)])],
        seconds,
      },
    };
  } catch (error) {
    await target.abort().catch(() => {});
    throw error;
  }
}

async function openBaseline(context: ConnectorStepContext, diskId: string): Promise<DigestSet> {
  const baseline = context.baselines.find((one) => one.diskId === diskId);
  if (!baseline) throw faultError('internal', { message: 'A disk without a baseline cannot be compared with it.' });
  const { manifestKey, digestRoot: root } = baseline;
  return openDigestSet({ store: context.staging.digests, manifestKey, root, signal: context.signal });
}

/** A reason when the source can no longer say: then everything is read, and the digests tell what differs. */
async function changedAreas(
  context: ConnectorStepContext,
  snapshotId: string,
  disk: SnapshotDisk,
): Promise<{ extents: Extent[] } | { reason: string }> {
  const since = context.baselines.find((one) => one.diskId === disk.id)?.changeId;
  if (!since) return { reason: 'The source did not track the changes of this disk at the last run.' };
  try {
    return { extents: await context.source.changedAreas(context.run.vmId, snapshotId, disk.id, since, context.signal) };
  } catch (error) {
    if (!(error instanceof ChangesUnknown)) throw error;
    context.log('warning', `${disk.label}: ${error.message} It is read whole.`);
    return { reason: error.message };
  }
}

interface OpenTarget {
  writer: DiskWriter<SealedDisk>;
  concurrency: number | null;
  /** The ledger's row of the candidate's digests. */
  digestRow: string;
  /** After the seal: makes what was written permanent and tells where it is, and what the ledger is yet to hear of it. */
  finish(): Promise<{ key: string; snapshotId: string | null; bytesSent: number; confirmed: Confirmation[] }>;
  abort(): Promise<void>;
}

async function openTarget(
  context: ConnectorStepContext,
  disk: SnapshotDisk,
  plan: DiskPlan,
  hold: string,
  digestSet: Declaration,
): Promise<OpenTarget | { parentRefused: string }> {
  const open = plan.via === 'ebs-direct' ? openSnapshot : openStaged;
  return open(context, disk, plan, hold, digestSet);
}

/** The whole disk as a VMDK, or what changed as a block pack, as one object under a key of this hold alone. */
async function openStaged(
  context: ConnectorStepContext,
  disk: SnapshotDisk,
  plan: DiskPlan,
  hold: string,
  digestSet: Declaration,
): Promise<OpenTarget> {
  const { staging, signal } = context;
  const { capacityBytes } = disk;
  const ending = plan.via === 'pack' ? 'lfpack' : 'vmdk';
  const key = `${context.prefix}${disk.order}-${disk.key}-${hold}.${ending}`;
  const details = { bucket: context.bucket, key };
  const [digestRow, uploadRow, objectRow] = await context.declare(
    digestSet,
    { kind: 's3-upload', token: `${key}-upload`, diskId: disk.id, details },
    { kind: 's3-object', token: `${key}-object`, diskId: disk.id, details },
  );
  const upload = await staging.startUpload(key, { capacityBytes }, signal);
  const { uploadId } = upload;
  await context.confirm({ artifactId: uploadRow, state: 'created', externalId: uploadId }).catch(async (error) => {
    await upload.abort();
    throw error;
  });
  const sink = (chunk: Uint8Array, stop: AbortSignal) => upload.write(chunk, stop);
  return {
    writer:
      plan.via === 'pack'
        ? createBlockPack({ capacityBytes, sink, label: `${context.run.id} ${disk.id}` })
        : createStreamOptimizedVmdk({ capacityBytes, sink, name: path.posix.basename(key) }),
    concurrency: null,
    digestRow,
    async finish() {
      const { bytes } = await upload.complete(signal);
      const confirmed: Confirmation[] = [
        { artifactId: objectRow, state: 'created', externalId: key },
        { artifactId: uploadRow, state: 'released', externalId: uploadId },
      ];
      return { key, snapshotId: null, bytesSent: bytes, confirmed };
    },
    abort: () => upload.abort(),
  };
}

/** Straight into a snapshot of this hold alone; an earlier holder's is left to the ledger. */
async function openSnapshot(
  context: ConnectorStepContext,
  disk: SnapshotDisk,
  plan: DiskPlan,
  hold: string,
  digestSet: Declaration,
): Promise<OpenTarget | { parentRefused: string }> {
  const { ebs, run, signal } = context;
  const name = `${run.serverName} ${disk.label}`;
  const [digestRow, row] = await context.declare(digestSet, {
    kind: 'ebs-snapshot',
    token: `${run.id}-${disk.id}-direct-${hold}-${plan.mode}`,
    diskId: disk.id,
    details: { parent: plan.parentSnapshotId ?? '' },
  });
  const input = {
    capacityBytes: disk.capacityBytes,
    parentSnapshotId: plan.parentSnapshotId,
    ...(plan.encryption && !plan.parentSnapshotId && { encryption: plan.encryption as { encrypted: true } }),
    description: `Landfall ${run.id} ${name}`,
    tags: { ...runTags(run, name), 'landfall:artifact': row },
    token: row,
  };
  const started = await whenThereIsRoom(() => ebs.startSnapshot(input, signal), {
    signal,
    everyMs: ROOM_POLL_MS,
    deadlineMs: ROOM_HOURS.startSnapshot * 3_600_000,
    onWait(words, first) {
      if (first) context.log('warning', `${disk.label}: AWS has no room for another snapshot yet; waiting. ${words}`);
    },
  });
  if (started.outcome === 'parent-refused') {
    await context.confirm({ artifactId: row, state: 'released', externalId: null });
    return {
      parentRefused: `AWS takes no child of the last run's snapshot ${started.parentSnapshotId}: ${started.awsWords}`,
    };
  }
  const { snapshotId, writer } = started;
  await context.confirm({ artifactId: row, state: 'created', externalId: snapshotId });
  return {
    writer,
    concurrency: DIRECT_CONCURRENCY,
    digestRow,
    finish: async () => ({ key: '', snapshotId, bytesSent: writer.bytesSent, confirmed: [] }),
    abort: () => writer.abort(),
  };
}

function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
