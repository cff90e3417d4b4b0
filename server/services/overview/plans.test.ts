// What the start page and the connectors ask for does not grow with the fleet.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { replicationJobs } from '../../../db/schema/index.ts';
import { getConnector, listConnectors } from '../connectors/list.ts';
import { catalogStatus } from '../servers/list.ts';
import { foldTallies, wrongTallies } from '../tallies/keep.ts';
import { type TestWorkspace, testWorkspace } from '../testing.ts';
import { fillFleet, wholeTableReads } from '../testing-fleet.ts';
import { getOverview } from './get.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
  const { db, workspaceId, connectorId } = site;
  await fillFleet(db, { workspaceId, connectorId, size: 2_000 });
  await foldTallies(site.ctx);
}, 120_000);
afterAll(() => site.close());

const query = { page: 1, pageSize: 20, cursor: null, filter: { operation: 'and' as const, tokens: [] } };

it('reads no table of the fleet from end to end', async () => {
  const viewer = site.as('viewer');
  const { asked, reads } = await wholeTableReads(site.db, async () => {
    await getOverview(viewer);
    await catalogStatus(viewer);
    await getConnector(viewer, site.connectorId);
    for (const by of ['name', 'servers', 'jobs', 'runs'])
      await listConnectors(viewer, { ...query, sort: { by, descending: true } });
  });
  expect(asked).toBeGreaterThan(15);
  expect(reads).toEqual([]);
});

it('would say so', async () => {
  const { reads } = await wholeTableReads(site.db, () =>
    site.db.select().from(replicationJobs).where(sql`${replicationJobs.description} = ${'x'}`),
  );
  expect(reads).toEqual([
    expect.stringMatching(/^replication_jobs: select .* where "replication_jobs"."description" = /),
  ]);
});

it('says what is there', async () => {
  const overview = await getOverview(site.as('viewer'));
  expect(overview).toMatchObject({
    servers: { total: 2_000, blocked: 40 },
    jobs: { active: 1_950, failed: 50 },
    images: 1_600,
    instancesRunning: 200,
    running: { queued: 20, total: 20 },
  });
  expect(overview.running.items).toHaveLength(8);
  expect(overview.cutovers).toHaveLength(10);
  const { under1, under12, under24, older, never } = overview.lag;
  expect(under1 + under12 + under24 + older + never).toBe(2_000);
  // Every twelve hours each, so twice within the hours that are shown, or once where the second time lies beyond them.
  expect(overview.upcoming.total).toBeGreaterThan(3_500);
  expect(overview.upcoming.total).toBeLessThanOrEqual(4_000);
  expect(await wrongTallies(site.db)).toEqual([]);
});
