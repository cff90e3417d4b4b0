// Unit, contract and lab tests: *.test.ts beside the code. One Postgres for the run, started when the first suite asks for it.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '.next/**', '.landfall/**', 'data/**', 'e2e/**', 'peers/**', 'scripts/fixtures/**'],
    globalSetup: ['db/testing-postgres.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
