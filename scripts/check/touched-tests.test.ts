import { describe, expect, it } from 'vitest';
import { touchedTests } from './touched-tests.ts';

const graph = {
  'lab/clock.ts': [],
  'server/jobs.ts': ['server/store.ts'],
  'server/store.ts': ['db/schema.ts'],
  'db/schema.ts': [],
  'server/jobs.test.ts': ['server/jobs.ts'],
  'server/store.test.ts': ['server/store.ts'],
  'db/schema.test.ts': ['db/schema.ts'],
  'lab/clock.test.ts': ['lab/clock.ts'],
  'docs/faults.test.ts': [],
};
const names = (module: string, file: string) => module === 'docs/faults.test.ts' && file === 'docs/faults.md';
const touched = (...changed: string[]) =>
  touchedTests(graph, changed, names).map(({ file, distance }) => [file, distance]);

describe('the tests that a change touches', () => {
  it('are those that reach it, the nearest first', () => {
    expect(touched('db/schema.ts')).toEqual([
      ['db/schema.test.ts', 1],
      ['server/store.test.ts', 2],
      ['server/jobs.test.ts', 3],
    ]);
    expect(touched('server/jobs.ts')).toEqual([['server/jobs.test.ts', 1]]);
  });

  it('are a changed test itself, and those that name a page in their text', () => {
    expect(touched('lab/clock.test.ts')).toEqual([['lab/clock.test.ts', 0]]);
    expect(touched('docs/faults.md')).toEqual([['docs/faults.test.ts', 1]]);
  });

  it('are none for what nobody reads', () => {
    expect(touched('docs/console.png', 'server/gone.ts')).toEqual([]);
  });
});
