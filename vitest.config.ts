// Unit, contract and lab tests: *.test.ts beside the code. One Postgres for the run, started when the first suite asks for it.
// The property run takes the whole machine for minutes, so it comes when all others have ended.
import { configDefaults, defineConfig } from 'vitest/config';

const PROPERTY = 'proofs/property.test.ts';
const exclude = [
  ...configDefaults.exclude,
  '.next/**',
  '.landfall/**',
  'data/**',
  'e2e/**',
  'peers/**',
  'scripts/check/fixtures/**',
];
const globalSetup = ['db/postgres/testing.ts'];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Most files wait more than they compute, the proofs above all; the default on two cores is one at a time.
    maxWorkers: 4,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...exclude, PROPERTY],
          globalSetup,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'property', include: [PROPERTY], exclude, globalSetup, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
