// The audit trail as a file: every row that the filter holds, in order, and nothing of another workspace.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { audit, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { type TestWorkspace, testWorkspace } from '../testing.ts';
import { type ExportedEntry, exportActivity } from './export.ts';

const OTHER = 'ws-other' as WorkspaceId;
let site: TestWorkspace;
const ALL = { sort: null, filter: { operation: 'and' as const, tokens: [] } };

beforeAll(async () => {
  site = await testWorkspace();
  await site.db.insert(workspaces).values({ id: OTHER, name: 'Other' });
  const entry = (workspaceId: WorkspaceId, subjectName: string) => ({
    workspaceId,
    actorKind: 'member' as const,
    actorId: 'm',
    actorName: 'Ann',
    action: 'job.edit',
    subjectKind: 'job',
    subjectId: 'sms-job-1',
    subjectName,
    after: { everyHours: 12 },
  });
  await site.db.insert(audit).values(Array.from({ length: 1201 }, (_, at) => entry(site.workspaceId, `web-${at}`)));
  await site.db.insert(audit).values(entry(OTHER, 'not mine'));
});
afterAll(() => site.close());

async function all(query: Parameters<typeof exportActivity>[1]): Promise<ExportedEntry[]> {
  const rows: ExportedEntry[] = [];
  for await (const piece of exportActivity(site.as('viewer'), query, 'csv', new AbortController().signal))
    rows.push(...piece);
  return rows;
}

it('has every row once, over many pieces, with its place in the chain', async () => {
  const rows = await all(ALL);
  const names = rows.map(({ subjectName }) => subjectName);
  expect(names.filter((name) => name.startsWith('web-')).sort()).toEqual(
    Array.from({ length: 1201 }, (_, at) => `web-${at}`).sort(),
  );
  expect(names).not.toContain('not mine');
  expect(rows.every(({ chain, hash }) => chain !== null && hash?.length === 64)).toBe(true);
  expect(rows[0]?.at).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

it('keeps to the filter and the order of the table, and stands in the trail itself', async () => {
  const tokens = [{ property: 'subject', operator: '^' as const, value: 'web-120' }];
  const rows = await all({ sort: { by: 'subject', descending: true }, filter: { operation: 'and', tokens } });
  expect(rows.map(({ subjectName }) => subjectName)).toEqual(['web-1200', 'web-120']);
  const exports = await all({
    ...ALL,
    filter: { operation: 'and', tokens: [{ property: 'action', operator: '=', value: 'activity.export' }] },
  });
  expect(exports.map(({ actorName }) => actorName)).toContain('viewer');
});

it('ends when nobody reads on', async () => {
  const stop = new AbortController();
  const pieces = exportActivity(site.as('viewer'), ALL, 'csv', stop.signal);
  await pieces.next();
  stop.abort(new Error('closed'));
  await expect(pieces.next()).rejects.toThrow('closed');
});
