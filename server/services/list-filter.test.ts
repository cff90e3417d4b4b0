// Filters of lists: each kind of column with each operator, on a few servers and their jobs that are told apart by what they hold.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../db/ids.ts';
import { connectors, replicationJobs, servers, workspaces } from '../../db/schema/index.ts';
import { createJobs } from './jobs/create.ts';
import { listJobs } from './jobs/list.ts';
import type { ListQuery } from './list-page.ts';
import { listServers } from './servers/list.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from './testing.ts';

let site: TestWorkspace;

const found = [
  { name: 'Alpha-01', vcpus: 2, host: 'lp-esx', guestFamily: 'linux' },
  { name: 'alpha-02', vcpus: 4, host: 'esx', guestFamily: 'windows-server' },
  { name: 'beta_100%', vcpus: 8, host: 'esx', guestFamily: 'windows-client' },
  { name: 'betax1000', vcpus: 8, host: 'esx', guestFamily: 'other' },
  { name: 'cab q.r', vcpus: 16, host: 'u\\v', guestFamily: 'other' },
  { name: 'cab qxr x𝐀𝐁', vcpus: 16, host: 'uxv', guestFamily: 'other' },
] as const;
type Name = (typeof found)[number]['name'];
const A1 = 'Alpha-01';
const A2 = 'alpha-02';
const B = 'beta_100%';
const BX = 'betax1000';
const C = 'cab q.r';
const CX = 'cab qxr x𝐀𝐁';
const ALL: Name[] = [A1, A2, B, BX, C, CX];
const but = (...names: Name[]) => ALL.filter((name) => !names.includes(name));

/** What each job says, and when it runs next. */
const JOBS: Record<Name, [description: string, nextRunAt: string | null, hours: number | null]> = {
  [A1]: ['night', '2030-03-01T00:00:00Z', 1],
  [A2]: ['night shift', '2030-03-02T00:00:00Z', 2],
  [B]: ['Night Watch', '2030-03-03T00:00:00Z', 12],
  [BX]: ['', '2030-03-04T00:00:00Z', 12],
  [C]: ['', null, null],
  [CX]: ['', null, null],
};

beforeAll(async () => {
  site = await testWorkspace();
  const { db, workspaceId, connectorId } = site;
  await site.importServers(
    found.map(({ name, ...of }) =>
      catalogServer(name, { ...of, path: `/${of.host}`, guestName: 'System', addresses: [] }),
    ),
  );
  const rows = await db.select({ serverId: servers.id }).from(servers);
  await createJobs(site.ctx, {
    servers: rows,
    settings: { everyHours: 12, seedAt: null, description: '', keepImages: null },
  });
  for (const [name, [description, at, everyHours]] of Object.entries(JOBS)) {
    await db
      .update(replicationJobs)
      .set({ description, everyHours, nextRunAt: at ? new Date(at) : null })
      .where(eq(replicationJobs.serverName, name));
  }
  // Never found: what is the neighbour's, and what was cleared from the catalog.
  const neighbour = newId.workspace();
  await db.insert(workspaces).values({ id: neighbour, name: 'Neighbour' });
  const [connector] = await db.select().from(connectors).where(eq(connectors.id, connectorId));
  await db.insert(connectors).values({ ...connector!, id: 'c-next-door', workspaceId: neighbour, tokenHash: 'y' });
  for (const { search: _search, pathStart: _start, ...server } of await db.select().from(servers)) {
    const { id, vmId } = server;
    await db.insert(servers).values([
      { ...server, id: `${id}-x`, vmId: `${vmId}-x`, workspaceId: neighbour, connectorId: 'c-next-door' },
      { ...server, id: `${id}-y`, vmId: `${vmId}-y`, workspaceId, clearedAt: new Date() },
    ]);
  }
});
afterAll(() => site.close());

/** `and` joins what all must fit; else one is enough. */
function query(text: string): ListQuery {
  const operation = text.includes(' | ') ? 'or' : 'and';
  const tokens = text.split(operation === 'or' ? ' | ' : ' & ').map((one) => {
    const [, property, operator, value = ''] = /^([A-Za-z]*)(!=|!:|!\^|>=|<=|=|:|\^|>|<)(.*)$/.exec(one) ?? [];
    return { ...(property && { property }), operator: operator as '=', value };
  });
  return { page: 1, pageSize: 100, cursor: null, sort: null, filter: { operation, tokens } };
}

