// The machines behind the lab's instances: real ones under QEMU where it is installed, else pretended ones that say so.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { paced } from '../pace.ts';
import { blockSize, blocksPerGiB } from '../snapshots/block-file.ts';
import type { GuestDisk } from './guest-disk.ts';
import { findFirmware, findQemu, type QemuMachine, startQemu } from './qemu.ts';
import type { Ec2, ImageRecord, InstanceRecord } from './state.ts';

/** Machines that run under QEMU at a time; the others wait. */
const mostMachines = 2;
/** EC2 keeps this much of a console (bytes). */
const consoleLength = 65536;

interface Running {
  /** Undefined while it waits for a place or for its disks. */
  machine?: QemuMachine;
  stop: AbortController;
  /** Resolves when the machine is gone. */
  done: Promise<void>;
}

export class Guests {
  readonly #ec2: Ec2;
  readonly #qemu: string | undefined;
  readonly #firmware: string | undefined;
  readonly #running = new Map<string, Running>();
  readonly #waiting: (() => void)[] = [];
  #places = mostMachines;

  constructor(ec2: Ec2) {
    this.#ec2 = ec2;
    this.#qemu = ec2.context.guestQemu === false ? undefined : findQemu();
    this.#firmware = this.#qemu ? findFirmware() : undefined;
  }

