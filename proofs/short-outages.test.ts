// Short outages of our own parts: PostgreSQL is restarted, the console is away, the connector is doubled or its session
// forgotten. Runs wait and go on; no program ends but by a decision of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../db/migrate.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../db/postgres/server.ts';
import { connectors, images } from '../db/schema/index.ts';
import { CONNECTOR_NODE_OPTIONS } from '../scripts/run/connector-memory.ts';
import { faultOf } from '../server/services/database-faults.ts';
import { cancelRun } from '../server/services/runs/cancel.ts';
import { expectNothingLeft, expectSameBytes } from './comparisons.ts';
import { Program } from './program.ts';
import { copyUnderWay, endedRun, newJob, runOf, slowExports, until } from './runs.ts';
import { site, withInstallation } from './site.ts';

let folder: string;
let postgres: EmbeddedPostgres;
let pids: number[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'landfall-outage-'));
  postgres = await startEmbeddedPostgres(path.join(folder, 'postgres'), {
    throwAway: true,
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  });
  await migrate(postgres.url);
}, 120_000);

afterAll(async () => {
  await postgres?.stop({ now: true });
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 60_000);

withInstallation(() => ({ database: { url: postgres.url, drop: async () => {} } }));

beforeAll(() => {
  pids = [site.worker.pid, site.connector.pid];
});

const slowly = () => slowExports(site);
const copying = (job: string) => copyUnderWay(site, job);

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

/** PostgreSQL refuses to write, as with a full disk; what it holds can be read. */
async function fillDisk(): Promise<void> {
  await site.db.execute(sql`create function no_room() returns trigger language plpgsql as $$ begin
    raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`);
  for (const table of ['tasks', 'artifacts', 'replication_runs', 'run_log', 'events', 'connectors'])
    await site.db.execute(
      sql`create trigger no_room before insert or update on ${sql.identifier(table)} execute function no_room()`,
    );
}
const makeRoom = () => site.db.execute(sql`drop function no_room cascade`);

it('goes on when the disk of PostgreSQL was full for a while, in the copy and in a step at AWS', async () => {
  await slowly();
  const job = await newJob(site, 'cache-01');
  await copying(job);
  await fillDisk();
  await site.clearFaults();
  await delay(5_000);
  await makeRoom();
  await until('the run is at AWS, or over', async () => {
    const run = await runOf(site, job);
    return run?.step === 'make-snapshots' || run?.endedAt !== null;
  });
  await fillDisk();
  // Longer than the worker's lease.
  await delay(6_000);
  await makeRoom();
  const run = await endedRun(site, job);
  expect(run).toMatchObject({ state: 'completed', fault: null });
  await expectSameBytes(site, run);
  expect(await site.db.select().from(images).where(eq(images.runId, run.id))).toHaveLength(1);
  await expectNothingLeft(site);
  expect([site.worker.pid, site.connector.pid]).toEqual(pids);
}, 180_000);

/** Stops the worker at a moment at which one of its transactions holds the run. */
async function freezeWithin(runId: string): Promise<void> {
  const isHeld = () =>
    site.db.execute(sql`select 1 from replication_runs where id = ${runId} for update nowait`).then(
      () => false,
      (error) => faultOf(error).code === 'being-changed',
    );
  await until(
    'the worker stands still within a transaction',
    async () => {
      process.kill(site.worker.pid, 'SIGSTOP');
      if ((await isHeld()) && (await delay(200, true)) && (await isHeld())) return true;
      process.kill(site.worker.pid, 'SIGCONT');
      await delay(Math.random() * 5);
      return false;
    },
    90,
  );
}

it('lets a run be cancelled while its worker stands still inside a transaction that holds it', async () => {
  // The step waits for room at AWS, and says so with each extension of its lease.
  await site.control('/faults', {
    side: 'aws',
    operation: 'ec2:ImportSnapshot',
    effect: { kind: 'fail', code: 'ResourceCountLimitExceeded', message: 'No more conversion tasks.', status: 400 },
  });
  const job = await newJob(site, 'mail-01');
  const { id: runId } = await until('it waits for room', async () => {
    const run = await runOf(site, job);
    return run?.step === 'make-snapshots' && run.progress?.note ? run : null;
  });
  await freezeWithin(runId);
  try {
    const cancelled = () => cancelRun(site.ctx, { runId }).then(() => null, faultOf);
    const refusals: string[] = [];
    await until(
      'it can be cancelled',
      async () => {
        const refusal = await cancelled();
        if (refusal) refusals.push(refusal.code);
        return refusal === null;
      },
      60,
    );
    expect(new Set(refusals)).toEqual(new Set(['being-changed']));
  } finally {
    process.kill(site.worker.pid, 'SIGCONT');
  }
  await site.clearFaults();
  expect(await endedRun(site, job)).toMatchObject({ state: 'cancelled' });
  await expectNothingLeft(site);
  expect(site.worker.pid).toBe(pids[0]);
}, 240_000);

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