it.each<[string, Name[]]>([
  ['name=alpha-02', [A2]],
  ['name=ALPHA-02', []],
  ['name!=alpha-02', but(A2)],
  ['name:ALPHA', [A1, A2]],
  ['name!:ALPHA', but(A1, A2)],
  ['name^ALPHA', [A1, A2]],
  ['name^lpha', []],
  ['name!^beta', but(B, BX)],
  // Signs of SQL's patterns, and of regular expressions, are only themselves.
  ['name:100%', [B]],
  ['name:a_1', [B]],
  ['name^beta_', [B]],
  [':ta_1', [B]],
  [':0%', []],
  ['host:u\\v', [C]],
  [':u\\v', [C]],
  ['name:q.', [C]],
  [':q.', [C]],
  // One or two characters: at the start of words only, whatever stands before them.
  ['name:al', [A1, A2]],
  ['name:lp', []],
  [':lp', [A1]],
  [':LP', [A1]],
  ['!:lp', but(A1)],
  ['name:02', [A2]],
  [':es', but(C, CX)],
  ['name:00', []],
  [':𝐀𝐁', []],
  // A choice is found by its words, and is one of several.
  ['family=windows-server', [A2]],
  ['family!=windows-server', but(A2)],
  ['family:windows', [A2, B]],
  ['family:WINDOWS', [A2, B]],
  ['family:WI', [A2, B]],
  ['family!:windows', but(A2, B)],
  ['family^WIN', [A2, B]],
  ['family^server', []],
  ['family!^win', but(A2, B)],
  ['family:in', []],
  ['family:cloud', []],
  ['family!:cloud', ALL],
  [':windows', [A2, B]],
  [':WI', [A2, B]],
  ['!:windows', but(A2, B)],
  // Numbers, also between two whole ones.
  ['vcpus=4', [A2]],
  ['vcpus!=4', but(A2)],
  ['vcpus>4', but(A1, A2)],
  ['vcpus>=4', but(A1)],
  ['vcpus<4', [A1]],
  ['vcpus<=4', [A1, A2]],
  ['vcpus>3.5', but(A1)],
  ['vcpus>=3.5', but(A1)],
  ['vcpus<3.5', [A1]],
  ['vcpus<=3.5', [A1]],
  ['vcpus=3.5', []],
  ['vcpus=4.5', []],
  ['vcpus!=3.5', ALL],
  ['vcpus>1e300', []],
  ['vcpus<1e300', ALL],
  // Together.
  ['vcpus>=4 & family:windows', [A2, B]],
  ['vcpus<4 | family:windows', [A1, A2, B]],
  ['name!:alpha | vcpus=2', but(A2)],
])('servers: %s', async (text, names) => {
  const page = await listServers(site.as('viewer'), query(text));
  expect(page.items.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect(page).toMatchObject({ total: names.length, more: false });
});

it.each<[string, Name[]]>([
  // A column that only the text's index knows.
  ['description=night', [A1]],
  ['description!=night', but(A1)],
  ['description:night', [A1, A2, B]],
  ['description^Night w', [B]],
  ['description!:night', but(A1, A2, B)],
  [':watch', [B]],
  // Numbers and moments that some rows have none of: these differ from every value, and compare with none.
  ['frequency=12', [B, BX]],
  ['frequency!=12', but(B, BX)],
  ['frequency<12', [A1, A2]],
  ['frequency>2', [B, BX]],
  ['nextRunAt>=2030-03-02', [A2, B, BX]],
  ['nextRunAt>2030-03-02', [B, BX]],
  ['nextRunAt<2030-03-02', [A1]],
  ['nextRunAt<=2030-03-02', [A1, A2]],
  ['nextRunAt=2030-03-02', [A2]],
  ['nextRunAt!=2030-03-02', but(A2)],
  ['nextRunAt<2030-03-02 | frequency>=12', [A1, B, BX]],
])('jobs: %s', async (text, names) => {
  const page = await listJobs(site.as('viewer'), query(text));
  expect(page.items.map(({ serverName }) => serverName).sort()).toEqual([...names].sort());
  expect(page).toMatchObject({ total: names.length, more: false });
});

it.each([
  ['vcpus>', 'is not a number'],
  ['vcpus>many', 'is not a number'],
  ['vcpus>Infinity', 'is not a number'],
  ['lastSeenAt>=', 'is not a date'],
  ['lastSeenAt<0000-01-01', 'is not a date'],
])('refuses %s', async (text, why) => {
  await expect(listServers(site.as('viewer'), query(text))).rejects.toThrow(why);
});

it('takes an age of any length', async () => {
  await site.db.update(replicationJobs).set({ latestImageAt: sql`now() - interval '3 hours'` });
  const total = async (text: string) => (await listJobs(site.as('viewer'), query(text))).total;
  expect(await Promise.all(['lag>2.5', 'lag>3.5', 'lag<3.5', 'lag<=1e9', 'lag>1e300'].map(total))).toEqual([
    6, 0, 6, 6, 0,
  ]);
});
