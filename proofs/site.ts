// The installation that all proofs of one file share: started before the first, without faults after each, ended after the last.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Installation, type InstallationOptions, startInstallation } from './installation.ts';
import { deleteJobs, importedCatalog } from './runs.ts';

export let site: Installation;

/** Starts it with a full catalog. `options` may wait for what the file itself has begun before. */
export function withInstallation(options: InstallationOptions | (() => InstallationOptions) = {}): void {
  beforeAll(async () => {
    site = await startInstallation(typeof options === 'function' ? options() : options);
    await importedCatalog(site);
  }, 330_000);
  // vitest calls the hooks of the file itself, which come later, before this one.
  afterEach(() => site.clearFaults());
  afterAll(() => site?.close(), 60_000);
}

/** The same, and the jobs of a proof are gone before the next one begins. */
export function withInstallationWithoutJobs(options: InstallationOptions = {}): void {
  withInstallation(options);
  afterEach(async () => {
    await site.clearFaults();
    await deleteJobs(site);
  }, 90_000);
}

/**
 * Puts the clock of every program of ours ahead, by milliseconds from now on. To be called before the installation is
 * started; the database's own time goes on as it does.
 */
export function withClock(): (aheadMs: number) => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'landfall-clock-'));
  const file = path.join(folder, 'clock');
  beforeAll(() => {
    process.env.LANDFALL_TEST_CLOCK = file;
  });
  afterAll(() => {
    delete process.env.LANDFALL_TEST_CLOCK;
    rmSync(folder, { recursive: true, force: true });
  });
  return (aheadMs) => writeFileSync(file, String(aheadMs));
}
