// A database of before targets were rows, with jobs that went into two buckets one after the other: after the migration and a start
// with the environment of then, everything names the place where it lies.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../db/client.ts';
import { migrate } from '../../../db/migrate.ts';
import {
  artifacts,
  audit,
  awsTargetPlaces,
  awsTargets,
  baselines,
  images,
  instances,
  replicationJobs,
  replicationRuns,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { createTestDatabase, type TestDatabase } from '../../../db/testing.ts';
import { systemContext } from '../context.ts';
import { targetsFromEnvironment } from './from-environment.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../db/migrations', import.meta.url));
const BEFORE = '0015_list_ids';
const ENVIRONMENT = {
  LANDFALL_AWS_REGION: 'eu-central-1',
  LANDFALL_AWS_BUCKET: 'new-bucket',
  LANDFALL_AWS_ENDPOINT_EBS: 'https://ebs.internal',
};

let beside: TestDatabase;
let url: string;
let db: Database;

/** As an installation of then left it. */
beforeEach(async () => {
  beside = await createTestDatabase();
  await ask(beside.url, 'create database of_before template template0');
  const address = new URL(beside.url);
  address.pathname = '/of_before';
  url = address.href;
  await migrateUpTo(BEFORE);
  await ask(url, OLD_ROWS);
  await migrate(url);
  db = openDatabase(url, { max: 4 });
});
afterEach(async () => {
  await db.$client.end();
  await ask(beside.url, 'drop database of_before with (force)');
  await beside.drop();
});

async function ask(address: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

async function migrateUpTo(last: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'landfall-migrations-'));
  cpSync(MIGRATIONS, folder, { recursive: true });
  const file = path.join(folder, 'meta/_journal.json');
  const journal = JSON.parse(readFileSync(file, 'utf8')) as { entries: { tag: string }[] };
  journal.entries = journal.entries.slice(0, journal.entries.findIndex(({ tag }) => tag === last) + 1);
  writeFileSync(file, JSON.stringify(journal));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await applyMigrations(drizzle(client), { migrationsFolder: folder }).finally(() => client.end());
  rmSync(folder, { recursive: true });
}

const run = (id: string, job: string, bucket: string, day: number) => `
  insert into replication_runs (id, workspace_id, job_id, connector_id, server_name, type, state, settings, step, scheduled_for, created_at, ended_at)
  values ('${id}', 'ws-1', '${job}', 'c-1', 'web', 'automatic', 'completed',
    '{"license": "auto", "target": {"region": "eu-central-1", "bucket": "${bucket}"}}', 'prune-images', now(), '2026-10-0${day}', '2026-10-0${day}');
  insert into images (id, workspace_id, job_id, run_id, name, method, snapshot_ids, point_in_time)
  values ('ami-of-${id}', 'ws-1', '${job}', '${id}', 'web', 'register-image', '[]', now());
  insert into artifacts (id, workspace_id, run_id, kind, token, state, external_id, fence, details)
  values ('art-of-${id}', 'ws-1', '${id}', 'ebs-snapshot', 'token-${id}', 'created', 'snap-${id}', 1, '{}');`;

const job = (name: string, workspace: string) => `
  insert into servers (id, workspace_id, connector_id, vm_id, uuid, name, path, power, guest_name, guest_family, vcpus, memory_mi_b, disk_count,
    disk_bytes, host, readiness, record)
  values ('s-${name}', '${workspace}', 'c-${workspace.at(-1)}', 'vm-${name}', 'u', 'web', '/web', 'on', 'Debian', 'linux', 1, 1, 1, 1, 'h', 'ready', '{"findings": []}');
  insert into replication_jobs (id, workspace_id, server_id, connector_id, server_name, state, license, seed_at, created_by)
  values ('job-${name}', '${workspace}', 's-${name}', 'c-${workspace.at(-1)}', 'web', 'active', 'auto', now(), 'system');`;

const workspace = (number: number) => `
  insert into workspaces (id, name) values ('ws-${number}', 'W${number}');
  insert into connectors (id, workspace_id, name, version, host, addresses, vm_manager_type, vm_manager_name, vm_manager_id, vm_manager_url,
    vm_manager_version, token_hash)
  values ('c-${number}', 'ws-${number}', 'North', '1', 'h', '[]', 'vsphere', 'vc', 'id', 'https://vc', '8', 'x');`;

