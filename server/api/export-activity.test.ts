// The download as a browser gets it: what a spreadsheet and a program read of it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { audit } from '../../db/schema/index.ts';
import { cookieOf } from '../auth/testing-cookie.ts';
import { type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { handleActivityExport } from './export-activity.ts';

let site: TestWorkspace;
let cookie: string;

beforeAll(async () => {
  site = await testWorkspace();
  cookie = await cookieOf(site.as('viewer'));
  await site.db.insert(audit).values({
    workspaceId: site.workspaceId,
    actorKind: 'member',
    actorId: 'm',
    actorName: '=HYPERLINK("http://evil.example")',
    action: 'job.edit',
    subjectKind: 'job',
    subjectId: 'sms-job-1',
    subjectName: '<script>alert(1)</script>\n"two", lines',
    after: { note: '+1', every: 12 },
  });
});
afterAll(() => site.close());

const ask = (search: string) =>
  handleActivityExport(new Request(`http://localhost/api/activity/export?${search}`, { headers: { cookie } }));
const query = JSON.stringify({
  sort: null,
  filter: { operation: 'and', tokens: [{ property: 'action', operator: '=', value: 'job.edit' }] },
});

it('is CSV in which nothing becomes a formula, a row or a column', async () => {
  const answer = await ask(new URLSearchParams({ format: 'csv', query }).toString());
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="landfall-activity-[\d-]+\.csv"$/);
  const text = await answer.text();
  expect(text.split('\r\n')[0]).toBe(
    'id,at,actorKind,actorId,actorName,action,subjectKind,subjectId,subjectName,before,after,address,chain,hash',
  );
  expect(text).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
  expect(text).toContain('"<script>alert(1)</script>\n""two"", lines"');
  expect(text).toContain('"{""note"":""+1"",""every"":12}"');
  expect(text.trim().split('\r\n')).toHaveLength(2);
});

it('is a JSON document a line', async () => {
  const text = await (await ask(new URLSearchParams({ format: 'jsonl', query }).toString())).text();
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows).toEqual([
    expect.objectContaining({
      actorName: '=HYPERLINK("http://evil.example")',
      chain: 2,
      after: { note: '+1', every: 12 },
    }),
  ]);
});

it.each([
  ['format=xml', 400],
  ['', 400],
  ['format=csv&query=%7B', 400],
  [
    `format=csv&query=${encodeURIComponent('{"sort":{"by":"nothing","descending":false},"filter":{"operation":"and","tokens":[]}}')}`,
    400,
  ],
])('refuses %s with a fault', async (search, status) => {
  const answer = await ask(search);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ fault: { code: 'input-invalid' } });
});

it('is refused to who is not signed in', async () => {
  const answer = await handleActivityExport(new Request('http://localhost/api/activity/export?format=csv'));
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({ fault: { code: 'not-signed-in' } });
});
