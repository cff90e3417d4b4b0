// Saved views of lists: each member's own, named once, one of a list its default, and not too many.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audit, events, savedViews } from '../../../db/schema/index.ts';
import type { Role } from '../../access/permissions.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { changeView, deleteView, listViews, MOST_VIEWS, saveView } from './views.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());
beforeEach(() => site.db.delete(savedViews));

type Own = Parameters<typeof listViews>[0];
const as = (role: Role) => site.as(role) as Own;
let requests = 0;
const nextRequest = () => {
  requests += 1;
  return requests.toString(16).padStart(32, '0');
};
const FAILED = {
  filter: { operation: 'and' as const, tokens: [{ property: 'state', operator: '=' as const, value: 'failed' }] },
  sort: { by: 'name', descending: true },
  pageSize: 50,
  columns: [
    { id: 'name', visible: true },
    { id: 'os', visible: false },
  ],
};
const wanted = (name: string, list: 'jobs' | 'servers' = 'jobs') => ({
  ...{ requestId: nextRequest(), list, name, view: FAILED },
});
const save = async (name: string, list: 'jobs' | 'servers' = 'jobs', role: Role = 'viewer') =>
  (await saveView(as(role), wanted(name, list))).viewId;
const names = async (role: Role = 'viewer') => (await listViews(as(role))).map(({ name }) => name);

describe('a saved view', () => {
  it('comes back as it was saved, is renamed, becomes another and is deleted, by a viewer too', async () => {
    const viewId = await save('  Failed ');
    expect(await listViews(as('viewer'))).toEqual([
      { id: viewId, list: 'jobs', name: 'Failed', view: FAILED, isDefault: false },
    ]);
    await changeView(as('viewer'), { viewId, name: 'All' });
    await changeView(as('viewer'), { viewId, view: { ...FAILED, sort: null, columns: null } });
    expect(await listViews(as('viewer'))).toMatchObject([{ name: 'All', view: { sort: null, columns: null } }]);
    await deleteView(as('viewer'), { viewId });
    expect(await names()).toEqual([]);
    expect(await faultCode(deleteView(as('viewer'), { viewId }))).toBe('not-found');
  });

  it('is its member’s own: nobody else sees, changes or deletes it, and it may be named like theirs', async () => {
    const viewId = await save('Mine');
    expect(await names('administrator')).toEqual([]);
    expect(await faultCode(changeView(as('administrator'), { viewId, name: 'Taken' }))).toBe('not-found');
    expect(await faultCode(deleteView(as('administrator'), { viewId }))).toBe('not-found');
    await save('Mine', 'jobs', 'administrator');
    expect(await names()).toEqual(['Mine']);
  });

  it('has its name once in a list, whatever the letters, and once in another', async () => {
    const viewId = await save('Failed');
    await save('Failed', 'servers');
    await expect(save('FAILED')).rejects.toMatchObject({ fault: { code: 'conflict', message: /of this name/ } });
    const other = await save('Other');
    expect(await faultCode(changeView(as('viewer'), { viewId: other, name: 'failed' }))).toBe('conflict');
    await changeView(as('viewer'), { viewId, name: 'failed' });
  });

  it('sent twice is one', async () => {
    const once = wanted('Once');
    const made = await Promise.all([saveView(as('viewer'), once), saveView(as('viewer'), once)]);
    expect(made[0]).toEqual(made[1]);
    expect(await names()).toEqual(['Once']);
  });

  it('is the default of its list alone, also when two become it at once', async () => {
    const [one, two] = [await save('One'), await save('Two')];
    const elsewhere = await save('Elsewhere', 'servers');
    for (const viewId of [one, elsewhere]) await changeView(as('viewer'), { viewId, isDefault: true });
    const both = [one, two].map((viewId) => changeView(as('viewer'), { viewId, isDefault: true }));
    await Promise.all(both);
    const defaults = (await listViews(as('viewer'))).filter(({ isDefault }) => isDefault);
    expect(defaults.map(({ list }) => list).toSorted()).toEqual(['jobs', 'servers']);
    await changeView(as('viewer'), { viewId: elsewhere, isDefault: false });
    expect((await listViews(as('viewer'))).filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  it('is one of fifty at most, which are said', async () => {
    for (let at = 0; at < MOST_VIEWS - 1; at += 1) await save(`View ${at}`);
    const last = await Promise.allSettled([save('Last'), save('Too many')]);
    expect(last.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(save('Another')).rejects.toMatchObject({ fault: { code: 'conflict', message: /50 saved views/ } });
  });

  it('is refused without a name, and of a list that is none', async () => {
    expect(await faultCode(save('   '))).toBe('input-invalid');
    expect(await faultCode(save('x', 'targets' as 'jobs'))).toBe('input-invalid');
  });

  it('is told to the member’s other tabs, and stands in no audit trail', async () => {
    const before = await site.db.$count(events);
    const audited = await site.db.$count(audit);
    await save('Told');
    expect((await site.db.select().from(events)).slice(before)).toMatchObject([{ topic: 'views' }]);
    expect(await site.db.$count(audit)).toBe(audited);
  });
});
