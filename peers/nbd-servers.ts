// NBD servers that nobody here wrote, on a socket or a port, and what nbdinfo says of them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generate } from 'selfsigned';
import type { StatusExtent } from '../replication/disks/nbd/nbd-disk.ts';
import { peer } from './installed.ts';
import { output } from './programs.ts';

export interface NbdServer {
  /** As our client and nbdinfo read it. */
  uri: string;
  child: ChildProcess;
  stop: () => Promise<void>;
}

let started = 0;

/** Where a server listens: a socket in a folder, or a free port of the loopback. */
export type Place = { folder: string; tcp?: boolean; scheme?: 'nbd' | 'nbds'; exportName?: string };

export async function startNbdkit(place: Place, args: string[]): Promise<NbdServer> {
  const { listen, uri, pidFile } = await address(place);
  const where = 'port' in listen ? ['-i', '127.0.0.1', '-p', `${listen.port}`] : ['-U', listen.socket];
  return start(peer('nbdkit'), ['-f', '--exit-with-parent', '-P', pidFile, '-r', ...where, ...args], uri, pidFile);
}

/** Serves an image to any number of clients, one after the other or at once. */
export async function startQemuNbd(place: Place, args: string[]): Promise<NbdServer> {
  const { listen, uri, pidFile } = await address(place);
  const where = 'port' in listen ? ['-b', '127.0.0.1', '-p', `${listen.port}`] : ['-k', listen.socket];
  const name = place.exportName ? ['-x', place.exportName] : [];
  const all = ['-r', '-t', '-e', '4', `--pid-file=${pidFile}`, ...where, ...name, ...args];
  return start(peer('qemu-nbd'), all, uri, pidFile);
}

/** `nbdinfo --map`, as our client tells it. */
export async function nbdinfoMap(uri: string, context?: string): Promise<StatusExtent[]> {
  const told = await output(peer('nbdinfo'), [context ? `--map=${context}` : '--map', '--json', uri]);
  const rows = JSON.parse(told) as { offset: number; length: number; type: number }[];
  return rows.map(({ offset, length, type }) => ({ offset, length, flags: type }));
}

/** An authority's folder as nbdkit reads it, and the client's half of it. */
export async function makeCertificates(folder: string) {
  await mkdir(folder, { recursive: true });
  const authority = await generate([{ name: 'commonName', value: 'A made authority' }], {
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const ca = { key: authority.private, cert: authority.cert };
  const issue = (name: string) =>
    generate([{ name: 'commonName', value: name }], {
      keySize: 2048,
      ca,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
      ],
    });
  const [server, client] = await Promise.all([issue('localhost'), issue('connector')]);
  await writeFile(join(folder, 'ca-cert.pem'), authority.cert);
  await writeFile(join(folder, 'server-cert.pem'), server.cert);
  await writeFile(join(folder, 'server-key.pem'), server.private, { mode: 0o600 });
  return { folder, ca: authority.cert, cert: client.cert, key: client.private };
}

async function address({ folder, tcp = false, scheme = 'nbd', exportName = '' }: Place) {
  started += 1;
  const pidFile = join(folder, `server-${started}.pid`);
  if (tcp) {
    const port = await freePort();
    return { listen: { port }, uri: `${scheme}://localhost:${port}/${exportName}`, pidFile };
  }
  const socket = join(folder, `server-${started}.sock`);
  return { listen: { socket }, uri: `${scheme}+unix:///${exportName}?socket=${socket}`, pidFile };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function start(program: string, args: string[], uri: string, pidFile: string): Promise<NbdServer> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = once(child, 'exit');
  const until = Date.now() + 20_000;
  // Both write the file once they listen.
  while (!existsSync(pidFile)) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`${program} ${args.join(' ')} did not start: ${said}`);
    }
    await delay(5);
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await ended;
    }
    await rm(pidFile, { force: true });
  };
  return { uri, child, stop };
}
