// AMIs are shared and copied beside their runs, over the wire against the lab's EC2: in another Region, as another account, killed
// between declaration and answer, failed, and released where they lie.
import { DescribeImageAttributeCommand, DescribeSnapshotAttributeCommand } from '@aws-sdk/client-ec2';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  artifacts,
  audit,
  awsTargetPlaces,
  awsTargets,
  events,
  imageCopies,
  images,
  replicationRuns,
  servers,
} from '../../db/schema/index.ts';
import {
  type CloudLab,
  filledBlock,
  register,
  startCloudLab,
  writeSnapshot,
} from '../../lab/aws/ec2/testing-driving.ts';
import { fault } from '../../replication/model/fault.ts';
import { openAwsTarget } from '../../replication/target/aws/open-target.ts';
import { TargetPool } from '../services/cloud/target-pool.ts';
import { listCopies, planCopies, retryCopies } from '../services/images/copies.ts';
import { copyFailed, takeCopies } from '../services/images/copy-progress.ts';
import { imagePruned, imagesToPrune } from '../services/images/record.ts';
import { createJobs } from '../services/jobs/create.ts';
import { createTarget } from '../services/targets/create.ts';
import { deleteTarget } from '../services/targets/delete.ts';
import { updateTarget } from '../services/targets/update.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { reap } from './reaper.ts';
import { tendCopies } from './tend-copies.ts';

const never = new AbortController().signal;
const ELSEWHERE = 'eu-west-1';
let site: TestWorkspace;
let lab: CloudLab;
let pool: TargetPool;
let partner: string;
let snapshotId: string;
let made = 0;

beforeAll(async () => {
  [site, lab] = await Promise.all([testWorkspace(), startCloudLab()]);
  const endpoints = { s3: lab.aws.url, ec2: lab.aws.url, ebs: lab.aws.url, sts: lab.aws.url };
  const { region, bucket, account, second } = lab.aws;
  await site.db
    .update(awsTargetPlaces)
    .set({ region, bucket, endpoints, account })
    .where(eq(awsTargetPlaces.targetId, site.targetId));
  const other = { name: 'Partner', region: second.region, bucket: second.bucket, endpoints, account: second.account };
  partner = (await createTarget(site.ctx, { ...other, encrypted: true })).targetId;
  pool = poolOf();
  snapshotId = await writeSnapshot(lab, { 0: filledBlock(1), 3: filledBlock(2) });
  await site.importServers([catalogServer('web')]);
});
afterAll(async () => {
  pool?.close();
  await site?.close();
  await lab?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await updateTarget(site.ctx, { targetId: site.targetId, distribution: [], encrypted: false, kmsKeyArn: null });
});
afterEach(async () => {
  lab.faults.clear();
  await site.db.update(imageCopies).set({ state: 'released' });
  await site.db.update(artifacts).set({ state: 'released' });
  await lab.aws.control.snapshotSettings?.({ region: ELSEWHERE, unusableKeys: [] });
});

/** Each target signs in to its own account. */
function poolOf(): TargetPool {
  return new TargetPool((config) => {
    const { second, credentials } = lab.aws;
    const own = config.region === second.region ? second.credentials : credentials;
    return openAwsTarget({ ...config, credentials: own }, { limits: { attempts: 1 } });
  });
}

type Entries = NonNullable<Parameters<typeof updateTarget>[1]['distribution']>;

/** An AMI of a run whose target says this, as the step create-image leaves it. */
async function madeImage(distribution: Entries, snapshot = snapshotId): Promise<string> {
  const { db, ctx, workspaceId, targetId } = site;
  await updateTarget(ctx, { targetId, distribution });
  made += 1;
  const [server] = await db.select().from(servers);
  await db.execute(sql`update replication_jobs set deleted_at = now()`);
  const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
  const { jobIds } = await createJobs(ctx, { servers: [{ serverId: server?.id ?? '' }], settings });
  const [run] = await db
    .select()
    .from(replicationRuns)
    .where(eq(replicationRuns.jobId, jobIds[0] ?? ''));
  if (!run) throw new Error('no run');
  await db.update(replicationRuns).set({ state: 'completed', endedAt: new Date() });
  const id = await register(lab.ec2(), snapshot, { Name: `web ${made}` });
  await db.insert(images).values({
    ...{ id, workspaceId, jobId: run.jobId, runId: run.id, name: 'web', method: 'register-image' },
    ...{ snapshotIds: [snapshot], pointInTime: new Date() },
  });
  await planCopies(db, run, id);
  return id;
}

