// One side of a row as a process of its own: how long it took from its start to its end, its processor time and its peak
// memory.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Measured {
  seconds: number;
  /** User and system time; null where the system does not tell (it is read from /proc, as Linux has it). */
  cpuSeconds: number | null;
  peakRssMib: number | null;
}

/** More often would cost what is measured; the peak is a mark that the system keeps, so only the very end can be missed. */
const LOOK_MS = 20;
const LONGEST_MS = 10 * 60_000;
const TICKS_A_SECOND = 100;

/** Runs a program to its end. Throws with what it said when it fails or takes longer than ten minutes. */
export async function measure(program: string, args: string[], env: Record<string, string> = {}): Promise<Measured> {
  const began = performance.now();
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env } as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-4000);
  });
  let last: Pick<Measured, 'cpuSeconds' | 'peakRssMib'> = { cpuSeconds: null, peakRssMib: null };
  const timer = setInterval(() => {
    last = lookAt(child) ?? last;
  }, LOOK_MS);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    const seconds = (performance.now() - began) / 1000;
    if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${code}\n${said}`);
    return { seconds, ...last };
  } finally {
    clearInterval(timer);
  }
}

function lookAt({ pid }: ChildProcess): Pick<Measured, 'cpuSeconds' | 'peakRssMib'> | null {
  if (process.platform !== 'linux') return null;
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    // Behind the name, which may hold anything: state is field 3, utime and stime are 14 and 15.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (peak === undefined) return null;
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND, peakRssMib: Number(peak) / 1024 };
  } catch {
    // It has just ended.
    return null;
  }
}

/** The one in the middle, by `value`. */
export function inTheMiddle<T>(rounds: readonly T[], value: (round: T) => number): T {
  return rounds.toSorted((left, right) => value(left) - value(right))[Math.floor(rounds.length / 2)]!;
}
