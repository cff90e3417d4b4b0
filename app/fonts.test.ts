import { readFileSync } from 'node:fs';
import { fontFamilyBase, fontFamilyMonospace } from '@cloudscape-design/design-tokens';
import { expect, it } from 'vitest';

it('sets the font tokens of the installed Cloudscape', () => {
  const css = readFileSync(new URL('./globals.css', import.meta.url), 'utf8');
  for (const token of [fontFamilyBase, fontFamilyMonospace]) {
    const name = /^var\((--[\w-]+)/.exec(token)?.[1];
    expect(name).toBeDefined();
    expect(css).toContain(`${name}:`);
  }
});