const tend = async () => {
  await site.db.execute(sql`update image_copies set not_before = now()`);
  await tendCopies(site.ctx, pool, never, 1);
};
const copiesOf = (imageId: string) => listCopies(site.as('viewer'), { imageId });
const inLab = async (where: { region?: string; account?: string } = {}) =>
  (await lab.aws.control.images?.(where)) as {
    id: string;
    name: string;
    state?: string;
    tags: Record<string, string>;
  }[];
const snapshotsIn = async (where: { region?: string; account?: string }) =>
  (await lab.aws.control.snapshots?.(where)) as { id: string; encrypted: boolean; kmsKeyId?: string }[];

async function settled(imageId: string) {
  return vi.waitFor(
    async () => {
      await tend();
      const copies = await copiesOf(imageId);
      if (copies.some(({ state, fault }) => state === 'copying' || (state === 'pending' && !fault)))
        throw new Error(`still ${copies.map(({ state }) => state)}`);
      return copies;
    },
    { timeout: 20_000, interval: 30 },
  );
}

it('copies into another Region with a key of that Region, byte for byte, and says where it is', async () => {
  const kmsKeyArn = `arn:aws:kms:${ELSEWHERE}:${lab.aws.account}:key/there`;
  const imageId = await madeImage([{ kind: 'region', region: ELSEWHERE, kmsKeyArn }]);
  const [copy] = await settled(imageId);
  expect(copy).toMatchObject({ state: 'available', region: ELSEWHERE, account: lab.aws.account, fault: null });
  const there = await inLab({ region: ELSEWHERE });
  expect(there).toMatchObject([
    { id: copy?.copyImageId, name: `web ${made}`, tags: { 'migration:managed-by': 'landfall' } },
  ]);
  const [snapshot] = await snapshotsIn({ region: ELSEWHERE });
  expect(snapshot).toMatchObject({ encrypted: true, kmsKeyId: kmsKeyArn });
  const hash = (input: object) => lab.aws.control.snapshotHash?.(input) as Promise<{ digest: string }>;
  expect((await hash({ region: ELSEWHERE, snapshotId: snapshot?.id })).digest).toBe(
    (await hash({ snapshotId })).digest,
  );
  expect(await site.db.select().from(images).where(eq(images.id, imageId))).toMatchObject([
    { copies: 1, copiesAvailable: 1, copiesFailed: 0 },
  ]);
  expect(await site.db.select().from(artifacts).where(eq(artifacts.kind, 'image-copy'))).toMatchObject([
    { state: 'created', externalId: copy?.copyImageId, targetId: site.targetId },
  ]);
});

it('shares the AMI and its snapshots, and leaves nothing to be released', async () => {
  const { account } = lab.aws.second;
  const imageId = await madeImage([{ kind: 'share', account }]);
  expect(await settled(imageId)).toMatchObject([{ state: 'available', account }]);
  const image = new DescribeImageAttributeCommand({ ImageId: imageId, Attribute: 'launchPermission' });
  expect((await lab.ec2().send(image)).LaunchPermissions).toEqual([{ UserId: account }]);
  const snapshot = new DescribeSnapshotAttributeCommand({
    SnapshotId: snapshotId,
    Attribute: 'createVolumePermission',
  });
  expect((await lab.ec2().send(snapshot)).CreateVolumePermissions).toEqual([{ UserId: account }]);
  expect(await site.db.select().from(audit).where(eq(audit.action, 'image.share'))).toMatchObject([
    { subjectId: imageId },
  ]);
});

it('copies to another target in its own account, encrypted as that target says', async () => {
  const { account, region } = lab.aws.second;
  const imageId = await madeImage([{ kind: 'target', targetId: partner }]);
  const [copy] = await settled(imageId);
  expect(copy).toMatchObject({ state: 'available', targetName: 'Partner', account, region });
  expect((await inLab({ account, region })).map(({ id }) => id)).toContain(copy?.copyImageId);
  expect(await snapshotsIn({ account, region })).toMatchObject([{ encrypted: true }]);
  // It is the partner's to release.
  const [row] = await site.db
    .select()
    .from(artifacts)
    .where(eq(artifacts.externalId, copy?.copyImageId ?? ''));
  expect(row).toMatchObject({ targetId: partner, kind: 'image-copy' });
  expect(await faultCode(deleteTarget(site.as('administrator'), { targetId: partner }))).toBe('conflict');
});

