import { describe, expect, it } from 'vitest';
import { deadReferences } from './references.ts';

const GOOD = {
  'package.json': '{ "scripts": { "test": "node t.mjs", "check:imports": "node i.mjs" } }',
  'server/jobs/create.ts':
    '/** Called by jobs/edit.ts and `editJob`; see docs/jobs.md. */\nexport const port = process.env.LANDFALL_PORT;\n',
  'server/jobs/edit.ts':
    '// A run of `npm run check:imports`: of server/jobs/ and server/jobs/{create,edit}.ts, not of https://x.org/app/y.\nexport const editJob = 1;\n',
  'docs/jobs.md':
    '# Jobs of today\n[above](#jobs-of-today) [code](../server/jobs/edit.ts) `npm test` `LANDFALL_PORT`, `_HOST`\n',
  'connector/host.ts': 'export const host = process.env.LANDFALL_HOST;\n',
};
const whys = (more: Record<string, string>) =>
  deadReferences(new Map(Object.entries({ ...GOOD, ...more }))).map(({ file, line, why }) => `${file}:${line} ${why}`);

describe('dead references', () => {
  it('are none where everything is there', () => {
    expect(whys({})).toEqual([]);
  });

  it.each([
    ['a file by its path', 'lab/a.ts', '\n// See server/jobs/gone.ts.', 'lab/a.ts:2 there is no server/jobs/gone.ts'],
    ['a file by its name', 'lab/a.ts', '/** Kept by\n * gone.ts. */', 'lab/a.ts:2 there is no gone.ts'],
    ['one of several', 'lab/a.ts', '// lab/{a,b}.ts', 'lab/a.ts:1 there is no lab/{a,b}.ts'],
    ['a folder', 'lab/a.ts', '// All of server/runs.', 'lab/a.ts:1 there is no server/runs'],
    ['code', 'lab/a.ts', '// As `startJob` does.', 'lab/a.ts:1 nothing is called startJob'],
    ['the beginning of a name', 'lab/a.ts', '// As server/jobs/crea.', 'lab/a.ts:1 there is no server/jobs/crea'],
    ['one of many', 'lab/a.ts', '// All server/jobs/*.sql.', 'lab/a.ts:1 there is no server/jobs/*.sql'],
    ['one further down', 'lab/a.ts', '// All server/*.ts.', 'lab/a.ts:1 there is no server/*.ts'],
    ['a command', 'docs/a.md', '`npm run deploy`', 'docs/a.md:1 package.json has no npm run deploy'],
    ['a command of npm’s own', 'docs/a.md', '`npm start`', 'docs/a.md:1 package.json has no npm start'],
    ['code of a page', 'docs/a.md', '[x](../lab/a.ts)', 'docs/a.md:1 the link leads to lab/a.ts, which is not there'],
    ['a page', 'docs/a.md', '[x](b.md)', 'docs/a.md:1 the link leads to docs/b.md, which is not there'],
    ['a heading', 'docs/a.md', '[x](jobs.md#runs)', 'docs/a.md:1 docs/jobs.md has no heading #runs'],
    ['a setting', 'docs/a.md', '`LANDFALL_KEY`', 'docs/a.md:1 nothing reads LANDFALL_KEY'],
    ['its description', 'server/a.ts', '\nuse(env.LANDFALL_KEY);', 'server/a.ts:2 no page describes LANDFALL_KEY'],
    ['that of a connector', 'connector/a.ts', 'env.LANDFALL_KEY;', 'connector/a.ts:1 no page describes LANDFALL_KEY'],
    ['that of a start', 'scripts/run/a.ts', 'env.LANDFALL_KEY;', 'scripts/run/a.ts:1 no page describes LANDFALL_KEY'],
  ])('are found: %s', (_what, file, text, why) => {
    expect(whys({ [file]: text })).toContain(why);
  });

  it.each([
    ['a file without its ending', 'lab/a.ts', '// As server/jobs/create does.'],
    ['files by what they share', 'lab/a.ts', '// All of server/*/*.ts and of server/{jobs}/{create,edit}.ts.'],
    ['a folder of code', 'docs/a.md', '[x](../server/jobs)'],
    ['what is elsewhere', 'docs/a.md', '[x](https://example.org/app/y.md) [y](mailto:a@example.org)'],
    [
      'headings as GitHub reads them',
      'docs/a.md',
      '# Jobs, [runs](jobs.md) & what’s next\n[x](#jobs-runs--whats-next)',
    ],
    ['what programs hand to each other', 'server/a.ts', 'use(env.LANDFALL_LAB);'],
    ['what only checks read', 'scripts/check/a.ts', 'use(env.LANDFALL_KEY);'],
  ])('are not: %s', (_what, file, text) => {
    expect(whys({ [file]: text })).toEqual([]);
  });

  it('are settings that only a test reads', () => {
    const more = { 'server/a.test.ts': 'use(env.LANDFALL_KEY);', 'docs/a.md': '`LANDFALL_KEY`' };
    expect(whys(more)).toEqual(['docs/a.md:1 nothing reads LANDFALL_KEY']);
  });

  it('are no matter of what stands in code, or is only handed on', () => {
    expect(whys({ 'server/b.ts': "const file = 'server/jobs/gone.ts';\n" })).toEqual([]);
    const handsOn = {
      'scripts/run/env.ts': 'const of = { LANDFALL_KEY: own.LANDFALL_KEY };',
      'docs/a.md': '`LANDFALL_KEY`',
    };
    expect(whys(handsOn)).toEqual(['docs/a.md:1 nothing reads LANDFALL_KEY']);
  });
});
