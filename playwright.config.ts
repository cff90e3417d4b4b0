// Stories in a real browser against the real thing: npm start on a fresh data folder and a free port, lab included.
// Started by npm test, or alone with npm run test:stories.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defineConfig } from '@playwright/test';
import { clockFile } from './e2e/clock.ts';
import { makePassword } from './scripts/run/data-folder.ts';
import { freePort } from './scripts/run/ports.ts';
import { chromiumFlags, findChromium } from './scripts/setup/chromium.ts';

// This file is read by the runner and again by its workers, which inherit the runner's environment: decided once, read by all.
// LANDFALL_STORIES_URL names a Landfall that runs already; then none is started, and these three must be set by hand.
const { env } = process;
env.LANDFALL_FIRST_ADMIN_PASSWORD ??= makePassword();
env.LANDFALL_FIRST_VIEWER_PASSWORD ??= makePassword();
env.LANDFALL_STORIES_DATA ??= mkdtempSync(path.join(tmpdir(), 'landfall-stories-'));
const running = env.LANDFALL_STORIES_URL;
env.LANDFALL_STORIES_PORT ??= String(await freePort());
const url = running ?? `http://localhost:${env.LANDFALL_STORIES_PORT}`;

export default defineConfig({
  testDir: 'e2e/stories',
  testMatch: /\.(story|spec|test)\.ts$/,
  outputDir: 'test-results',
  // One installation is shared, so one story at a time (npm test has two installations at once).
  // A story that passes at the second try only has failed.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: Boolean(env.CI),
  timeout: 300_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    baseURL: url,
    // Without a graphics card, filming and animating every spinner took a third of all processor time of the stories.
    trace: { mode: 'retain-on-failure', screenshots: false },
    contextOptions: { reducedMotion: 'reduce' },
    screenshot: 'only-on-failure',
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: findChromium(), args: chromiumFlags() },
  },
  projects: [{ name: 'chromium', use: { browserName: 'chromium' } }],
  webServer: running
    ? undefined
    : {
        command: `node scripts/run/start.mjs --port ${env.LANDFALL_STORIES_PORT} --data ${env.LANDFALL_STORIES_DATA}`,
        // Answers only when web and database are up; the connector and the lab are up before that.
        url: `${url}/api/health`,
        timeout: 300_000,
        reuseExistingServer: false,
        gracefulShutdown: { signal: 'SIGTERM', timeout: 30_000 },
        stdout: 'pipe',
        stderr: 'pipe',
        env: {
          // Stories of schedules move the time that web and worker live in.
          LANDFALL_TEST_CLOCK: clockFile(env.LANDFALL_STORIES_DATA),
          LANDFALL_LAB_OPTIONS: env.LANDFALL_LAB_OPTIONS ?? '--clock-scale 0.05',
          // The same servers on every machine; playwright.peers.config.ts has the one that boots.
          LANDFALL_LAB_GUEST_IMAGE: env.LANDFALL_LAB_GUEST_IMAGE ?? 'none',
        },
      },
});
