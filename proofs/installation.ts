// A whole installation without a browser: real Postgres, the lab, worker and connector as processes of their own, and the
// gateway behind a plain HTTP server. Tests see it from outside: services, the database, the lab's control calls.

import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Database, openDatabase } from '../db/client.ts';
import type { WorkspaceId } from '../db/schema/workspace-id.ts';
import { createTestDatabase, type TestDatabase } from '../db/testing.ts';
import type { LabFile } from '../lab/lab-file.ts';
import { CONNECTOR_ENVIRONMENT, CONNECTOR_NODE_OPTIONS } from '../scripts/run/connector-memory.ts';
import { stopListening } from '../server/events/listen.ts';
import { stopQueue } from '../server/queue/queue.ts';
import { createEnrolmentCode } from '../server/services/connectors/enrol.ts';
import { type ProgramContext, systemContext } from '../server/services/context.ts';
import { createFirstMembers } from '../server/services/people/first-members.ts';
import { targetsFromEnvironment } from '../server/services/targets/from-environment.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { Program } from './program.ts';

export interface Installation {
  db: Database;
  ctx: ProgramContext;
  workspaceId: WorkspaceId;
  lab: LabFile;
  /** A control call of the lab. */
  control<T = Record<string, unknown>>(call: string, body?: unknown): Promise<T>;
  /** Ends every fault rule of the lab. */
  clearFaults(): Promise<void>;
  /** What the lab holds at this moment. */
  labState(): Promise<LabState>;
  worker: Program;
  connector: Program;
  /** What the connector's environment is made of, for a second process of it. */
  connectorEnvironment: Record<string, string>;
  /** The console's address for connectors, taken away and brought back. */
  gateway: Gateway;
  close(): Promise<void>;
}

export interface LabState {
  vcenter: { snapshots: { vm: string; name: string }[]; leases: unknown[]; tasks: unknown[]; sessions: number };
}

export interface InstallationOptions {
  /** Another database than one on the tests' own server. */
  database?: TestDatabase;
  labArguments?: string[];
  /** More variables of the worker's, and of the connector's. */
  workerEnvironment?: Record<string, string>;
  connectorEnvironment?: Record<string, string>;
  /** The lab's disks and snapshots lie in memory where there is plenty: its thousands of small files are renamed faster. */
  inMemory?: boolean;
}

/** What a vCenter and an AWS do by themselves takes no longer than a proof needs; a proof may ask for another pace. */
const PACE = ['--clock-scale', '0.1', '--aws-clock-scale', '0.02'];

export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const dir = mkdtempSync(path.join(options.inMemory ? memoryFolder() : tmpdir(), 'landfall-proof-'));
  const ending: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const close = async () => {
    for (const end of ending.reverse()) await end();
  };
  try {
    const labDir = path.join(dir, 'lab');
    const lab = new Program('lab/main.ts', {}, ['--data', labDir, ...PACE, ...(options.labArguments ?? [])]);
    lab.start();
    ending.push(() => lab.end());
    const database: TestDatabase = options.database ?? (await createTestDatabase());
    ending.push(() => database.drop());
    process.env.DATABASE_URL = database.url;
    const db = openDatabase(database.url);
    ending.push(async () => {
      await stopQueue();
      await stopListening();
      await db.$client.end();
    });
    const labFile = await labReady(labDir, lab);
    const aws = {
      LANDFALL_AWS_REGION: labFile.aws.region,
      LANDFALL_AWS_BUCKET: labFile.aws.bucket,
      LANDFALL_AWS_ENDPOINT_S3: labFile.aws.endpoint,
      LANDFALL_AWS_ENDPOINT_EC2: labFile.aws.endpoint,
      LANDFALL_AWS_ENDPOINT_EBS: labFile.aws.endpoint,
      LANDFALL_AWS_ENDPOINT_STS: labFile.aws.endpoint,
    };
    const consoleKeys = {
      LANDFALL_AWS_ACCESS_KEY_ID: labFile.aws.accessKeyId,
      LANDFALL_AWS_SECRET_ACCESS_KEY: labFile.aws.secretAccessKey,
    };
    Object.assign(process.env, aws, consoleKeys, { LOG_LEVEL: 'warn' });
    const { workspaceId } = await createFirstMembers(db, {
      administrator: 'not used here 1',
      viewer: 'not used here 2',
    });
    const ctx = systemContext(db, workspaceId, 'proof');
    await targetsFromEnvironment(ctx);
    const gateway = await startGateway();
    ending.push(() => gateway.stop());
    const { code } = await createEnrolmentCode(ctx);
    const worker = new Program('server/worker.ts', {
      ...aws,
      ...consoleKeys,
      DATABASE_URL: database.url,
      LANDFALL_LEASE_SECONDS: '4',
      LANDFALL_AWS_POLL_MS: '50',
      LANDFALL_TICK_SCALE: '0.2',
      ...options.workerEnvironment,
    });
    const connectorEnvironment = {
      ...CONNECTOR_ENVIRONMENT,
      ...aws,
      LANDFALL_AWS_ACCESS_KEY_ID: labFile.aws.connector.accessKeyId,
      LANDFALL_AWS_SECRET_ACCESS_KEY: labFile.aws.connector.secretAccessKey,
      LANDFALL_CONNECTOR_DIR: path.join(dir, 'connector'),
      LANDFALL_URL: gateway.url,
      LANDFALL_ENROL_CODE: code,
      LANDFALL_VM_MANAGER_URL: labFile.vcenter.url,
      LANDFALL_VM_MANAGER_USER: labFile.vcenter.user,
      LANDFALL_VM_MANAGER_PASSWORD: labFile.vcenter.password,
      LANDFALL_VM_MANAGER_FINGERPRINT: labFile.vcenter.fingerprint,
      ...options.connectorEnvironment,
    };
    const connector = new Program('connector/main.ts', connectorEnvironment, [], CONNECTOR_NODE_OPTIONS);
    worker.start();
    connector.start();
    ending.push(async () => {
      await Promise.all([worker.end(), connector.end()]);
    });
    const control = async <T>(call: string, body: unknown = {}): Promise<T> => {
      const answer = await fetch(`${labFile.control.url}${call}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${call}: ${answer.status} ${text}`);
      return JSON.parse(text || '{}') as T;
    };
    const labState = async () => (await (await fetch(`${labFile.control.url}/state`)).json()) as LabState;
    const clearFaults = async () => void (await fetch(`${labFile.control.url}/faults`, { method: 'DELETE' }));
    return {
      db,
      ctx,
      workspaceId,
      lab: labFile,
      control,
      clearFaults,
      labState,
      worker,
      connector,
      connectorEnvironment,
      gateway,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function memoryFolder(): string {
  const enough = 8 * 2 ** 30;
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > enough && freemem() > enough ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}

async function labReady(labDir: string, lab: Program): Promise<LabFile> {
  const until = Date.now() + 120_000;
  while (Date.now() < until) {
    try {
      const file = JSON.parse(readFileSync(path.join(labDir, 'lab.json'), 'utf8')) as LabFile;
      if ((await fetch(`${file.control.url}/state`)).ok) return file;
    } catch {
      // Not written, or not listening yet.
    }
    await delay(50);
  }
  throw new Error(`The lab did not come up:\n${lab.output}`);
}
