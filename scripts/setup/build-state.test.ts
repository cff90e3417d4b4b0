import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildState, recordBuild, sourceHash } from './build-state.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'build-state-'));
  for (const folder of ['app/jobs', 'server', '.next']) mkdirSync(path.join(root, folder), { recursive: true });
  write('app/jobs/page.tsx', 'one');
  write('server/health.ts', 'one');
  write('package-lock.json', '{}');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(path.join(root, name), text);

function build(id = 'first'): void {
  const sources = sourceHash(root);
  write('.next/BUILD_ID', id);
  recordBuild(root, sources);
}

test('a build is missing, then fresh', () => {
  expect(buildState(root)).toBe('missing');
  build();
  expect(buildState(root)).toBe('fresh');
});

test.each([
  ['a changed page', () => write('app/jobs/page.tsx', 'two')],
  ['a new file', () => write('server/clock.ts', 'new')],
  ['a removed file', () => rmSync(path.join(root, 'server/health.ts'))],
  ['another set of packages', () => write('package-lock.json', '{"a":1}')],
  [
    'text moved from one file to another',
    () => {
      write('app/jobs/page.tsx', '');
      write('server/health.ts', 'oneone');
    },
  ],
  ['a build made past the script', () => write('.next/BUILD_ID', 'second')],
  ['a broken record', () => write('.next/landfall-build.json', '{')],
])('%s makes it stale', (_, change) => {
  build();
  change();
  expect(buildState(root)).toBe('stale');
});

test('a build is for one path', () => {
  build();
  expect(buildState(root, sourceHash(root, '/landfall'))).toBe('stale');
  expect(buildState(root, sourceHash(root, ''))).toBe('fresh');
});

test('tests and the lab are no part of the build', () => {
  build();
  mkdirSync(path.join(root, 'lab'));
  write('lab/main.ts', 'new');
  write('server/health.test.ts', 'new');
  expect(buildState(root)).toBe('fresh');
});

test('a build that broke off is missing, even with the record of an earlier one', () => {
  build();
  rmSync(path.join(root, '.next/BUILD_ID'));
  expect(buildState(root)).toBe('missing');
});
