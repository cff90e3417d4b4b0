// One installation, from nothing running to all of it and back. scripts/run/supervise.ts is its command line.

import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/postgres/server.ts';
import { subPath } from '../../server/public-url.ts';
import { buildState, sourceHash } from '../setup/build-state.ts';
import { endChildrenGently, run } from '../setup/child-program.ts';
import { SetUpError } from '../setup/set-up-error.ts';
import { CONNECTOR_ENVIRONMENT, CONNECTOR_NODE_OPTIONS } from './connector-memory.ts';
import { type DataFolder, makePassword, openDataFolder } from './data-folder.ts';
import { checkDatabaseUrl } from './database-url.ts';
import {
  connectorEnvironment,
  consoleEnvironment,
  type LabFile,
  labEnvironment,
  localUrl,
  publicUrl,
  readLabFile,
  type Settings,
} from './environment.ts';
import { isHealthy } from './health.ts';
import { guestArguments } from './lab-guest.ts';
import { whoListens, whyNotListen } from './ports.ts';
import { type Reload, reloadOnChange } from './reload.ts';
import { Supervisor } from './supervisor.ts';

export interface StartOptions {
  root: string;
  port: number;
  host: string;
  dataFolder: string;
  lab: boolean;
  /** A raw disk image for one more server of the lab, or `none`; undefined for the tiny guest. */
  guestImage: string | undefined;
  verbose: boolean;
  /** What the person typed, for messages that say how to do it differently. */
  command: string;
  /** From the sources as they are: nothing is built, and whatever changes is loaded anew. */
  development?: boolean;
  own: Record<string, string | undefined>;
  say: (text: string) => void;
}

export interface Started {
  /** Where people open the console. */
  url: string;
  /** Those of the first members, when they were made just now. */
  passwords: { admin: string; viewer: string } | undefined;
  /** Where somebody becomes the first administrator, while there is none. */
  firstRun: string | undefined;
  lab: LabFile | undefined;
}

