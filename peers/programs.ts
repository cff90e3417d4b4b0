// Runs a peer's command line and tells what it said.
import { execFile } from 'node:child_process';

export interface Said {
  code: number;
  out: string;
  /** Standard error. */
  error: string;
}

/** Runs it to its end, whatever its exit code. Ended by force after two minutes. */
export function run(program: string, args: string[], env: Record<string, string> = {}, cwd?: string): Promise<Said> {
  const all = { PATH: process.env.PATH, HOME: '/nonexistent', ...env } as unknown as NodeJS.ProcessEnv;
  const options = { cwd, env: all, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, out, said) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), out, error: said });
    });
  });
}

/** Its standard output. Throws with what it complained about when it fails. */
export async function output(program: string, args: string[], env?: Record<string, string>, cwd?: string) {
  const { code, out, error } = await run(program, args, env, cwd);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${code}\n${error || out}`);
  return out;
}