const OLD_ROWS = [
  workspace(1),
  workspace(2),
  workspace(3),
  `insert into target_settings (workspace_id, transfer, transport, verification, encrypted) values ('ws-1', 'ebs-direct', 'nfc', 'full', true);`,
  job('one', 'ws-1'),
  run('run-1', 'job-one', 'old-bucket', 1),
  run('run-2', 'job-one', 'new-bucket', 2),
  `insert into instances (id, workspace_id, instance_id, image_id, run_id, name, purpose, input, state, launched_by)
   values ('launch-1', 'ws-1', 'i-1', 'ami-of-run-1', 'run-1', 'web', 'test', '{}', 'running', 'somebody');
   insert into baselines (job_id, disk_id, workspace_id, run_id, capacity_bytes, snapshot_id, manifest_key, digest_root, digest_prefixes, point_in_time)
   values ('job-one', 'disk', 'ws-1', 'run-2', 1, 'snap-run-2', 'key', 'root', '[]', now());`,
  // A job whose first run is yet to come.
  job('later', 'ws-2'),
].join('\n');

it('knows after the migration in which of its buckets everything lies', async () => {
  const [target] = await db
    .select()
    .from(awsTargets)
    .where(eq(awsTargets.workspaceId, 'ws-1' as WorkspaceId));
  const settings = { name: 'Main', transfer: 'ebs-direct', transport: 'nfc', verification: 'full', encrypted: true };
  expect(target).toMatchObject({ ...settings, revision: 2 });
  const targetId = target?.id as string;
  const places = db.select().from(awsTargetPlaces).where(eq(awsTargetPlaces.targetId, targetId));
  expect(await places.orderBy(awsTargetPlaces.revision)).toMatchObject([
    { revision: 1, region: 'eu-central-1', bucket: 'old-bucket', awaitsEnvironment: true },
    { revision: 2, region: 'eu-central-1', bucket: 'new-bucket', awaitsEnvironment: true },
  ]);
  const at = (targetRevision: number) => ({ targetId, targetRevision });
  expect(await db.select().from(replicationJobs).where(eq(replicationJobs.id, 'job-one'))).toMatchObject([
    { targetId },
  ]);
  for (const table of [replicationRuns, images, artifacts]) {
    const rows = await db.select().from(table).orderBy(table.id);
    expect(rows).toMatchObject([at(1), at(2)]);
  }
  expect(await db.select().from(instances)).toMatchObject([at(1)]);
  expect(await db.select().from(baselines)).toMatchObject([at(2)]);
});

it('gets from the environment what only that knows, once, and makes no other target of it', async () => {
  const ctx = systemContext(db, null);
  const starts = await Promise.all([1, 2, 3].map(() => targetsFromEnvironment(ctx, ENVIRONMENT)));
  expect(starts.map(({ size }) => size)).toEqual([0, 0, 0]);
  expect(
    await db.select({ workspace: awsTargets.workspaceId }).from(awsTargets).orderBy(awsTargets.workspaceId),
  ).toEqual(['ws-1', 'ws-2', 'ws-3'].map((workspace) => ({ workspace })));
  const places = await db.select().from(awsTargetPlaces);
  for (const place of places) {
    expect(place).toMatchObject({
      region: 'eu-central-1',
      endpoints: { ebs: 'https://ebs.internal' },
      awaitsEnvironment: false,
    });
  }
  expect(places.map(({ bucket }) => bucket).sort()).toEqual(['new-bucket', 'new-bucket', 'new-bucket', 'old-bucket']);
  const written = await db.select({ action: audit.action }).from(audit).orderBy(audit.workspaceId);
  expect(written.map(({ action }) => action)).toEqual(['target.update', 'target.update', 'target.create']);
});

it('goes on where the environment says, as it would have without the update', async () => {
  await targetsFromEnvironment(systemContext(db, null), { ...ENVIRONMENT, LANDFALL_AWS_BUCKET: 'newest-bucket' });
  const [now] = await db
    .select({ revision: awsTargets.revision, bucket: awsTargetPlaces.bucket })
    .from(awsTargets)
    .innerJoin(
      awsTargetPlaces,
      sql`${awsTargetPlaces.targetId} = ${awsTargets.id} and ${awsTargetPlaces.revision} = ${awsTargets.revision}`,
    )
    .where(eq(awsTargets.workspaceId, 'ws-1' as WorkspaceId));
  expect(now).toEqual({ revision: 3, bucket: 'newest-bucket' });
});
