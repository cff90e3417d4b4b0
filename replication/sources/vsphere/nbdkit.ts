// nbdkit with VMware's VDDK as a server of one frozen disk, where the user has both: started for one disk, ended with it.
// VDDK is not ours to ship and can no longer be downloaded, so nothing here needs it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NbdDisk, openNbdDisk } from '../../disks/nbd/nbd-disk.ts';
import { rest } from '../../disks/pause.ts';
import { FaultError, faultError } from '../../model/fault.ts';
import { stopped } from './faults.ts';

export interface VddkOptions {
  /** VDDK's folder: the one that holds lib64. */
  libdir: string;
  /** nbdkit's program. Default `nbdkit`, from the PATH. */
  nbdkit?: string;
}

/** What names one frozen disk to VDDK (nbdkit-vddk-plugin(1)). */
export interface FrozenDisk {
  server: string;
  user: string;
  password: string;
  /** SHA-1 of vCenter's certificate, `AA:BB:…`. */
  thumbprint: string;
  vm: string;
  snapshot: string;
  /** `[datastore] folder/name.vmdk` as the snapshot's own configuration has it. */
  file: string;
}

const READY_MS = 60_000;
const END_MS = 5_000;
const KEPT_OUTPUT = 4_000;

/** A disk served by an nbdkit of its own; closing it ends the process and removes what it needed. */
export async function openVddkDisk(vddk: VddkOptions, frozen: FrozenDisk, signal: AbortSignal): Promise<NbdDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-nbd-'));
  const socket = join(folder, 'disk.sock');
  let server: ChildProcess | undefined;
  const end = async () => {
    await ended(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // Not on the command line, where every user of the machine could read it.
    await writeFile(join(folder, 'password'), frozen.password, { mode: 0o600 });
    const process = start(vddk, frozen, folder, socket);
    server = process.child;
    const disk = await firstAnswer(process, socket, signal);
    return {
      capacityBytes: disk.capacityBytes,
      blockSizes: disk.blockSizes,
      contexts: disk.contexts,
      read: (offset, length, stop) => disk.read(offset, length, stop),
      status: (context, stop) => disk.status(context, stop),
      async close() {
        await disk.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

interface Started {
  child: ChildProcess;
  /** The end of what it said, without anything secret: VDDK never repeats the password. */
  said(): string;
  failed: Promise<Error>;
}

function start(vddk: VddkOptions, frozen: FrozenDisk, folder: string, socket: string): Started {
  const child = spawn(
    vddk.nbdkit ?? 'nbdkit',
    [
      ...['--foreground', '--exit-with-parent', '--readonly', '--unix', socket, 'vddk'],
      `libdir=${vddk.libdir}`,
      `server=${frozen.server}`,
      `user=${frozen.user}`,
      `password=+${join(folder, 'password')}`,
      `thumbprint=${frozen.thumbprint}`,
      `vm=moref=${frozen.vm}`,
      `snapshot=${frozen.snapshot}`,
      `file=${frozen.file}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const failed = new Promise<Error>((resolve) => {
    child.once('error', resolve);
    child.once('exit', (code, by) => resolve(new Error(`nbdkit ended (${by ?? `code ${code}`})`)));
  });
  return { child, said: () => output.trim(), failed };
}

/** Connects as soon as it listens; VDDK's own login takes some seconds. */
async function firstAnswer({ said, failed }: Started, socket: string, signal: AbortSignal): Promise<NbdDisk> {
  const endpoint = { address: { socketPath: socket }, exportName: '', tls: false };
  let over: Error | undefined;
  void failed.then((error) => {
    over = error;
  });
  for (const until = Date.now() + READY_MS; ; ) {
    if (signal.aborted) throw stopped(signal);
    if (over) throw refused(over, said());
    try {
      return await openNbdDisk(endpoint, {}, signal);
    } catch (error) {
      const unreachable = error instanceof FaultError && error.fault.code === 'nbd-unreachable';
      if (!unreachable || signal.aborted) throw error;
      if (Date.now() > until) throw refused(error, said());
    }
    await rest(50, signal);
  }
}

function refused(error: Error, said: string): FaultError {
  return faultError(
    'nbd-refused',
    {
      message: 'nbdkit could not open the disk with VDDK.',
      remedy:
        'Read what nbdkit said. Check the folder of VDDK, port 902 from the connector to the ESXi hosts, and the privileges of docs/vcenter-role.md; or choose another transport.',
      cause: said || error.message,
    },
    error,
  );
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await gone;
  clearTimeout(timer);
}
