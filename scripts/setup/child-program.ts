// Runs one child program to its end, with a deadline and without leaving grandchildren behind.
import { type SpawnOptions, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Ran {
  /** The exit code; 128 and more when a signal or the deadline ended it, 127 when it could not be started. */
  code: number;
  /** Standard output and error, joined, when `capture` was asked for: the last 200,000 characters. */
  output: string;
  seconds: number;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Keep the output instead of showing it. */
  capture?: boolean;
  /** For our own programs that call endWithCaller: they end when we are killed. */
  lifeLine?: boolean;
  /** Milliseconds until the whole process group is ended; default 10 minutes. */
  timeoutMs?: number;
}

const running = new Set<number>();

/** Ends every child that still runs, with all that it started. */
function endChildren(signal: NodeJS.Signals = 'SIGKILL'): void {
  for (const pid of running) signalGroup(pid, signal);
}

/** Sends a signal to the process group that `pid` leads; a group that is gone is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Never rejects: how it went is in the result. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Ran> {
  const began = performance.now();
  return new Promise((resolve) => {
    let output = '';
    const spawnOptions: SpawnOptions = {
      cwd: options.cwd,
      env: (options.env ?? process.env) as NodeJS.ProcessEnv,
      detached: true,
      stdio: [
        'ignore',
        ...Array<'pipe' | 'inherit'>(2).fill(options.capture ? 'pipe' : 'inherit'),
        options.lifeLine ? 'ipc' : 'ignore',
      ],
    };
    const child = spawn(command, args, spawnOptions);
    if (child.pid) running.add(child.pid);
    const end = setTimeout(() => {
      output += `\n${command} did not finish within ${(options.timeoutMs ?? 600_000) / 1000} s and was ended.\n`;
      if (child.pid) signalGroup(child.pid, 'SIGKILL');
    }, options.timeoutMs ?? 600_000);
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-200_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const done = (code: number) => {
      clearTimeout(end);
      if (child.pid) running.delete(child.pid);
      resolve({ code, output, seconds: (performance.now() - began) / 1000 });
    };
    child.on('error', (error) => {
      output += error.message;
      done(127);
    });
    child.on('close', (code, signal) => done(code ?? (signal ? 137 : 1)));
  });
}

/** Ends every child, gently at first (a child may have groups of its own to end), and resolves when none is left. */
export async function endChildrenGently(graceMs = 10_000): Promise<void> {
  endChildren('SIGTERM');
  for (const end = Date.now() + graceMs; running.size > 0 && Date.now() < end; ) await sleep(20);
  endChildren('SIGKILL');
}

/** Ends the children and this process when the person or the caller wants it: a signal, or the caller's death. */
export function endWithCaller(): void {
  const end = (code: number) => () => void endChildrenGently().then(() => process.exit(code));
  process.once('SIGINT', end(130));
  process.once('SIGTERM', end(143));
  process.once('SIGHUP', end(129));
  if (process.connected) {
    process.on('disconnect', end(143));
    process.channel?.unref();
  }
}
