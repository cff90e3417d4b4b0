// What a run left is released where it was made, wherever its target is now.
import { eq, like } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { artifacts, awsTargetPlaces, imageCopies, images, replicationRuns } from '../../db/schema/index.ts';
import { faultError } from '../../replication/model/fault.ts';
import type { AwsTarget, AwsTargetConfig } from '../../replication/target/aws/target.ts';
import { TargetPool } from '../services/cloud/target-pool.ts';
import { createJobs } from '../services/jobs/create.ts';
import { createTarget } from '../services/targets/create.ts';
import { updateTarget } from '../services/targets/update.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { reap } from './reaper.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

it('takes objects out of the bucket that they were put into, though the target has another one now', async () => {
  const { db, ctx, workspaceId, targetId } = site;
  await site.importServers([catalogServer('web')]);
  const [server] = await db.query.servers.findMany();
  const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
  await createJobs(ctx, { servers: [{ serverId: server?.id ?? '' }], settings });
  const [run] = await db.update(replicationRuns).set({ state: 'failed', endedAt: new Date() }).returning();
  await db.insert(artifacts).values({
    ...{ id: 'artifact-1', workspaceId, runId: run?.id as string, kind: 's3-object', token: 'disk', state: 'created' },
    ...{ fence: 1, details: { key: 'landfall/disk' } },
  });
  await updateTarget(ctx, { targetId, region: 'us-east-1', bucket: 'another-bucket' });

  const deleted: string[] = [];
  const opened: AwsTargetConfig[] = [];
  const pool = new TargetPool((config) => {
    opened.push(config);
    const staging = { delete: async (key: string) => void deleted.push(`${config.region} ${config.bucket} ${key}`) };
    return { staging, close: () => undefined } as unknown as AwsTarget;
  });
  await reap(ctx, pool, new AbortController().signal);
  expect(deleted).toEqual(['eu-central-1 bucket landfall/disk']);
  expect(await db.select().from(artifacts)).toMatchObject([{ state: 'released', targetId, targetRevision: 1 }]);

  // Opened once for as long as the process runs; the new place is another one.
  const at = (targetRevision: number) => pool.at(db, { targetId, targetRevision });
  expect(await at(1)).toBe(await at(1));
  expect(await at(2)).not.toBe(await at(1));
  expect(opened.map(({ bucket }) => bucket)).toEqual(['bucket', 'another-bucket']);
});

it('waits with a place of which the environment has not been asked yet', async () => {
  const { db, targetId } = site;
  await db.update(awsTargetPlaces).set({ awaitsEnvironment: true }).where(eq(awsTargetPlaces.revision, 2));
  const pool = new TargetPool(() => ({}) as AwsTarget);
  await expect(pool.at(db, { targetId, targetRevision: 2 })).rejects.toThrow('no worker was started since the update');
  expect(await pool.at(db, { targetId, targetRevision: 1 })).toBeDefined();
});

it('takes away what a test of a target left, which belongs to no run, when its time has come', async () => {
  const { db, ctx, workspaceId, targetId } = site;
  const scratch = (id: string, releaseNotBefore: Date) => ({
    ...{
      id,
      workspaceId,
      targetId,
      targetRevision: 1,
      kind: 's3-object' as const,
      token: id,
      fence: 0,
      releaseNotBefore,
    },
    details: { key: `landfall/.check/${id}` },
  });
  const later = new Date(Date.now() + 3_600_000);
  await db.insert(artifacts).values([scratch('artifact-due', new Date(0)), scratch('artifact-later', later)]);
  const deleted: string[] = [];
  const pool = new TargetPool(({ bucket }) => {
    const staging = { delete: async (key: string) => void deleted.push(`${bucket} ${key}`) };
    return { staging, close: () => undefined } as unknown as AwsTarget;
  });
  await reap(ctx, pool, new AbortController().signal);
  expect(deleted).toEqual(['bucket landfall/.check/artifact-due']);
  const rows = await db.select().from(artifacts).where(like(artifacts.id, 'artifact-%e%')).orderBy(artifacts.id);
  expect(rows).toMatchObject([{ state: 'released' }, { state: 'declared', releaseNotBefore: later }]);
});