it('releases the copies and their snapshots where they lie when the AMI is pruned', async () => {
  const { account, region } = lab.aws.second;
  const imageId = await madeImage([
    { kind: 'region', region: ELSEWHERE, kmsKeyArn: null },
    { kind: 'target', targetId: partner },
  ]);
  const copies = await settled(imageId);
  expect(copies.map(({ state }) => state)).toEqual(['available', 'available']);
  // Needed as long as the AMI stands.
  await site.db.execute(sql`update artifacts set release_not_before = now()`);
  await reap(site.ctx, pool, never);
  const lies = async (where: { region: string; account?: string }) =>
    (await inLab(where)).filter(({ id }) => copies.some(({ copyImageId }) => copyImageId === id)).length;
  expect([await lies({ region: ELSEWHERE }), await lies({ account, region })]).toEqual([1, 1]);
  const before = [(await snapshotsIn({ region: ELSEWHERE })).length, (await snapshotsIn({ account, region })).length];

  await imagePruned(site.ctx, site.workspaceId, imageId);
  await site.db.execute(sql`update artifacts set release_not_before = least(release_not_before, now())`);
  await reap(site.ctx, pool, never);
  expect([await lies({ region: ELSEWHERE }), await lies({ account, region })]).toEqual([0, 0]);
  const after = [(await snapshotsIn({ region: ELSEWHERE })).length, (await snapshotsIn({ account, region })).length];
  expect(after).toEqual(before.map((count) => count - 1));
  expect((await copiesOf(imageId)).map(({ state }) => state)).toEqual(['released', 'released']);
  expect(await site.db.select().from(artifacts).where(eq(artifacts.state, 'created'))).toEqual([]);
});

describe('an AMI beyond the number that its job keeps', () => {
  const region = { kind: 'region' as const, region: ELSEWHERE, kmsKeyArn: null };
  const set = (imageId: string, state: 'copying' | 'available' | 'failed') =>
    site.db.update(imageCopies).set({ state, startedAt: new Date() }).where(eq(imageCopies.imageId, imageId));

  /** The first is the older one of the same job. */
  async function twoOfOneJob(
    older: Entries,
    newer: Entries,
  ): Promise<{ old: string; pruned: () => Promise<string[]> }> {
    const old = await madeImage(older);
    const next = await madeImage(newer);
    const [row] = await site.db.select().from(images).where(eq(images.id, next));
    const jobId = row?.jobId ?? '';
    await site.db
      .update(images)
      .set({ jobId, createdAt: new Date(Date.now() - 3_600_000) })
      .where(eq(images.id, old));
    await set(next, 'copying');
    const pruned = async () => (await imagesToPrune(site.ctx, jobId, 1)).map(({ imageId }) => imageId);
    return { old, pruned };
  }

  it('stays while a copy of it is being made, and no longer when that has failed', async () => {
    const { old, pruned } = await twoOfOneJob([region], []);
    await set(old, 'copying');
    expect(await pruned()).toEqual([]);
    await set(old, 'failed');
    expect(await pruned()).toEqual([old]);
  });

  it('stays while it has the only finished copy there', async () => {
    const { old, pruned } = await twoOfOneJob([region], [region]);
    await set(old, 'available');
    expect(await pruned()).toEqual([]);
    await site.db.update(imageCopies).set({ state: 'available' });
    expect(await pruned()).toEqual([old]);
  });

  it('goes with its copy when nothing is copied there any more', async () => {
    const { old, pruned } = await twoOfOneJob([region], [{ ...region, region: 'eu-west-2' }]);
    await set(old, 'available');
    expect(await pruned()).toEqual([old]);
  });
});

