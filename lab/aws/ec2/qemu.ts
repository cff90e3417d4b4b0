// One QEMU process for one instance. The process ends with the lab, also when the lab is killed.
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface QemuMachine {
  kill(): void;
  /** Resolves with how it ended. */
  exited: Promise<string>;
}

/** The path of qemu-system-x86_64, when it is installed. */
export function findQemu(): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'qemu-system-x86_64'))
    .find((path) => existsSync(path));
}

/** UEFI firmware with its variables in one file, as distributions install it for QEMU. */
export function findFirmware(): string | undefined {
  return ['/usr/share/ovmf/OVMF.fd', '/usr/share/qemu/OVMF.fd', '/usr/share/edk2/ovmf/OVMF.fd'].find((path) =>
    existsSync(path),
  );
}

export interface QemuOptions {
  qemu: string;
  firmware: string | undefined;
  /** Raw images, the root first. They are attached as virtio disks and never written to. */
  disks: string[];
  /** The serial console is appended to this file. */
  console: string;
  /** For what QEMU writes aside. */
  folder: string;
  name: string;
}

// A shell stands between: its input is a pipe from the lab, and when that closes - however the lab ended - it kills QEMU.
const watcher =
  'exec 3<&0; "$@" </dev/null & q=$!; (read -r _ <&3; kill -9 $q 2>/dev/null) & w=$!; wait $q; c=$?; kill $w 2>/dev/null; exit $c';

export function startQemu(options: QemuOptions): QemuMachine {
  const { firmware, folder } = options;
  const argumentsOfQemu = [
    ...['-name', options.name, '-machine', 'q35,accel=tcg', '-cpu', 'max', '-m', '256'],
    ...['-display', 'none', '-nodefaults', '-no-user-config', '-no-reboot', '-snapshot'],
    ...['-chardev', `file,id=console,path=${comma(options.console)},append=on`, '-serial', 'chardev:console'],
    ...['-netdev', 'user,id=net,restrict=on', '-device', 'virtio-net-pci,netdev=net,romfile='],
    ...options.disks.flatMap((path) => ['-drive', `file=${comma(path)},format=raw,if=virtio`]),
  ];
  if (firmware) {
    const own = join(folder, 'firmware.fd');
    copyFileSync(firmware, own);
    argumentsOfQemu.push('-bios', own);
  }
  const child = spawn('/bin/sh', ['-c', watcher, 'sh', options.qemu, ...argumentsOfQemu], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  });
  child.stdin.on('error', () => {});
  let said = '';
  child.stderr.on('data', (piece: Buffer) => {
    said = (said + piece.toString()).slice(-2000);
  });
  const exited = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(`exit ${code ?? signal}${said ? `: ${said.trim()}` : ''}`));
  });
  return { kill: () => child.stdin.destroy(), exited };
}

/** QEMU's option syntax ends a value at a comma unless it is doubled. */
function comma(path: string): string {
  return path.replaceAll(',', ',,');
}