  /** How an instance of this image will live, and what its console says about it. */
  plan(
    image: ImageRecord,
    bootMode: string | undefined,
    root: GuestDisk,
  ): Pick<InstanceRecord, 'guest' | 'consoleNote'> {
    if (image.origin === 'register' && root.windows) {
      return {
        guest: 'refused',
        consoleNote:
          'The root volume holds Windows, and the AMI was registered from a plain snapshot. Such an AMI does not launch: ' +
          'the instance shut itself down. Make the AMI with ImportImage instead.',
      };
    }
    const simulated = (why: string): Pick<InstanceRecord, 'guest' | 'consoleNote'> => ({
      guest: 'simulated',
      consoleNote: `This instance is only simulated: ${why} Nothing was booted, so the guest itself says nothing here.`,
    });
    if (this.#ec2.context.guestQemu === false) return simulated('booting guests is switched off in this lab.');
    if (!this.#qemu) return simulated('qemu-system-x86_64 is not installed on the machine of the lab.');
    if (image.architecture === 'arm64') return simulated('the lab boots x86 guests only.');
    if (bootMode === 'uefi') {
      if (!this.#firmware) return simulated('it boots by UEFI, and no OVMF firmware is installed beside QEMU.');
      if (!root.efi) return simulated('it boots by UEFI, and its root volume has no EFI system partition.');
    } else if (!root.bootCode) {
      return simulated('its root volume has no boot code, so a BIOS would not start it.');
    }
    return { guest: 'qemu', consoleNote: `Booted by the lab under QEMU (${bootMode ?? 'legacy-bios'}).` };
  }

  /** Brings the instance's machine to life; its status turns to ok at the first sign of life. */
  start(instance: InstanceRecord): void {
    if (instance.guest === 'simulated') {
      this.#ec2.timers.after(paced(this.#ec2.context, 2500), () => {
        if (instance.state === 'running') this.#setAlive(instance);
      });
    }
    if (instance.guest !== 'qemu' || this.#running.has(instance.id)) return;
    const stop = new AbortController();
    const entry: Running = { stop, done: Promise.resolve() };
    entry.done = this.#live(instance, entry)
      .catch((error: unknown) => {
        if (!stop.signal.aborted) this.#ec2.context.log(`The guest of ${instance.id} failed: ${String(error)}`);
      })
      .finally(() => this.#running.delete(instance.id));
    this.#running.set(instance.id, entry);
  }

  /** Kills the machine and waits until it is gone; `forget` also removes its disks. */
  async stop(id: string, forget: boolean): Promise<void> {
    const entry = this.#running.get(id);
    entry?.stop.abort();
    entry?.machine?.kill();
    await entry?.done;
    if (!forget) return;
    const folder = this.#folder(id);
    for (const name of listed(folder)) if (name.endsWith('.raw')) rmSync(join(folder, name), { force: true });
  }

  /** The end of the console, the lab's own line first. Undefined time when nothing was said yet. */
  async console(instance: InstanceRecord): Promise<{ text: Buffer; at: Date }> {
    const note = Buffer.from(`[lab] ${instance.consoleNote}\r\n`);
    if (instance.guest !== 'qemu') return { text: note, at: new Date(instance.started) };
    const path = join(this.#folder(instance.id), 'console.log');
    try {
      const { size, mtime } = await stat(path);
      const file = await open(path, 'r');
      try {
        const length = Math.min(size, consoleLength - note.length);
        const text = Buffer.alloc(length);
        await file.read(text, 0, length, size - length);
        return { text: Buffer.concat([note, text]), at: mtime };
      } finally {
        await file.close();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const waits = Buffer.from('[lab] The machine has not started yet.\r\n');
      return { text: Buffer.concat([note, waits]), at: new Date(instance.started) };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id, false)));
  }

  #folder(id: string): string {
    return join(this.#ec2.context.dataDir, 'ec2', 'guests', id);
  }

  async #live(instance: InstanceRecord, entry: Running): Promise<void> {
    const { signal } = entry.stop;
    await this.#place(signal);
    try {
      const folder = this.#folder(instance.id);
      mkdirSync(folder, { recursive: true });
      const disks = await this.#disks(instance, folder, signal);
      const console = join(folder, 'console.log');
      const before = await sizeOf(console);
      const machine = startQemu({
        qemu: this.#qemu ?? 'qemu-system-x86_64',
        firmware: instance.bootMode === 'uefi' ? this.#firmware : undefined,
        disks,
        console,
        folder,
        name: instance.id,
      });
      entry.machine = machine;
      if (signal.aborted) machine.kill();
      const watch = setInterval(async () => {
        if (!instance.alive && (await sizeOf(console)) > before) this.#setAlive(instance);
      }, 300);
      const exit = await machine.exited.finally(() => clearInterval(watch));
      if (!signal.aborted) this.#shutDownByItself(instance, exit);
    } finally {
      this.#free();
    }
  }

  /** The volumes as raw images, the root first. They are made once; QEMU never writes into them. */
  async #disks(instance: InstanceRecord, folder: string, signal: AbortSignal): Promise<string[]> {
    const volumes = instance.volumeIds.flatMap((id) => this.#ec2.state.volumes[id] ?? []);
    volumes.sort((a, b) => {
      const root = (name: string) => (name === instance.rootDeviceName ? `0${name}` : `1${name}`);
      return root(a.deviceName) < root(b.deviceName) ? -1 : 1;
    });
    const paths: string[] = [];
    for (const volume of volumes) {
      const path = join(folder, `${volume.id}.raw`);
      const wanted = volume.size * blocksPerGiB * blockSize;
      if ((await sizeOf(path)) !== wanted) {
        if (volume.snapshotId) await this.#ec2.snapshots.flatten(volume.snapshotId, path, signal);
        else await (await open(path, 'w')).close();
        await truncate(path, wanted);
      }
      paths.push(path);
    }
    return paths;
  }

  #setAlive(instance: InstanceRecord): void {
    instance.alive = true;
    this.#ec2.state.save();
  }

  #shutDownByItself(instance: InstanceRecord, exit: string): void {
    if (instance.state !== 'running') return;
    this.#ec2.context.log(`The guest of ${instance.id} ended by itself: ${exit}`);
    instance.state = instance.shutdownBehavior === 'terminate' ? 'terminated' : 'stopped';
    instance.alive = false;
    instance.transitionReason = 'Client initiated shutdown';
    instance.stateReason = {
      code: 'Client.InstanceInitiatedShutdown',
      message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
    };
    this.#ec2.state.save();
  }

  async #place(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#places > 0) {
      this.#places -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const take = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        const at = this.#waiting.indexOf(take);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(take);
    });
  }

  #free(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#places += 1;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