describe('a worker that is killed', () => {
  it('between declaration and answer: the next one gets the same copy, and no second one is made', async () => {
    const imageId = await madeImage([{ kind: 'region', region: ELSEWHERE, kmsKeyArn: null }]);
    const before = (await inLab({ region: ELSEWHERE })).length;
    const dying = new AbortController();
    lab.faults.add({ side: 'aws', operation: 'ec2:CopyImage', effect: { kind: 'cut', afterBytes: 40 } });
    await site.db.execute(sql`update image_copies set not_before = now()`);
    const turn = tendCopies(site.ctx, pool, dying.signal, 1);
    await vi.waitFor(async () => expect((await inLab({ region: ELSEWHERE })).length).toBe(before + 1), 10_000);
    dying.abort();
    await turn;
    lab.faults.clear();
    expect(await site.db.select().from(artifacts).where(eq(artifacts.state, 'declared'))).toMatchObject([
      { kind: 'image-copy', externalId: null },
    ]);
    const [copy] = await settled(imageId);
    expect(copy?.state).toBe('available');
    expect((await inLab({ region: ELSEWHERE })).length).toBe(before + 1);
  });
});

describe('a Region that refuses', () => {
  it('is tried again by itself, then shown as failed, without touching the AMI or its run', async () => {
    const kmsKeyArn = `arn:aws:kms:${ELSEWHERE}:${lab.aws.account}:key/gone`;
    await lab.aws.control.snapshotSettings?.({ region: ELSEWHERE, unusableKeys: [kmsKeyArn] });
    const imageId = await madeImage([{ kind: 'region', region: ELSEWHERE, kmsKeyArn }]);
    const [copy] = await settled(imageId);
    expect(copy).toMatchObject({ state: 'failed', fault: { code: 'image-copy-failed' } });
    expect(copy?.fault?.cause).toContain('Given key ID is not accessible');
    expect((await inLab()).map(({ id }) => id)).toContain(imageId);
    // What was begun in vain is taken away.
    await reap(site.ctx, pool, never);
    expect((await inLab({ region: ELSEWHERE })).map(({ id }) => id)).not.toContain(copy?.copyImageId);

    await lab.aws.control.snapshotSettings?.({ region: ELSEWHERE, unusableKeys: [] });
    expect(await faultCode(retryCopies(site.as('viewer'), { imageId }))).toBe('permission-denied');
    await retryCopies(site.as('operator'), { imageId });
    expect(await settled(imageId)).toMatchObject([{ state: 'available', fault: null }]);
  });
});

