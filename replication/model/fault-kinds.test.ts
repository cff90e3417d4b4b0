import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAULT_KINDS } from './fault-kinds.ts';

const page = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');

it('explains every fault in docs/faults.md, and no other', () => {
  const explained = [...page.matchAll(/^## ([a-z-]+)$/gm)].map((match) => match[1]);
  expect(explained.sort()).toEqual(Object.keys(FAULT_KINDS).sort());
});

it.each(Object.entries(FAULT_KINDS))(
  '%s says what happened and what to do, in words that the page repeats',
  (_code, kind) => {
    expect(kind.message).toMatch(/^(v(Center|Sphere)|[A-Z]).*\.$/);
    expect(kind.remedy).toMatch(/^[A-Z].*\.$/);
    expect(page).toContain(kind.message);
    expect(page).toContain(kind.remedy);
  },
);
