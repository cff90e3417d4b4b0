// A PostgreSQL of our own, from binaries in npm, for a machine that has none. Everybody else gets a DATABASE_URL and does not know
// who runs the server.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { checkCluster, makeCluster, SERVER_ENVIRONMENT, standingIn } from './cluster.ts';
import { chooseUser, PostgresSetUpError, postgresFolder, type RunAs } from './programs.ts';

export { PostgresSetUpError } from './programs.ts';

export interface EmbeddedPostgres {
  /** `postgres://…` of the database; the same for the life of the data folder unless its port was taken meanwhile. */
  url: string;
  /** The server's process id just now; 0 while it is down. */
  pid: () => number;
  /** Ends the server: open transactions are rolled back, what was committed is flushed. `now` skips the flush (it is recovered). */
  stop: (options?: { now?: boolean }) => Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Told in one sentence when the server died and came back. */
  say?: (text: string) => void;
  /** Server settings, such as `{ fsync: 'off' }` in tests. */
  settings?: Record<string, string>;
  /** Skips the flush of a new cluster: for tests. */
  throwAway?: boolean;
}

const USER = 'landfall';
const DATABASE = 'landfall';
const START_DEADLINE_MS = 120_000;
const LOG_LIMIT = 10_000_000;

interface Connection {
  port: number;
  password: string;
}

/**
 * Starts PostgreSQL on 127.0.0.1 with its files in `folder` (made when missing: `cluster/`, `connection.json`, `postgres.log`),
 * or adopts the one that a killed predecessor left running there. Restarts it when it dies, until `stop`.
 * @throws PostgresSetUpError with a sentence that says what to do
 */
export async function startEmbeddedPostgres(
  folder: string,
  options: EmbeddedPostgresOptions = {},
): Promise<EmbeddedPostgres> {
  const server = new Server(path.resolve(folder), options);
  await server.open();
  return { url: server.url(DATABASE), pid: () => server.pid(), stop: (how) => server.stop(how?.now ?? false) };
}

