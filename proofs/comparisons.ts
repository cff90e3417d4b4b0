// What every proof asks at its end: are the bytes the lab's own, and is nothing of ours left.
import { ne } from 'drizzle-orm';
import { expect } from 'vitest';
import { artifacts, baselines, type replicationRuns } from '../db/schema/index.ts';
import { wrongAttention } from '../server/services/overview/attention-differences.ts';
import { wrongTallies } from '../server/services/tallies/keep.ts';
import type { Installation } from './installation.ts';
import { until } from './runs.ts';

type Run = typeof replicationRuns.$inferSelect;

interface LabHash<Block> {
  blockCount: number;
  digest: string;
  zeroBlock?: string;
  blocks: Block[];
}

/** Every block of every replica snapshot against the lab's hash of the disk as it was frozen. */
export async function expectSameBytes(site: Installation, run: Run): Promise<number> {
  const taken = run.results['take-snapshot'];
  const made = run.results['make-snapshots'];
  if (!taken || !made) throw new Error(`${run.id} has no snapshots`);
  let compared = 0;
  for (const disk of taken.disks) {
    const replica = made.disks.find((one) => one.id === disk.id);
    const source = await site.control<LabHash<[number, string]>>('/vcenter/hash', {
      vm: run.settings.vmId,
      disk: disk.order,
      snapshot: taken.snapshotId,
    });
    const copy = await site.control<LabHash<string>>('/aws/snapshotHash', {
      snapshotId: replica?.snapshotId,
      length: disk.capacityBytes,
    });
    const expected = new Map(source.blocks);
    const zeros = source.zeroBlock;
    const differing = copy.blocks.flatMap((hash, index) => (hash === (expected.get(index) ?? zeros) ? [] : [index]));
    expect({ disk: disk.label, differing }).toEqual({ disk: disk.label, differing: [] });
    // The lab's two halves hash by themselves; only equal disks have one digest.
    expect(copy.digest).toBe(source.digest);
    expect(copy.blockCount).toBe(Math.ceil(disk.capacityBytes / 524_288));
    compared += copy.blockCount;
  }
  return compared;
}

/** Nothing of ours is left on either side but what a completed run keeps, and the console's counts are those of its rows. */
export async function expectNothingLeft(site: Installation): Promise<void> {
  // Digests stay as long as a baseline is made of them.
  const measured = (await site.db.select().from(baselines)).flatMap((row) => row.digestPrefixes);
  const state = await until('everything temporary is released', async () => {
    const open = await site.db
      .select({ kind: artifacts.kind, token: artifacts.token, externalId: artifacts.externalId })
      .from(artifacts)
      .where(ne(artifacts.state, 'released'));
    const kept = (row: (typeof open)[number]) =>
      row.kind === 'digest-set'
        ? measured.includes(row.token)
        : ['image', 'ebs-snapshot', 'instance'].includes(row.kind);
    return open.every(kept) && open;
  });
  expect(await wrongTallies(site.db)).toEqual([]);
  expect(await wrongAttention(site.db)).toEqual([]);
  const { vcenter } = await site.labState();
  expect(vcenter.snapshots.filter((snapshot) => snapshot.name.startsWith('landfall'))).toEqual([]);
  expect(vcenter.leases).toEqual([]);
  const objects = await site.control<{ key: string }[]>('/aws/objects', {
    bucket: site.lab.aws.bucket,
  });
  const needed = ({ key }: { key: string }) => measured.some((prefix) => key.startsWith(prefix));
  expect(objects.filter((object) => !needed(object) && !isOfHealth(object))).toEqual([]);
  const uploads = await site.control<{ key: string }[]>('/aws/uploads', { bucket: site.lab.aws.bucket });
  expect(uploads.filter((upload) => !isOfHealth(upload))).toEqual([]);
  const kept = new Set(state.map((row) => row.externalId));
  const there = await site.control<{ id: string }[]>('/aws/snapshots');
  expect(there.filter((snapshot) => !kept.has(snapshot.id))).toEqual([]);
}

/** The connector's health check stores and begins something of its own under this name, and takes it away at once. */
const isOfHealth = ({ key }: { key: string }) => key.includes('/.check/');
