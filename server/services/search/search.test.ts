// One box finds what has a name or an id, and nothing of another workspace.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import { createJobs } from '../jobs/create.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';
import { searchEverything } from './search.ts';

let site: TestWorkspace;
const NAMES = [
  'Web-01',
  'web-02',
  'intranet web',
  'db-01',
  'x',
  'Größe',
  '50% off_sale',
  ...Array.from({ length: 150 }, (_, at) => `bulk-web-${at}`),
  'zz-web',
];

beforeAll(async () => {
  site = await testWorkspace();
  await site.importServers(NAMES.map((name) => catalogServer(name)));
  const [row] = await site.db.select({ serverId: servers.id }).from(servers).where(eq(servers.name, 'db-01'));
  if (row)
    await createJobs(site.ctx, {
      servers: [row],
      settings: { everyHours: null, seedAt: null, description: '', keepImages: null },
    });
});
afterAll(async () => {
  await site.close();
});

const find = async (text: string) => {
  const found = await searchEverything(site.as('viewer'), { text });
  return found.map(({ kind, name }) => `${kind} ${name}`);
};

it('puts the very name first, then what starts with it, whatever its case', async () => {
  expect(await find('zz-web')).toEqual(['server zz-web']);
  const found = await find('WEB-0');
  expect(found.slice(0, 2).sort()).toEqual(['server Web-01', 'server web-02']);
  expect((await find('web')).length).toBe(5);
});

it('finds the beginning of a name by one letter, and any part by three', async () => {
  expect(await find('x')).toEqual(['server x']);
  expect(await find('rang')).toEqual([]);
  expect(await find('ranet')).toEqual(['server intranet web']);
  expect(await find('GRÖSSE')).toEqual([]);
  expect(await find('größ')).toEqual(['server Größe']);
});

it('takes signs of a pattern for what they are', async () => {
  expect(await find('50% off')).toEqual(['server 50% off_sale']);
  expect(await find('_sale')).toEqual(['server 50% off_sale']);
  expect(await find('%%%')).toEqual([]);
});

it('finds everything by its id, or the beginning of one, and runs by that alone', async () => {
  const [job] = await site.db.select().from(replicationJobs);
  const [run] = await site.db.select().from(replicationRuns);
  expect(await find(job?.id ?? '')).toEqual(['job db-01']);
  expect(await find((run?.id ?? '').slice(0, -3).toUpperCase())).toEqual(['run db-01']);
  expect(await find('db-01')).toEqual(['server db-01', 'job db-01']);
});

it('knows connectors, targets and members', async () => {
  expect(await find('nort')).toContain('connector North');
  expect(await find('Mai')).toEqual(['target Main']);
  expect(await find('operator@')).toEqual(['member operator']);
});

it('finds nothing of another workspace', async () => {
  await site.db.execute(sql`insert into workspaces (id, name) values ('ws-other', 'Other')`);
  const stranger = {
    ...site.as('administrator'),
    principal: { ...site.as('administrator').principal, workspaceId: 'ws-other' },
  };
  for (const text of ['web', 'db-01', 'North', 'Main', 'operator', 's-', 'sms-job-'])
    expect(await searchEverything(stranger as typeof site.ctx, { text })).toEqual([]);
});

it('refuses nothing at all, and a text without end', async () => {
  await expect(find('  ')).rejects.toMatchObject({ fault: { code: 'input-invalid' } });
  await expect(find('x'.repeat(201))).rejects.toMatchObject({ fault: { code: 'input-invalid' } });
});
