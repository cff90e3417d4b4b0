import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.dirname(createRequire(import.meta.url).resolve('@cloudscape-design/components/package.json'));
const theirs = readFileSync(path.join(root, 'internal/base-theme/styles.scoped.css'), 'utf8');
const ours = readFileSync(new URL('./globals.css', import.meta.url), 'utf8');

it('sets the font tokens of the installed Cloudscape', () => {
  const names = new Set(theirs.match(/--font-family-(base|heading|display|monospace)-\w+(?=:)/g));
  expect(names.size).toBe(4);
  for (const name of names) expect(ours).toContain(`${name}:`);
});

it('narrows the space between columns by tokens that the installed Cloudscape has', () => {
  const tokens = ours.match(/--space-[\w-]+(?=:)/g) ?? [];
  expect(tokens.length).toBeGreaterThan(0);
  for (const name of tokens) expect(theirs).toContain(`${name}:`);
});
