import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('is the only table: a page with one of its own would show one and a half columns on a phone', () => {
  const files = globSync('../**/*.tsx', { cwd: import.meta.dirname });
  const tables = files.filter((file) =>
    /^import (?!type\b).* from '@cloudscape-design\/components\/table'/m.test(
      readFileSync(new URL(file, import.meta.url), 'utf8'),
    ),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(tables.map((file) => file.split('/').at(-1))).toEqual(['adaptive-table.tsx']);
});