it('goes on at other targets while one does not answer, and asks that one once in a turn', async () => {
  const { db, ctx, workspaceId, targetId } = site;
  const { targetId: other } = await createTarget(ctx, { name: 'Other', region: 'eu-north-1', bucket: 'healthy' });
  const lying = (id: string, of: string) => ({
    ...{ id, workspaceId, targetId: of, targetRevision: 1, kind: 's3-object' as const, token: id, fence: 0 },
    ...{ releaseNotBefore: new Date(0), details: { key: id } },
  });
  const dead = ['turn-dead-1', 'turn-dead-2', 'turn-dead-3'].map((id) => lying(id, targetId));
  await db.insert(artifacts).values([...dead, lying('turn-healthy', other)]);
  const asked: string[] = [];
  const pool = new TargetPool(({ bucket }) => {
    const hang = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const remove = async (key: string, signal: AbortSignal) => {
      asked.push(key);
      if (bucket !== 'healthy') await hang(signal);
    };
    return { staging: { delete: remove }, close: () => undefined } as unknown as AwsTarget;
  });
  await reap(ctx, pool, new AbortController().signal, { turnMs: 300 });
  expect(asked.toSorted()).toEqual(['turn-dead-1', 'turn-healthy']);
  const rows = await db.select().from(artifacts).where(like(artifacts.id, 'turn-%')).orderBy(artifacts.id);
  const until = rows[0]?.releaseNotBefore as Date;
  expect(until.getTime()).toBeGreaterThan(Date.now());
  // A try, and a fault, are of what was asked alone.
  const putOff = { state: 'declared', releaseAttempts: 0, releaseFault: null, releaseNotBefore: until };
  const failed = { ...putOff, releaseAttempts: 1, releaseFault: { code: 'aws-unreachable' } };
  expect(rows).toMatchObject([failed, putOff, putOff, { state: 'released' }]);
});

it('goes on in the Region of the target, and at its other places, while the Region of a copy does not answer', async () => {
  const { db, ctx, workspaceId, targetId } = site;
  await db.update(awsTargetPlaces).set({ awaitsEnvironment: false });
  const base = { workspaceId, targetId, fence: 0, releaseNotBefore: new Date(0) };
  const copy = { kind: 'image-copy' as const, targetRevision: 1, details: { region: 'ap-south-1' } };
  await db.insert(artifacts).values([
    { ...base, ...copy, id: 'region-1-copy', token: 'region-1', createdAt: new Date(0) },
    ...[1, 2].map((targetRevision) => {
      const key = `region-${targetRevision + 1}`;
      return { ...base, id: key, token: key, kind: 's3-object' as const, targetRevision, details: { key } };
    }),
  ]);
  const pool = new TargetPool(
    () =>
      ({
        staging: { delete: async () => undefined },
        inRegion: () => ({ copies: { find: () => Promise.reject(faultError('aws-unreachable')) } }),
        close: () => undefined,
      }) as unknown as AwsTarget,
  );
  await reap(ctx, pool, new AbortController().signal);
  const rows = await db.select().from(artifacts).where(like(artifacts.id, 'region-%')).orderBy(artifacts.id);
  expect(rows).toMatchObject([{ state: 'declared', releaseAttempts: 1 }, { state: 'released' }, { state: 'released' }]);
});

it('keeps what it does not know, for a worker of the version that made it', async () => {
  const { db, ctx, workspaceId, targetId } = site;
  await db.insert(artifacts).values({
    ...{ id: 'unknown-1', workspaceId, targetId, targetRevision: 1, kind: 'of-tomorrow' as 's3-object' },
    ...{ token: 'unknown', fence: 0, details: {}, releaseNotBefore: new Date(0) },
  });
  const pool = new TargetPool(() => ({ close: () => undefined }) as unknown as AwsTarget);
  await reap(ctx, pool, new AbortController().signal);
  const rows = await db.select().from(artifacts).where(eq(artifacts.id, 'unknown-1'));
  const message = expect.stringContaining('a newer Landfall made it');
  expect(rows).toMatchObject([{ state: 'declared', releaseAttempts: 1, releaseFault: { message, retry: 'later' } }]);
});

it('takes away the copy of an AMI that went unheard, and no other', async () => {
  const { db, ctx, workspaceId, targetId } = site;
  const [run] = await db.select().from(replicationRuns);
  const at = { targetId, targetRevision: 1 };
  for (const [id, deregisteredAt] of [
    ['ami-gone', new Date()],
    ['ami-stands', null],
  ] as const) {
    const artifactId = `copy-of-${id}`;
    await db.insert(images).values({
      ...{ id, workspaceId, ...at, runId: run?.id as string, jobId: run?.jobId as string, name: id },
      ...{ method: 'register-image', snapshotIds: [], pointInTime: new Date(), deregisteredAt },
    });
    await db.insert(artifacts).values({
      ...{ id: artifactId, workspaceId, ...at, kind: 'image-copy', token: artifactId, fence: 0 },
      ...{ details: { region: 'eu-west-1' }, releaseNotBefore: new Date(0) },
    });
    await db.insert(imageCopies).values({
      ...{ id: artifactId, workspaceId, imageId: id, kind: 'region', region: 'eu-west-1', ...at, artifactId },
      ...{ state: 'available', copyImageId: `${id}-copy` },
    });
  }
  const none = { find: async () => [], describe: async () => new Map() };
  const there = { copies: none, images: none, snapshots: none };
  const pool = new TargetPool(() => ({ inRegion: () => there, close: () => undefined }) as unknown as AwsTarget);
  await reap(ctx, pool, new AbortController().signal);
  const rows = await db.select().from(artifacts).where(like(artifacts.id, 'copy-of-%')).orderBy(artifacts.id);
  expect(rows).toMatchObject([{ state: 'released' }, { state: 'declared' }]);
});
