// nginx and Caddy with the configuration of docs/examples: as it stands there, but for names, ports and places of files.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { peer } from './installed.ts';

export interface ProxyPlace {
  folder: string;
  /** Where it listens, for HTTPS and for plain HTTP. */
  port: number;
  plainPort: number;
  /** Where the console listens. */
  webPort: number;
  cert: string;
  key: string;
}

const example = (name: string) => readFileSync(path.resolve(import.meta.dirname, '../docs/examples', name), 'utf8');

/** Each of `changes` must be found, or the example is no longer what this test runs. */
function changed(text: string, changes: [string | RegExp, string][]): string {
  return changes.reduce((so, [from, to]) => {
    const next = so.replaceAll(from, to);
    if (next === so) throw new Error(`The example has no ${from} any more.`);
    return next;
  }, text);
}

const PROXIES = {
  nginx({ folder, port, plainPort, webPort, cert, key }: ProxyPlace): string[] {
    const servers = changed(example('nginx.conf'), [
      ['https://landfall.example.com', `https://localhost:${port}`],
      [/server_name landfall\.example\.com/g, 'server_name localhost'],
      ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
      ['listen 80', `listen 127.0.0.1:${plainPort}`],
      ['127.0.0.1:3000', `127.0.0.1:${webPort}`],
      ['/etc/ssl/landfall/cert.pem', cert],
      ['/etc/ssl/landfall/key.pem', key],
    ]);
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${folder}/${of};`);
    const file = path.join(folder, 'nginx.conf');
    const main = ['daemon off;', `pid ${folder}/nginx.pid;`, 'error_log stderr;', 'worker_processes 1;', 'events {}'];
    writeFileSync(file, `${main.join('\n')}\nhttp {\naccess_log off;\n${places.join('\n')}\n${servers}\n}\n`);
    return ['-c', file, '-p', folder, '-e', 'stderr'];
  },
  caddy({ folder, port, plainPort, webPort, cert, key }: ProxyPlace): string[] {
    const site = changed(example('Caddyfile'), [
      ['landfall.example.com {', `https://localhost:${port} {`],
      ['127.0.0.1:3000', `127.0.0.1:${webPort}`],
      ['/etc/ssl/landfall/cert.pem', cert],
      ['/etc/ssl/landfall/key.pem', key],
    ]);
    const file = path.join(folder, 'Caddyfile');
    writeFileSync(file, `{\n\tadmin off\n\thttp_port ${plainPort}\n\thttps_port ${port}\n}\n${site}`);
    return ['run', '--config', file, '--adapter', 'caddyfile'];
  },
};
export type ProxyName = keyof typeof PROXIES;

/** Starts it; resolves with what ends it. Whether it answers is for who asks it to see. */
export function startProxy(
  name: ProxyName,
  place: ProxyPlace,
): { ended: () => string | null; end: () => Promise<void> } {
  mkdirSync(place.folder, { recursive: true });
  let said = '';
  const child: ChildProcess = spawn(peer(name), PROXIES[name](place), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: place.folder, XDG_DATA_HOME: place.folder } as unknown as NodeJS.ProcessEnv,
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece) => {
      said = (said + piece).slice(-4000);
    });
  }
  const over = once(child, 'exit');
  return {
    ended: () => (child.exitCode === null && child.signalCode === null ? null : said),
    end: async () => {
      child.kill('SIGTERM');
      const last = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await over;
      clearTimeout(last);
    },
  };
}
