// Tests against programs that nobody here wrote; started by npm run test:peers, which installs those programs.
// Those that measure memory come when all others have ended, one at a time: on a busy machine they would measure less.
import { configDefaults, defineConfig } from 'vitest/config';

const MEASURING = ['peers/memory.test.ts', 'peers/delta-cost.test.ts'];
const globalSetup = ['db/postgres/testing.ts'];

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'peers',
          include: ['peers/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...MEASURING],
          globalSetup,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'measuring',
          include: MEASURING,
          globalSetup,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
