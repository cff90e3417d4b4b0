// Reads blocks of the new snapshots back and compares them with the digests that they had at the source.
import { blockCount, ZERO_BLOCK_DIGEST } from '../../disks/block.ts';
import { type DigestEntry, openDigestSet } from '../../disks/digests/digest-set.ts';
import { sampleOrdinals } from '../../disks/digests/sample.ts';
import { DigestDoubt } from '../../disks/digests/store.ts';
import { faultError } from '../../model/fault.ts';
import type { StepResults } from '../../model/step-results.ts';
import type { CloudStep, CloudStepContext } from './step.ts';

/** Enough to find a disk that went wrong as a whole; a single wrong block needs the full comparison. */
const SAMPLE = 48;
const ZERO_SAMPLE = 32;

type Verified = StepResults['verify']['disks'][number];

export const verify: CloudStep<'verify'> = async (context) => {
  const copied = context.results['copy-disks'];
  const made = context.results['make-snapshots'];
  if (!copied || !made) throw faultError('internal', { message: 'There are no snapshots to verify.' });
  const disks: Verified[] = [];
  for (const { id, snapshotId } of made.disks) {
    const disk = copied.disks.find((one) => one.id === id);
    if (!disk?.manifestKey) continue;
    const verified = await verifyDisk(context, disk, snapshotId).catch((error: unknown) => {
      // Digests that the copy had no need to read, of parts that did not change: what is not known cannot be verified.
      if (!(error instanceof DigestDoubt)) throw error;
      throw faultError('digests-lost', { message: `${labelOf(context, id)}: ${error.message}` }, error);
    });
    disks.push(verified);
    context.log(
      'info',
      `${labelOf(context, id)}: ${verified.checked} of ${verified.blocks} blocks read back and right.`,
    );
    context.progress({ fraction: disks.length / made.disks.length, note: null, disks: [] });
  }
  return { disks };
};

async function verifyDisk(
  context: CloudStepContext,
  disk: { id: string; capacityBytes: number; manifestKey: string; rootDigest: string },
  snapshotId: string,
): Promise<Verified> {
  const { run, target, signal } = context;
  const { manifestKey, rootDigest: root } = disk;
  const digests = await openDigestSet({ store: target.staging.digests, manifestKey, root, signal });
  const blocks = digests.entryCount;
  if (run.verification === 'full') {
    const all = digests.entries(0, Number.MAX_SAFE_INTEGER, signal);
    const seen = await target.ebs.compare(snapshotId, all, signal);
    if (seen.equal) return { id: disk.id, checked: blocks, blocks, full: true };
    const wrong = [...seen.missing.first, ...seen.unexpected.first, ...seen.different.first];
    throw mismatch(
      context,
      disk.id,
      snapshotId,
      wrong,
      seen.missing.count + seen.unexpected.count + seen.different.count,
    );
  }
  const picked: DigestEntry[] = [];
  for await (const entry of digests.sample(SAMPLE, seedOf(root), signal)) picked.push(entry);
  // The set has no entries for zeros, and a block that became zeros is what a child may lack.
  for (const index of sampleOrdinals(blockCount(disk.capacityBytes), ZERO_SAMPLE, ~seedOf(root))) {
    const digest = await digests.digestAt(index, signal);
    if (!digest) picked.push({ index, digest: ZERO_BLOCK_DIGEST });
  }
  picked.sort((a, b) => a.index - b.index);
  const wrong = await target.ebs.sample(snapshotId, picked, signal);
  if (wrong.length === 0)
    return {
      id: disk.id,
      checked: picked.filter(({ digest }) => digest !== ZERO_BLOCK_DIGEST).length,
      blocks,
      full: false,
    };
  throw mismatch(
    context,
    disk.id,
    snapshotId,
    wrong.map(({ index }) => index),
    wrong.length,
  );
}

function mismatch(context: CloudStepContext, diskId: string, snapshotId: string, indexes: number[], count: number) {
  const named = [...indexes].sort((a, b) => a - b).slice(0, 20);
  return faultError('verification-failed', {
    message: `${labelOf(context, diskId)}: ${count} ${count === 1 ? 'block' : 'blocks'} read back from ${snapshotId} ${count === 1 ? 'is' : 'are'} not what was sent.`,
    cause: `Blocks of 512 KiB: ${named.join(', ')}${count > named.length ? ' …' : ''}`,
  });
}

function labelOf(context: CloudStepContext, diskId: string): string {
  return context.results['take-snapshot']?.disks.find((one) => one.id === diskId)?.label ?? diskId;
}

/** Another choice for every state of the disk, and the same when the step is repeated. */
function seedOf(root: string): number {
  return Number.parseInt(root.slice(0, 8), 16) | 0;
}
