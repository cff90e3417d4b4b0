import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import { replicationJobs, servers, workspaces } from '../../../db/schema/index.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { createJobs } from './create.ts';
import { listJobs, someJobs } from './list.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

it('answers for the chosen jobs together, as the list has them, and for none that is not in the list', async () => {
  await site.importServers(['a', 'b', 'c', 'd'].map((name) => catalogServer(name)));
  const settings = { everyHours: 1, seedAt: null, description: '', keepImages: null };
  const chosen = (await site.db.select().from(servers)).map(({ id }) => ({ serverId: id }));
  const { jobIds } = await createJobs(site.as('operator'), { servers: chosen, settings });
  const [first, second, deleted, elsewhere] = jobIds as [string, string, string, string];
  const viewer = site.as('viewer');
  const query = { page: 1, pageSize: 20, cursor: null, sort: null, filter: { operation: 'and' as const, tokens: [] } };
  const { items } = await listJobs(viewer, query);
  const other = newId.workspace();
  await site.db.insert(workspaces).values({ id: other, name: 'Other' });
  await site.db.update(replicationJobs).set({ workspaceId: other }).where(eq(replicationJobs.id, elsewhere));
  await site.db.update(replicationJobs).set({ deletedAt: new Date() }).where(eq(replicationJobs.id, deleted));

  const found = await someJobs(viewer, { jobIds: [...jobIds, 'sms-job-none'] });
  expect(found.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual(
    items.filter(({ id }) => id === first || id === second).toSorted((a, b) => a.id.localeCompare(b.id)),
  );
  expect(found.map(({ run }) => run?.status)).toEqual([expect.anything(), expect.anything()]);
  expect(await someJobs(viewer, { jobIds: [] })).toEqual([]);
  const many = Array.from({ length: 201 }, () => first);
  expect(await faultCode(someJobs(viewer, { jobIds: many }))).toBe('input-invalid');
});
