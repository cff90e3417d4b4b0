// What AWS grants to an account in a Region is for all workspaces together.

import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import {
  awsTargetPlaces,
  connectors,
  type RunRow,
  replicationJobs,
  replicationRuns,
  servers,
  workspaces,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { type ServiceContext, systemContext } from '../context.ts';
import { createTarget } from '../targets/create.ts';
import { placeAt } from '../targets/store.ts';
import { type TestWorkspace, testWorkspace } from '../testing.ts';
import { updateRunLimits, whyQueued } from './limits.ts';

let site: TestWorkspace;
let count = 0;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

async function workspace(place: { region: string; account?: string }) {
  const id = newId.workspace();
  await site.db.insert(workspaces).values({ id, name: id });
  const ctx = systemContext(site.db, id);
  const { targetId } = await createTarget(ctx, { name: 'Main', bucket: 'bucket', ...place });
  await updateRunLimits(ctx, { total: 1, perTarget: 1 });
  return { id, ctx, targetId };
}

async function runIn(
  { id, targetId }: { id: WorkspaceId; targetId: string },
  state: 'active' | 'pending',
): Promise<RunRow> {
  count += 1;
  const [connectorId, serverId, jobId] = [newId.connector(), newId.server(), newId.job()];
  const [connector] = await site.db.select().from(connectors).where(eq(connectors.id, site.connectorId));
  if (!connector) throw new Error('no connector');
  await site.db.insert(connectors).values({ ...connector, id: connectorId, workspaceId: id });
  await site.db.insert(servers).values({
    ...{
      id: serverId,
      workspaceId: id,
      connectorId,
      vmId: `vm-${count}`,
      uuid: 'u',
      name: 'web',
      path: '/',
      power: 'on',
    },
    ...{ guestName: 'Debian', guestFamily: 'linux', vcpus: 1, memoryMiB: 1, diskCount: 1, diskBytes: 1, host: 'h' },
    ...{ readiness: 'ready', record: { findings: [] } as never },
  });
  await site.db.insert(replicationJobs).values({
    ...{ id: jobId, workspaceId: id, serverId, connectorId, targetId, serverName: 'web', state: 'active' },
    ...{ license: 'auto', seedAt: new Date(), createdBy: 'system' },
  });
  const [run] = await site.db
    .insert(replicationRuns)
    .values({
      ...{
        id: newId.run(),
        workspaceId: id,
        jobId,
        connectorId,
        targetId,
        targetRevision: 1,
        serverName: 'web',
        state,
      },
      ...{ type: 'automatic', settings: {} as never, step: 'check-server', scheduledFor: new Date() },
    })
    .returning();
  return run as RunRow;
}

async function queued(run: RunRow): Promise<string | null> {
  const place = await placeAt(site.db, run);
  return whyQueued(site.db, { ...run, place }, { id: run.connectorId, name: 'c', maxRuns: 4 });
}

it('a run of another workspace takes up the place in the same account and Region, and in no other', async () => {
  const mine = { region: 'eu-central-1', account: '111111111111' };
  await runIn(await workspace(mine), 'active');
  expect(await queued(await runIn(await workspace(mine), 'pending'))).toBe(
    'Queued: the AWS target in eu-central-1 takes one run at a time, and one is going.',
  );
  expect(await queued(await runIn(await workspace({ ...mine, region: 'us-east-1' }), 'pending'))).toBeNull();
  expect(await queued(await runIn(await workspace({ ...mine, account: '222222222222' }), 'pending'))).toBeNull();
});

it('an account that AWS has not told yet may be the same one', async () => {
  await runIn(await workspace({ region: 'eu-west-1', account: '111111111111' }), 'active');
  const unknown = await workspace({ region: 'eu-west-1' });
  const run = await runIn(unknown, 'pending');
  expect(await queued(run)).toContain('the AWS target in eu-west-1');
  await site.db
    .update(awsTargetPlaces)
    .set({ account: '333333333333' })
    .where(eq(awsTargetPlaces.targetId, unknown.targetId));
  expect(await queued(run)).toBeNull();
});

it('a workspace with runs of its own keeps to the number of all of them, wherever they go', async () => {
  const here = await workspace({ region: 'eu-south-1', account: '111111111111' });
  await updateRunLimits(here.ctx as ServiceContext, { total: 1, perTarget: 1 });
  const { targetId } = await createTarget(here.ctx, { name: 'Other', region: 'eu-north-1', bucket: 'bucket' });
  await runIn(here, 'active');
  expect(await queued(await runIn({ ...here, targetId }, 'pending'))).toContain('the workspace');
});
