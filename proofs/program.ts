// A program under test, as a process of its own: killed and started again at will.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');

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
