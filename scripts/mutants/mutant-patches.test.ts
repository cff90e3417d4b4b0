import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { MUTANTS } from './mutant-patches.ts';

const root = path.resolve(import.meta.dirname, '../..');

test.each(MUTANTS.flatMap(({ name, edits }) => edits.map(({ file, search }) => ({ name, file, search }))))(
  'the wrong patch "$name" fits $file',
  ({ file, search }) => {
    expect(readFileSync(path.join(root, file), 'utf8').split(search)).toHaveLength(2);
  },
);