/** Who came first is told: a second start on the same data folder has said so before. @throws SetUpError */
async function checkPort({ port, host, command }: StartOptions): Promise<void> {
  const why = await whyNotListen(port, host);
  if (!why) return;
  const other = `choose another port: ${command} -- --port NUMBER`;
  switch (why) {
    case 'EADDRINUSE':
      throw new SetUpError(`Port ${port} is taken by ${whoListens(port) ?? 'another program'}. Stop it, or ${other}`);
    case 'EACCES':
      throw new SetUpError(`This user may not listen on port ${port} (below 1024 only root may): ${other}`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      throw new SetUpError(
        `${host} is no address of this machine: choose another with --host, such as 0.0.0.0 for all.`,
      );
    default:
      throw new SetUpError(`Nobody can listen on ${host}:${port} (${why}): ${other}`);
  }
}

export class Landfall {
  readonly #options: StartOptions;
  readonly #data: DataFolder;
  readonly #supervisor: Supervisor;
  readonly #stop = new AbortController();
  #postgres: EmbeddedPostgres | undefined;
  #postgresStarting: Promise<unknown> | undefined;
  #phases: Promise<unknown>[] = [];
  #reload: Reload | undefined;

  private constructor(options: StartOptions, data: DataFolder) {
    this.#options = options;
    this.#data = data;
    this.#supervisor = new Supervisor({
      cwd: options.root,
      logFolder: data.at('logs'),
      programsFile: data.at('programs.json'),
      lifeLine: path.join(options.root, 'server/die-with-parent.ts'),
      say: options.say,
      echo: options.verbose ? (name, line) => console.log(`[${name}] ${line}`) : undefined,
    });
  }

  /** Takes the data folder. @throws SetUpError when it cannot be used */
  static async open(options: StartOptions): Promise<Landfall> {
    const url = publicUrl(options.own, options.host, options.port);
    return new Landfall(options, openDataFolder(options.dataFolder, { url, command: options.command }));
  }

  get dataFolder(): string {
    return this.#data.path;
  }

  /** Starts everything; whatever can go on side by side does. Resolves when the console answers. @throws SetUpError */
  async start(): Promise<Started> {
    await checkPort(this.#options);
    const { own, port, host, dataFolder, development, say } = this.#options;
    const build = this.#phase(development ? Promise.resolve() : this.#build());
    const lab = this.#phase(this.#options.lab ? this.#startLab(build) : Promise.resolve(undefined));
    const database = this.#phase(this.#openDatabase());
    const [labFile, databaseUrl] = await Promise.all([lab, database]);
    const connectorFolder = this.#data.at('connector');
    const settings: Settings = {
      own,
      port,
      host,
      dataFolder,
      connectorFolder,
      databaseUrl,
      lab: labFile,
      secrets: this.#data.secrets,
    };
    const first = await this.#phase(this.#firstStart(settings));
    settings.enrolmentCode = first.enrolmentCode;
    this.#stop.signal.throwIfAborted();
    this.#supervisor.start({ name: 'worker', args: ['server/worker.ts'], env: () => consoleEnvironment(settings) });
    await build;
    this.#stop.signal.throwIfAborted();
    await this.#startWeb(settings);
    // Compiled when it is first asked for: longer than a connector has patience, and than a person likes to wait.
    if (development) await this.#compile('/api/connector/v1/hello');
    this.#stop.signal.throwIfAborted();
    if (this.#wantsConnector(settings)) {
      this.#supervisor.start({
        name: 'connector',
        args: [...CONNECTOR_NODE_OPTIONS, 'connector/main.ts'],
        env: () => ({ ...CONNECTOR_ENVIRONMENT, ...connectorEnvironment(settings) }),
      });
    }
    if (development) {
      void this.#compile('/sign-in').then(() => this.#compile('/api/trpc/session.me'));
      this.#reload = reloadOnChange(this.#options.root, this.#supervisor, say);
    }
    const url = publicUrl(own, host, port);
    const firstRun = first.firstRun && `${url}/first-run/${first.firstRun}`;
    return { url, passwords: first.passwords, firstRun, lab: labFile };
  }

  /** Ends everything: programs first, Postgres last. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    this.#reload?.close();
    await endChildrenGently();
    await this.#supervisor.stop([['connector', 'worker'], ['web'], ['lab']]);
    await this.#postgresStarting?.catch(() => {});
    await this.#postgres?.stop();
    await Promise.allSettled(this.#phases);
    this.#data.release();
  }

  /** Ends everything at once. What was committed is recovered at the next start. */
  kill(): void {
    this.#stop.abort(new Error('stopping'));
    this.#supervisor.kill();
    const pid = this.#postgres?.pid();
    if (pid) process.kill(pid, 'SIGQUIT');
    this.#data.release();
  }

  /** Another phase may fail first; then nobody waits for this one, and its own failure must not end the process. */
  #phase<T>(promise: Promise<T>): Promise<T> {
    this.#phases.push(promise);
    promise.catch(() => {});
    return promise;
  }

  async #startLab(build: Promise<void>) {
    const { own, guestImage, say } = this.#options;
    const guest = await guestArguments({ named: guestImage, patience: build, say });
    this.#stop.signal.throwIfAborted();
    const args = ['lab/main.ts', '--data', this.#data.at('lab'), ...guest];
    const more = (own.LANDFALL_LAB_OPTIONS ?? '').split(/\s+/).filter(Boolean);
    this.#supervisor.start({ name: 'lab', args: [...args, ...more], env: () => labEnvironment(own) });
    const file = this.#data.at('lab/lab.json');
    // The file is written when everything answers; one of an earlier start is older than this process.
    const ready = () => (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= this.#supervisor.startedAt('lab');
    await this.#supervisor.untilReady('lab', ready, 120_000, this.#stop.signal);
    say('lab started: a pretend vCenter and a pretend AWS');
    return readLabFile(file);
  }

  async #openDatabase(): Promise<string> {
    const { own, say, root } = this.#options;
    let url = own.DATABASE_URL;
    if (url) {
      await checkDatabaseUrl(url);
      say('PostgreSQL of DATABASE_URL answers');
    } else {
      const folder = this.#data.at('pg');
      this.#postgresStarting = startEmbeddedPostgres(folder, { say }).then((postgres) => {
        this.#postgres = postgres;
      });
      await this.#postgresStarting;
      url = this.#postgres?.url ?? '';
      say('PostgreSQL started');
    }
    this.#stop.signal.throwIfAborted();
    const env = { ...own, DATABASE_URL: url };
    const { code, output } = await run(process.execPath, ['db/migrate.ts'], { cwd: root, env, capture: true });
    this.#stop.signal.throwIfAborted();
    if (code !== 0)
      throw new SetUpError(`${output.trim()}\n\nThe database could not be brought to this version's schema.`);
    say('database migrated');
    return url;
  }

  async #build(): Promise<void> {
    const { root, say, own } = this.#options;
    const state = buildState(root, sourceHash(root, subPath(own)));
    if (state === 'fresh') return;
    const why =
      state === 'missing' ? 'it was never built here' : 'its sources, or its path, changed since it was built';
    say(`building the console (about half a minute): ${why}`);
    const { code, output } = await run(process.execPath, ['scripts/setup/build.ts'], {
      cwd: root,
      env: own,
      capture: true,
      lifeLine: true,
      timeoutMs: 1_200_000,
    });
    this.#stop.signal.throwIfAborted();
    if (code !== 0)
      throw new SetUpError(
        `${output.trim().split('\n').slice(-40).join('\n')}\n\nThe console could not be built; the reason is above.`,
      );
    say('console built');
  }

  /**
   * With the lab, or with a password in the environment: makes the first members when there are none. The passwords exist here and on
   * the screen, and nowhere else. Else somebody becomes the first administrator by a link.
   */
  async #firstStart(settings: Settings) {
    const { root, own } = this.#options;
    const wanted = this.#options.lab || own.LANDFALL_FIRST_ADMIN_PASSWORD;
    const passwords = {
      admin: own.LANDFALL_FIRST_ADMIN_PASSWORD || makePassword(),
      viewer: own.LANDFALL_FIRST_VIEWER_PASSWORD || makePassword(),
    };
    const { code, output } = await run(process.execPath, ['server/first-start.ts'], {
      cwd: root,
      env: {
        ...consoleEnvironment(settings),
        LANDFALL_FIRST_ADMIN_PASSWORD: wanted ? passwords.admin : undefined,
        LANDFALL_FIRST_VIEWER_PASSWORD: wanted ? passwords.viewer : undefined,
      },
      capture: true,
    });
    this.#stop.signal.throwIfAborted();
    const answer = output
      .trim()
      .split('\n')
      // What is logged comes as lines of JSON too.
      .findLast((line) => line.startsWith('{"created":'));
    if (code !== 0 || !answer)
      throw new SetUpError(`${output.trim()}\n\nThe first workspace and its members could not be made.`);
    const { created, enrolmentCode, firstRun } = JSON.parse(answer) as {
      created: boolean;
      enrolmentCode?: string;
      firstRun?: string;
    };
    return { passwords: created ? passwords : undefined, enrolmentCode, firstRun };
  }

  async #startWeb(settings: Settings): Promise<void> {
    const { host, port, development } = this.#options;
    // Not through npx or npm: signals and the version of Node must be ours.
    const program = development
      ? [createRequire(import.meta.url).resolve('next/dist/bin/next'), 'dev']
      : ['server/web.ts'];
    const args = [...program, '-p', String(port), '-H', host];
    // Streams to open pages never end by themselves, so the web gets a shorter time than the others.
    const env = () => ({ ...consoleEnvironment(settings), NODE_ENV: development ? 'development' : 'production' });
    this.#supervisor.start({ name: 'web', args, env, graceMs: 5000 });
    const health = `${localUrl(settings.own, host, port)}/api/health`;
    const ready = () => isHealthy(health, development ? 60_000 : 5000);
    // In development the answer is compiled when it is asked for.
    await this.#supervisor.untilReady('web', ready, development ? 180_000 : 60_000, this.#stop.signal);
  }

  /** Has `next dev` compile what answers at a path, whatever it answers. */
  async #compile(pathname: string): Promise<void> {
    const { own, host, port } = this.#options;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(180_000)]);
    const method = pathname.startsWith('/api/connector/') ? 'POST' : 'GET';
    const answer = await fetch(`${localUrl(own, host, port)}${pathname}`, { method, signal }).catch(() => undefined);
    await answer?.body?.cancel();
  }

  /** Without a lab and without a VM manager there is nothing to connect yet; the console says how to enrol one. */
  #wantsConnector({ own, lab, connectorFolder }: Settings): boolean {
    return Boolean(lab || own.LANDFALL_VM_MANAGER_URL || existsSync(path.join(connectorFolder, 'connector.json')));
  }
}
