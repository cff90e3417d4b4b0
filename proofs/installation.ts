// A whole installation without a browser: real Postgres, the lab, worker and connector as processes of their own, and the
// gateway behind a plain HTTP server. Tests see it from outside: services, the database, the lab's control calls.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { and, desc, eq, ne } from 'drizzle-orm';
import { type Database, openDatabase } from '../db/client.ts';
import { connectors, replicationRuns, servers } from '../db/schema/index.ts';
import { createTestDatabase, type TestDatabase } from '../db/testing.ts';
import type { LabFile } from '../lab/lab-file.ts';
import type { License } from '../replication/model/job.ts';
import { isEnded } from '../replication/model/run.ts';
import { CONNECTOR_ENVIRONMENT, CONNECTOR_NODE_OPTIONS } from '../scripts/run/connector-memory.ts';
import { stopListening } from '../server/events/listen.ts';
import { handleGateway } from '../server/gateway/gateway.ts';
import { stopQueue } from '../server/queue/queue.ts';
import { importCatalog } from '../server/services/catalog/import.ts';
import { createEnrolmentCode } from '../server/services/connectors/enrol.ts';
import { type ServiceContext, systemContext } from '../server/services/context.ts';
import { createJobs } from '../server/services/jobs/create.ts';
import { createFirstMembers } from '../server/services/people/first-members.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

export interface Installation {
  db: Database;
  ctx: ServiceContext;
  workspaceId: string;
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

/** A program under test, killed and started again at will. */
export class Program {
  readonly #file: string;
  readonly #env: Record<string, string>;
  readonly #arguments: readonly string[];
  readonly #nodeOptions: readonly string[];
  #child: ChildProcess | null = null;
  output = '';

  constructor(
    file: string,
    env: Record<string, string>,
    programArguments: readonly string[] = [],
    nodeOptions: readonly string[] = [],
  ) {
    this.#file = file;
    this.#nodeOptions = nodeOptions;
    this.#env = env;
    this.#arguments = programArguments;
  }

  /** How it ended by itself or by a signal; null while it runs. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    const child = spawn(process.execPath, [...this.#nodeOptions, path.join(ROOT, this.#file), ...this.#arguments], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production', ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (text: Buffer) => {
      this.output = (this.output + text.toString()).slice(-200_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#child = child;
  }

  /** Ends it (SIGKILL: as a crash would) and waits until it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(timer);
  }
}

export interface Gateway {
  url: string;
  stop(): Promise<void>;
  /** At the same address as before. */
  start(): Promise<void>;
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

export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const dir = mkdtempSync(path.join(options.inMemory ? memoryFolder() : tmpdir(), 'landfall-proof-'));
  const ending: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const close = async () => {
    for (const end of ending.reverse()) await end();
  };
  try {
    const labDir = path.join(dir, 'lab');
    const lab = new Program('lab/main.ts', {}, ['--data', labDir, ...(options.labArguments ?? [])]);
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
    const gateway = await startGateway();
    ending.push(() => gateway.stop());
    const { code } = await createEnrolmentCode(ctx);
    const worker = new Program('server/worker.ts', {
      ...aws,
      ...consoleKeys,
      DATABASE_URL: database.url,
      LANDFALL_LEASE_SECONDS: '4',
      LANDFALL_AWS_POLL_MS: '100',
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
  const until = Date.now() + 30_000;
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

async function startGateway(): Promise<Gateway> {
  let server: Server | null = null;
  let port = 0;
  const start = async () => {
    server = createServer((request, response) => void serve(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as { port: number });
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    start,
    stop: async () => {
      if (!server) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      server = null;
      await closed;
    },
  };
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const gone = new AbortController();
  outgoing.once('close', () => outgoing.writableFinished || gone.abort());
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
  const answer = await handleGateway(
    new Request(url, {
      method: 'POST',
      headers: incoming.headers as Record<string, string>,
      body: Buffer.concat(chunks),
      signal: gone.signal,
    }),
    url.pathname.split('/').at(-1) ?? '',
  );
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
  outgoing.end(await answer.text());
}

/** Looks until it is so; fails with what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  seconds = 30,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let seen: unknown;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    seen = found;
    await delay(50);
  }
  throw new Error(`Not within ${seconds} s: ${what} (${JSON.stringify(seen)})`);
}

/** Waits for a healthy connector and imports the catalog. */
export async function importedCatalog(site: Installation): Promise<void> {
  const connector = async () => (await site.db.select().from(connectors))[0];
  await until('the connector is healthy', async () => (await connector())?.status === 'healthy', 45).catch(
    async (error) => {
      const checks = (await connector())?.checks.filter((check) => !check.ok);
      throw new Error(`${error.message}\n${JSON.stringify(checks)}\n${site.connector.output}\n${site.worker.output}`);
    },
  );
  await importCatalog(site.ctx, {});
  await until('the catalog is imported', async () => (await connector())?.catalogState === 'available');
}

/** Creates a one-time job for the server of this name; its id. */
export async function newJob(
  site: Installation,
  serverName: string,
  options: { license?: License; keepImages?: number } = {},
): Promise<string> {
  const [server] = await site.db.select().from(servers).where(eq(servers.name, serverName));
  if (!server) throw new Error(`There is no server ${serverName}`);
  const { jobIds } = await createJobs(site.ctx, {
    servers: [{ serverId: server.id, license: options.license ?? 'auto' }],
    settings: { everyHours: null, seedAt: null, description: '', keepImages: options.keepImages ?? null },
  });
  return jobIds[0] as string;
}

/** The newest run of a job. */
export async function runOf(
  site: Installation,
  jobId: string,
  butNot = '',
): Promise<typeof replicationRuns.$inferSelect | null> {
  const [run] = await site.db
    .select()
    .from(replicationRuns)
    .where(and(eq(replicationRuns.jobId, jobId), ne(replicationRuns.id, butNot)))
    .orderBy(desc(replicationRuns.createdAt))
    .limit(1);
  return run ?? null;
}

/** Waits until the newest run of a job has ended. */
export async function endedRun(
  site: Installation,
  jobId: string,
  butNot = '',
): Promise<typeof replicationRuns.$inferSelect> {
  return until(
    `a run of ${jobId} ends`,
    async () => {
      const run = await runOf(site, jobId, butNot);
      return run && isEnded(run.state) ? run : null;
    },
    90,
  ).catch(async (error) => {
    const run = await runOf(site, jobId, butNot);
    throw new Error(`${error.message}\n${JSON.stringify(run)}\n${site.connector.output}\n${site.worker.output}`);
  });
}
