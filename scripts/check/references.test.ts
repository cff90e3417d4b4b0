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
    ['a command', 'docs/a.md', '`npm run deploy`', 'docs/a.md:1 package.json has no npm run deploy'],
    ['a page', 'docs/a.md', '[x](b.md)', 'docs/a.md:1 the link leads to docs/b.md, which is not there'],
    ['a heading', 'docs/a.md', '[x](jobs.md#runs)', 'docs/a.md:1 docs/jobs.md has no heading #runs'],
    ['a setting', 'docs/a.md', '`LANDFALL_KEY`', 'docs/a.md:1 nothing reads LANDFALL_KEY'],
    ['its description', 'server/a.ts', '\nuse(env.LANDFALL_KEY);', 'server/a.ts:2 no page describes LANDFALL_KEY'],
  ])('are found: %s', (_what, file, text, why) => {
    expect(whys({ [file]: text })).toContain(why);
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