describe('a copy that cannot be asked about', () => {
  async function underWay(hours: number) {
    const imageId = await madeImage([{ kind: 'region', region: ELSEWHERE, kmsKeyArn: null }]);
    const startedAt = new Date(Date.now() - hours * 3_600_000);
    await site.db
      .update(imageCopies)
      .set({ state: 'copying', copyImageId: 'ami-0123456789abcdef0', startedAt })
      .where(eq(imageCopies.imageId, imageId));
    const row = async () => {
      const [copy] = await site.db.select().from(imageCopies).where(eq(imageCopies.imageId, imageId));
      if (!copy) throw new Error('no copy');
      return copy;
    };
    return { imageId, row };
  }

  it('is asked about later and later, and said once', async () => {
    const { imageId, row } = await underWay(1);
    const before = await site.db.$count(events, eq(events.subjectId, imageId));
    const pauses = [];
    for (let tries = 0; tries < 9; tries += 1) {
      await copyFailed(site.ctx, await row(), fault('aws-unreachable'));
      pauses.push(Math.round(((await row()).notBefore.getTime() - Date.now()) / 60_000));
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(await row()).toMatchObject({ state: 'copying', fault: { code: 'aws-unreachable' } });
    expect((await site.db.$count(events, eq(events.subjectId, imageId))) - before).toBe(1);
  });

  it('ends after two days, or at once where no repetition helps', async () => {
    const old = await underWay(49);
    await copyFailed(site.ctx, await old.row(), fault('aws-unreachable', { cause: 'no route' }));
    expect(await old.row()).toMatchObject({ state: 'failed', fault: { code: 'image-copy-failed', cause: 'no route' } });
    const other = await underWay(1);
    await copyFailed(site.ctx, await other.row(), fault('aws-account-differs'));
    expect(await other.row()).toMatchObject({ state: 'failed', fault: { code: 'aws-account-differs' } });
  });
});

it('takes a few of each place at a time, so that one that does not answer holds up no other', async () => {
  const imageId = await madeImage([{ kind: 'region', region: ELSEWHERE, kmsKeyArn: null }]);
  const [row] = await site.db.select().from(imageCopies).where(eq(imageCopies.imageId, imageId));
  if (!row) throw new Error('no copy');
  const { notBefore: _, ...like } = row;
  const many = Array.from({ length: 30 }, (_each, at) => ({ ...like, id: `copy-many-${at}`, region: 'eu-north-1' }));
  await site.db.insert(imageCopies).values(many.map((each) => ({ ...each, notBefore: new Date(0) })));
  const taken = await takeCopies(site.ctx);
  expect(taken.filter(({ copy }) => copy.region === 'eu-north-1')).toHaveLength(5);
  expect(taken.map(({ copy }) => copy.id)).toContain(row.id);
});

describe('a copy that can never be', () => {
  const entries = (): Entries => [{ kind: 'target', targetId: partner }];

  it('fails at once when its target was moved to where the AMI is, and is not tried again', async () => {
    const { region, account, second } = lab.aws;
    const move = (to: { region: string; account: string }) =>
      site.db.update(awsTargetPlaces).set(to).where(eq(awsTargetPlaces.targetId, partner));
    const first = await madeImage(entries());
    const [image] = await site.db.select().from(images).where(eq(images.id, first));
    const [run] = await site.db
      .select()
      .from(replicationRuns)
      .where(eq(replicationRuns.id, image?.runId ?? ''));
    if (!run) throw new Error('no run');
    await site.db.delete(imageCopies).where(eq(imageCopies.imageId, first));
    await move({ region, account });
    try {
      await planCopies(site.db, run, first);
    } finally {
      await move({ region: second.region, account: second.account });
    }
    expect(await copiesOf(first)).toMatchObject([{ state: 'failed', fault: { retry: 'never' } }]);
    expect((await copiesOf(first))[0]?.fault?.message).toContain('the AMIs are there already');
    await retryCopies(site.as('operator'), { imageId: first });
    expect(await copiesOf(first)).toMatchObject([{ state: 'failed' }]);
  });

  it('keeps its target from being deleted while it waits, and is not made in one that was', async () => {
    const imageId = await madeImage(entries());
    await updateTarget(site.ctx, { targetId: site.targetId, distribution: [] });
    await expect(deleteTarget(site.as('administrator'), { targetId: partner })).rejects.toThrow(
      '1 copy of an AMI under way',
    );
    const before = (await inLab(lab.aws.second)).length;
    await site.db.update(awsTargets).set({ retiredAt: new Date() }).where(eq(awsTargets.id, partner));
    try {
      await tend();
    } finally {
      await site.db.update(awsTargets).set({ retiredAt: null }).where(eq(awsTargets.id, partner));
    }
    expect(await copiesOf(imageId)).toMatchObject([{ state: 'failed', fault: { code: 'image-copy-failed' } }]);
    expect((await inLab(lab.aws.second)).length).toBe(before);
  });
});

describe('an AMI that AWS does not share', () => {
  it('is refused before it is saved where that is known', async () => {
    const share = [{ kind: 'share' as const, account: '210987654321' }];
    const change = (more: object) => updateTarget(site.as('administrator'), { targetId: site.targetId, ...more });
    await expect(change({ encrypted: true, distribution: share })).rejects.toThrow('AWS shares no AMI');
    await change({ distribution: share });
    await expect(change({ encrypted: true })).rejects.toThrow('AWS shares no AMI');
    await expect(change({ encrypted: true, distribution: [{ kind: 'target', targetId: partner }] })).rejects.toThrow(
      'AWS shares no AMI',
    );
    await expect(
      change({ distribution: [{ kind: 'region', region: lab.aws.region, kmsKeyArn: null }] }),
    ).rejects.toThrow('already');
    await expect(change({ distribution: [...share, ...share] })).rejects.toThrow('in the list already');
    await expect(change({ distribution: [{ kind: 'target', targetId: site.targetId }] })).rejects.toThrow(
      'this target',
    );
    expect(await faultCode(change({ distribution: [{ kind: 'target', targetId: 'target-none' }] }))).toBe('not-found');
  });

  it('is a fault that no repetition helps where only AWS knows', async () => {
    const own = await writeSnapshot(lab, { 0: filledBlock(9) }, { Encrypted: true });
    const imageId = await madeImage([{ kind: 'share', account: lab.aws.second.account }], own);
    expect(await settled(imageId)).toMatchObject([{ state: 'failed', fault: { code: 'image-not-shareable' } }]);
  });
});
