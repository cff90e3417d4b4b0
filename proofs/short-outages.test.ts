// Short outages of our own parts: PostgreSQL is restarted, the console is away, the connector is doubled or its session
// forgotten. Runs wait and go on; no program ends but by a decision of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../db/embedded-postgres.ts';
import { migrate } from '../db/migrate.ts';
import { connectors, images } from '../db/schema/index.ts';
import { CONNECTOR_NODE_OPTIONS } from '../scripts/connector-memory.ts';
import { expectNothingLeft, expectSameBytes } from './comparisons.ts';
import {
  endedRun,
  type Installation,
  importedCatalog,
  newJob,
  Program,
  runOf,
  startInstallation,
  until,
} from './installation.ts';

let folder: string;
let postgres: EmbeddedPostgres;
let site: Installation;
let pids: number[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'landfall-outage-'));
  postgres = await startEmbeddedPostgres(path.join(folder, 'postgres'), {
    throwAway: true,
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  });
  await migrate(postgres.url);
  site = await startInstallation({ database: { url: postgres.url, drop: async () => {} } });
  await importedCatalog(site);
  pids = [site.worker.pid, site.connector.pid];
}, 120_000);

afterEach(() => site.clearFaults());

afterAll(async () => {
  await site?.close();
  await postgres?.stop({ now: true });
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 60_000);

const slowly = () =>
  site.control('/faults', {
    id: 'slow',
    side: 'vcenter',
    operation: 'nfc:GET',
    effect: { kind: 'rate', bytesPerSecond: 1_000_000 },
  });

const copying = (job: string) =>
  until('the copy is under way', async () => {
    const run = await runOf(site, job);
    return run?.step === 'copy-disks' && (run.progress?.disks[0]?.bytesRead ?? 0) > 0 ? run : null;
  });

/** As an administrator restarts it: every session is ended, nobody is let in for a moment. */
async function restartPostgres(): Promise<void> {
  const before = postgres.pid();
  process.kill(before, 'SIGINT');
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    await delay(50);
    if (postgres.pid() === before) continue;
    if (
      await site.db.execute(sql`select 1`).then(
        () => true,
        () => false,
      )
    )
      return;
  }
  throw new Error('PostgreSQL did not come back');
}

it('goes on over restarts of PostgreSQL, in the copy and in every step at AWS', async () => {
  await slowly();
  const job = await newJob(site, 'web-01');
  await copying(job);
  await restartPostgres();
  await site.clearFaults();
  for (const step of ['make-snapshots', 'create-image']) {
    await until(`the run is at ${step}, or over`, async () => {
      const run = await runOf(site, job);
      return run?.step === step || run?.endedAt !== null;
    });
    await restartPostgres();
  }
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'completed', fault: null });
  await expectSameBytes(site, run);
  expect(await site.db.select().from(images).where(eq(images.runId, run.id))).toHaveLength(1);
  await expectNothingLeft(site);
  expect([site.worker.exitCode, site.connector.exitCode]).toEqual([null, null]);
  expect([site.worker.pid, site.connector.pid]).toEqual(pids);
}, 180_000);

it('goes on, with the same copy, when the console is away while disks are copied and sealed', async () => {
  await slowly();
  const job = await newJob(site, 'app-01');
  await copying(job);
  await site.gateway.stop();
  await site.clearFaults();
  // Long enough that the copy has ended and waits to say so; shorter than the connector's lease.
  await delay(8_000);
  await site.gateway.start();
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'completed', fault: null });
  expect(run.timeline['copy-disks']?.attempts).toBe(1);
  await expectSameBytes(site, run);
}, 180_000);

it('greets a console that was restored to before its session, and does the work again', async () => {
  await slowly();
  const job = await newJob(site, 'web-02');
  await copying(job);
  await site.db.update(connectors).set({ session: sql`${connectors.session} - 1` });
  await site.clearFaults();
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'completed', fault: null });
  expect(site.connector.pid).toBe(pids[1]);
}, 180_000);

it('ends with code 75 when another process takes over, stands by after that, and ends with 78 when it is refused', async () => {
  const second = new Program('connector/main.ts', site.connectorEnvironment, [], CONNECTOR_NODE_OPTIONS);
  try {
    second.start();
    await until('the first process has ended', async () => site.connector.exitCode !== null, 60);
    expect(site.connector.exitCode).toBe(75);
    site.connector.output = '';
    site.connector.start();
    await until('it stands by', async () => site.connector.output.includes('stands by'), 60);
    expect(second.exitCode).toBeNull();
    await site.db.update(connectors).set({ tokenHash: '' });
    await until('the second process has ended', async () => second.exitCode !== null, 60);
    expect(second.exitCode).toBe(78);
    expect(second.output).toContain('LANDFALL_ENROL_CODE');
  } finally {
    await second.end();
  }
}, 180_000);
