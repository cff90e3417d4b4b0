import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors, servers } from '../../../db/schema/index.ts';
import { listServers } from '../servers/list.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { clearCatalog, importCatalog } from './import.ts';

let site: TestWorkspace;

beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

const everything = {
  page: 1,
  pageSize: 50,
  cursor: null,
  sort: { by: 'name', descending: false },
  filter: { operation: 'and' as const, tokens: [] },
};
const names = async (tokens: { property?: string; operator: '=' | ':' | '!:' | '^' | '>='; value: string }[] = []) =>
  (await listServers(site.as('viewer'), { ...everything, filter: { operation: 'and', tokens } })).items.map(
    (server) => server.name,
  );

describe('the server catalog', () => {
  it('counts what is new, changed and gone', async () => {
    await site.importServers([catalogServer('alpha'), catalogServer('beta'), catalogServer('100%_sure')]);
    const summary = async () => (await site.db.select().from(connectors))[0]?.catalogSummary;
    expect(await summary()).toEqual({ found: 3, added: 3, changed: 0, gone: 0 });
    await site.importServers([
      catalogServer('alpha', { memoryMiB: 4096 }),
      catalogServer('100%_sure', { tools: 'not-running' }),
    ]);
    expect(await summary()).toEqual({ found: 2, added: 0, changed: 1, gone: 1 });
    const [beta] = await site.db.select().from(servers).where(eq(servers.name, 'beta'));
    expect(beta?.goneAt).not.toBeNull();
    await site.importServers([
      catalogServer('alpha', { memoryMiB: 4096 }),
      catalogServer('beta'),
      catalogServer('100%_sure'),
    ]);
    const [back] = await site.db.select().from(servers).where(eq(servers.name, 'beta'));
    expect(back).toMatchObject({ id: beta?.id, goneAt: null });
  });

  it("leaves an unchanged server's row alone within the hour of its last sight, and counts it all the same", async () => {
    const versions = async () =>
      Object.fromEntries(
        (await site.db.execute(sql`select name, xmin::text from servers`)).rows.map((row) => [row.name, row.xmin]),
      );
    const importOf = (addresses: string[]) =>
      site.importServers([
        catalogServer('alpha', { memoryMiB: 4096 }),
        catalogServer('beta', { addresses }),
        catalogServer('100%_sure'),
      ]);
    await importOf(['10.0.0.1']);
    const before = await versions();
    await importOf(['10.0.0.2']);
    const after = await versions();
    expect(after).toEqual({ ...before, beta: expect.not.stringMatching(`^${before.beta}$`) });
    const [connector] = await site.db.select().from(connectors);
    expect(connector?.catalogSummary).toEqual({ found: 3, added: 0, changed: 0, gone: 0 });
    expect((await site.db.select().from(servers)).map(({ goneAt }) => goneAt)).toEqual([null, null, null]);

    await site.db
      .update(servers)
      .set({ lastSeenAt: sql`now() - interval '61 minutes'`, readiness: 'blocked' })
      .where(eq(servers.name, 'alpha'));
    await importOf(['10.0.0.2']);
    const [alpha] = await site.db.select().from(servers).where(eq(servers.name, 'alpha'));
    expect(alpha?.readiness).toBe('ready');
    expect(Date.now() - Number(alpha?.lastSeenAt)).toBeLessThan(60_000);
  });

  it('is filtered, sorted and paged by the server, whatever characters are asked for', async () => {
    expect(await names()).toEqual(['100%_sure', 'alpha', 'beta']);
    expect(await names([{ property: 'name', operator: ':', value: '%_s' }])).toEqual(['100%_sure']);
    expect(await names([{ operator: ':', value: "'; drop table servers; --" }])).toEqual([]);
    expect(await names([{ property: 'memoryMiB', operator: '>=', value: '4096' }])).toEqual(['alpha']);
    expect(await names([{ operator: '!:', value: 'alpha' }])).toEqual(['100%_sure', 'beta']);
    const second = await listServers(site.ctx, { ...everything, page: 2, pageSize: 2 });
    expect([second.total, second.items.map((server) => server.name)]).toEqual([3, ['beta']]);
    expect(
      await faultCode(listServers(site.ctx, { ...everything, sort: { by: 'passwordHash', descending: false } })),
    ).toBe('input-invalid');
    expect(await faultCode(names([{ property: 'memoryMiB', operator: '>=', value: 'much' }]))).toBe('input-invalid');
  });

  it('is imported and cleared by those who may', async () => {
    expect(await faultCode(importCatalog(site.as('viewer'), {}))).toBe('permission-denied');
    expect(await faultCode(clearCatalog(site.as('viewer')))).toBe('permission-denied');
    expect(await clearCatalog(site.as('operator'))).toEqual({ cleared: 3, kept: 0 });
    expect(await names()).toEqual([]);
    await site.importServers([catalogServer('alpha')]);
    expect(await names()).toEqual(['alpha']);
  });
});