class Server {
  readonly #folder: string;
  readonly #cluster: string;
  readonly #options: EmbeddedPostgresOptions;
  readonly #user: RunAs | undefined;
  #programs = '';
  #connection: Connection = { port: 0, password: '' };
  #stopping = false;
  #rising: Promise<void> | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(folder: string, options: EmbeddedPostgresOptions) {
    this.#folder = folder;
    this.#cluster = path.join(folder, 'cluster');
    this.#options = options;
    this.#user = chooseUser(this.#cluster);
  }

  async open(): Promise<void> {
    this.#makeFolder();
    this.#programs = postgresFolder(this.#user);
    const file = path.join(this.#folder, 'connection.json');
    if (existsSync(this.#cluster)) {
      if (!existsSync(file)) {
        throw new PostgresSetUpError(
          `${file} is missing, and with it the password of ${this.#cluster}: restore it from a backup, or start with another data folder.`,
        );
      }
      this.#connection = JSON.parse(readFileSync(file, 'utf8')) as Connection;
      await checkCluster(this.#cluster, this.#programs);
    } else {
      this.#connection = { port: 0, password: randomBytes(24).toString('base64url') };
      this.#remember();
      await makeCluster({
        cluster: this.#cluster,
        programs: this.#programs,
        owner: USER,
        password: this.#connection.password,
        user: this.#user,
        flush: !this.#options.throwAway,
      });
    }
    await this.#rise();
    await this.#makeDatabase();
    this.#watch = setInterval(() => this.#look(), 1000).unref();
  }

  url(database: string): string {
    return `postgres://${USER}:${this.#connection.password}@127.0.0.1:${this.#connection.port}/${database}`;
  }

  /** The postmaster's id from its own file, unless that process is gone or the number now belongs to another program. */
  pid(): number {
    try {
      const pid = Number(readFileSync(path.join(this.#cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(pid, 0);
      if (process.platform === 'linux' && !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')) return 0;
      // A process that was killed and not yet collected by its parent still answers to signals.
      if (process.platform === 'linux' && /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return 0;
      return pid;
    } catch {
      return 0;
    }
  }

  async stop(now: boolean): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    await this.#rising?.catch(() => {});
    for (const [signal, seconds] of [
      [now ? 'SIGQUIT' : 'SIGINT', now ? 5 : 30],
      ['SIGQUIT', 5],
      ['SIGKILL', 5],
    ] as const) {
      const pid = this.pid();
      if (!pid) return;
      process.kill(pid, signal);
      for (const end = Date.now() + seconds * 1000; this.pid() === pid && Date.now() < end; ) await sleep(20);
    }
  }

  #makeFolder(): void {
    try {
      mkdirSync(this.#folder, { recursive: true });
      // Open to pass through, closed to look into: the server's user must reach cluster/ below.
      if (this.#user) chmodSync(this.#folder, 0o711);
    } catch (error) {
      throw new PostgresSetUpError(`The folder ${this.#folder} cannot be made or written: ${(error as Error).message}`);
    }
  }

  /** Brings the server up, once however many ask. */
  #rise(): Promise<void> {
    this.#rising ??= this.#bringUp().finally(() => {
      this.#rising = undefined;
    });
    return this.#rising;
  }

  async #bringUp(): Promise<void> {
    const deadline = Date.now() + START_DEADLINE_MS;
    let starts = 0;
    let child: ChildProcess | undefined;
    while (!this.#stopping) {
      const running = this.pid() || (child && child.exitCode === null && child.signalCode === null);
      if (running && (await this.#answers())) return;
      if (Date.now() > deadline || starts > 15) {
        throw new PostgresSetUpError(
          `PostgreSQL did not start in ${this.#folder}. Its last words (postgres.log):\n${this.#lastWords()}`,
        );
      }
      if (!running) {
        // The backends of a killed server need a moment to go, and until then a new one refuses to start.
        if (starts > 0) await sleep(250);
        starts += 1;
        child = await this.#spawn();
      }
      await sleep(25);
    }
  }

  async #spawn(): Promise<ChildProcess> {
    const { port } = this.#connection;
    if (port === 0 || !(await isFree(port))) {
      this.#connection.port = await freePort();
      this.#remember();
    }
    const log = path.join(this.#folder, 'postgres.log');
    if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT) truncateSync(log);
    const { dataDirectory, cwd } = standingIn(this.#cluster, this.#user);
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      // A page costs a third less when what lists read is at hand; what is not touched takes no memory.
      shared_buffers: `${Math.min(1024, Math.max(128, Math.floor(totalmem() / 8 / 2 ** 20)))}MB`,
      ...this.#options.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const output = openSync(log, 'a', 0o600);
    const child = spawn(
      path.join(this.#programs, 'bin/postgres'),
      ['-D', dataDirectory, '-p', String(this.#connection.port), ...args],
      {
        ...this.#user,
        cwd,
        env: SERVER_ENVIRONMENT,
        // A group of its own: Ctrl+C in the terminal must reach the programs that use it first.
        detached: true,
        stdio: ['ignore', output, output],
      },
    );
    closeSync(output);
    child.on('error', (error) => writeFileSync(log, `${error.message}\n`, { flag: 'a' }));
    child.on('exit', () => this.#look());
    child.unref();
    return child;
  }

  /** Brings a server that died back. */
  #look(): void {
    if (this.#stopping || this.#rising || !this.#watch || this.pid()) return;
    const began = Date.now();
    this.#rise().then(
      () => this.#options.say?.(`PostgreSQL had died; it is back after ${Date.now() - began} ms`),
      (error: Error) => this.#options.say?.(error.message),
    );
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url('postgres'), connectionTimeoutMillis: 2000 });
    client.on('error', () => {});
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => {});
    }
  }

  async #makeDatabase(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url('postgres') });
    await client.connect();
    try {
      const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
      if (!rowCount) await client.query(`create database ${DATABASE}`);
    } finally {
      await client.end();
    }
  }

  #remember(): void {
    const file = path.join(this.#folder, 'connection.json');
    writeFileSync(`${file}.new`, JSON.stringify(this.#connection), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  #lastWords(): string {
    const log = path.join(this.#folder, 'postgres.log');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-8).join('\n') : '(none)';
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().on('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
