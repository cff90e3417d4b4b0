// Keeps programs running: starts them with a life line to us, restarts what dies with growing pauses, ends them in order.
// Knows nothing of what the programs are; scripts/run/supervise.ts does.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { signalGroup } from '../setup/child-program.ts';
import { ProgramLog } from './program-log.ts';

export interface ProgramSpec {
  name: string;
  /** What follows `node` on the command line. */
  args: string[];
  /** Read anew at every start. */
  env: () => Record<string, string | undefined>;
  /** Milliseconds from SIGTERM to SIGKILL; default 15 s. */
  graceMs?: number;
}

export interface SupervisorOptions {
  cwd: string;
  /** Gets one log file a program. */
  logFolder: string;
  /** Kept up to date with the process ids by name. */
  programsFile?: string;
  /** A module that every program loads first; ends the program when we are gone. */
  lifeLine: string;
  say: (text: string) => void;
  /** Shows what programs write, line by line. */
  echo?: (name: string, line: string) => void;
  /** The pause before the first restart, in milliseconds; it doubles up to `longestPauseMs`. */
  pauseMs?: number;
  longestPauseMs?: number;
  /** A program that ran this long starts again with the short pause. */
  steadyMs?: number;
}

interface Program {
  spec: ProgramSpec;
  log: ProgramLog;
  child: ChildProcess | undefined;
  startedAt: number;
  /** Exits in a row, none of which came after a steady run. */
  quickExits: number;
  timer: NodeJS.Timeout | undefined;
  stopping: boolean;
  /** It is ending to be started again. */
  again: boolean;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #programs = new Map<string, Program>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    mkdirSync(options.logFolder, { recursive: true });
  }

  start(spec: ProgramSpec): void {
    const { logFolder, echo } = this.#options;
    const log = new ProgramLog(path.join(logFolder, `${spec.name}.log`), echo && ((line) => echo(spec.name, line)));
    const program: Program = {
      spec,
      log,
      child: undefined,
      startedAt: 0,
      quickExits: 0,
      timer: undefined,
      stopping: false,
      again: false,
    };
    this.#programs.set(spec.name, program);
    this.#spawn(program);
  }

  /**
   * Ends a program in order and starts it again without a pause, as when its sources changed. One that is down, because
   * it ended by itself, is started at once.
   */
  async restart(name: string): Promise<void> {
    const program = this.#programs.get(name);
    if (!program || program.stopping || program.again) return;
    clearTimeout(program.timer);
    program.quickExits = 0;
    if (!program.child) return this.#spawn(program);
    program.again = true;
    await this.#end(name);
  }

  /** The process id of a program; 0 while it is down. */
  pid(name: string): number {
    return this.#programs.get(name)?.child?.pid ?? 0;
  }

  /** When the running process of a program was started (milliseconds since 1970); 0 while it is down. */
  startedAt(name: string): number {
    const program = this.#programs.get(name);
    return program?.child ? program.startedAt : 0;
  }

  /**
   * Waits until `ready` answers true, asking every `everyMs`.
   * @throws Error with the program's last lines when it ended three times on the way, or the deadline passed
   */
  async untilReady(
    name: string,
    ready: () => Promise<boolean> | boolean,
    deadlineMs: number,
    signal: AbortSignal,
    everyMs = 50,
  ): Promise<void> {
    const end = Date.now() + deadlineMs;
    for (;;) {
      signal.throwIfAborted();
      const program = this.#programs.get(name);
      if (program?.child && (await ready())) return;
      if (!program || program.quickExits >= 3)
        throw new Error(`${name} does not start; it said last:\n${program?.log.lastLines() ?? ''}`);
      if (Date.now() > end)
        throw new Error(`${name} is not ready after ${deadlineMs / 1000} s; it said last:\n${program.log.lastLines()}`);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** Ends the programs group by group, each group at once; resolves when none is left. Programs that are not named come last. */
  async stop(order: string[][]): Promise<void> {
    const rest = [...this.#programs.keys()].filter((name) => !order.flat().includes(name));
    // All of them: a program of a later group that dies meanwhile must not come back.
    for (const program of this.#programs.values()) {
      program.stopping = true;
      clearTimeout(program.timer);
    }
    for (const names of [...order, rest]) await Promise.all(names.map((name) => this.#end(name)));
    this.#write();
  }

  /** Ends everything at once, without asking. */
  kill(): void {
    for (const program of this.#programs.values()) {
      program.stopping = true;
      clearTimeout(program.timer);
      if (program.child?.pid) signalGroup(program.child.pid, 'SIGKILL');
    }
  }

  #spawn(program: Program): void {
    const { spec, log } = program;
    const { cwd, lifeLine } = this.#options;
    log.forget();
    program.startedAt = Date.now();
    const child = spawn(process.execPath, ['--import', pathToFileURL(lifeLine).href, ...spec.args], {
      cwd,
      env: spec.env() as NodeJS.ProcessEnv,
      // A group of its own: Ctrl+C reaches us alone, and a forced end reaches the program's own children too.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    program.child = child;
    child.stdout?.on('data', (chunk: Buffer) => log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => log.write(chunk));
    // IPC is the life line only; an unread channel would fill up.
    child.on('message', () => {});
    child.on('error', (error) => log.write(Buffer.from(`${error.message}\n`)));
    child.on('exit', (code, signal) => {
      // What it started may still run; it is nobody's now.
      if (child.pid) signalGroup(child.pid, 'SIGKILL');
      program.child = undefined;
      const { again, stopping } = program;
      program.again = false;
      if (!stopping && again) return this.#spawn(program);
      if (!stopping) this.#startAgain(program, signal ?? `code ${code}`);
      this.#write();
    });
    this.#write();
  }

  #startAgain(program: Program, how: string): void {
    const { say, pauseMs = 250, longestPauseMs = 15_000, steadyMs = 30_000 } = this.#options;
    const { spec, log } = program;
    program.quickExits = Date.now() - program.startedAt > steadyMs ? 1 : program.quickExits + 1;
    const pause = Math.min(pauseMs * 2 ** (program.quickExits - 1), longestPauseMs);
    const said = program.quickExits === 1 && log.lastLines() ? `; it said last:\n${log.lastLines()}` : '';
    say(`${spec.name} ended (${how}); starting it again in ${pause} ms${said}`);
    program.timer = setTimeout(() => this.#spawn(program), pause);
  }

  async #end(name: string): Promise<void> {
    const child = this.#programs.get(name)?.child;
    if (!child?.pid) return;
    const { pid } = child;
    const graceMs = this.#programs.get(name)?.spec.graceMs ?? 15_000;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#options.say(`${name} did not end within ${graceMs / 1000} s; ending it by force`);
        signalGroup(pid, 'SIGKILL');
      }, graceMs);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      child.kill('SIGTERM');
    });
  }

  #write(): void {
    const { programsFile } = this.#options;
    if (!programsFile) return;
    const pids = Object.fromEntries([...this.#programs].map(([name, { child }]) => [name, child?.pid ?? 0]));
    try {
      writeFileSync(`${programsFile}.new`, `${JSON.stringify({ supervisor: process.pid, ...pids }, undefined, 2)}\n`);
      renameSync(`${programsFile}.new`, programsFile);
    } catch {
      // A full disk must not take down what still runs; the next change writes the file again.
    }
  }
}
