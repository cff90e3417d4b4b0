// Tests against programs that nobody here wrote; started by npm run test:peers, which installs those programs.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['peers/**/*.test.ts'],
    globalSetup: ['db/testing-postgres.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
