// Starts vcsim and ends it.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { peer } from './installed.ts';

export interface Vcsim {
  /** `https://127.0.0.1:PORT` */
  url: string;
  stop(): Promise<void>;
}

/** @param model flags that say how much there is, such as `-dc 2` */
export async function startVcsim(model: string[], login: { user: string; password: string }): Promise<Vcsim> {
  const args = ['-l', '127.0.0.1:0', ...model, '-username', login.user, '-password', login.password];
  const vcsim = spawn(peer('vcsim'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => vcsim.once('exit', resolve));
  return {
    url: await addressOf(vcsim),
    stop: async () => {
      vcsim.kill('SIGTERM');
      await ended;
    },
  };
}

/** The line that vcsim prints when it listens: `export GOVC_URL=https://…/sdk GOVC_SIM_PID=…`. */
async function addressOf(vcsim: ChildProcess): Promise<string> {
  if (!vcsim.stdout) throw new Error('vcsim has no output');
  for await (const line of createInterface({ input: vcsim.stdout })) {
    const found = /GOVC_URL=(\S+)/.exec(line)?.[1]?.replaceAll('"', '');
    if (!found) continue;
    vcsim.stdout.resume();
    const { protocol, host } = new URL(found);
    return `${protocol}//${host}`;
  }
  throw new Error('vcsim ended before it listened');
}
