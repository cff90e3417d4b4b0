// The handling of QEMU processes, with a stand-in for QEMU. The real one boots the tiny guest in the peers' tests.
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  DescribeInstanceStatusCommand,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CloudLab, instanceOf, register, snapshotOf, startCloudLab, until } from './testing-driving.ts';
import { linuxDisk } from './testing-guest-disks.ts';

const path = process.env.PATH;
let folder: string;
let lab: CloudLab;
let image: string;

// Writes its process id and its arguments to the serial console. `guest-exit` in the folder makes it end by itself.
const standIn = (own: string) => `#!/bin/sh
for a in "$@"; do case $a in file,id=console,path=*) p=\${a#file,id=console,path=}; p=\${p%,append=on};; esac; done
[ -e ${own}/silent ] || echo "pid=$$ arguments=$*" >> "$p"
[ -e ${own}/exit ] && exit 3
exec sleep 600
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lab-qemu-'));
  writeFileSync(join(folder, 'qemu-system-x86_64'), standIn(folder));
  chmodSync(join(folder, 'qemu-system-x86_64'), 0o755);
  process.env.PATH = `${folder}${delimiter}${path}`;
  lab = await startCloudLab({ guestQemu: true });
  image = await register(lab.ec2(), await snapshotOf(lab, linuxDisk()));
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
  process.env.PATH = path;
  rmSync(folder, { recursive: true, force: true });
});

async function launch(ImageId = image): Promise<string> {
  const input = { ImageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 } as const;
  return (await lab.ec2().send(new RunInstancesCommand(input))).Instances![0]!.InstanceId!;
}

async function consoleOf(InstanceId: string): Promise<string> {
  const { Output } = await lab.ec2().send(new GetConsoleOutputCommand({ InstanceId }));
  return Buffer.from(Output ?? '', 'base64').toString();
}

/** The process behind the instance's latest boot. */
const processOf = (id: string, boots = 1) =>
  until('the guest speaks', async () => {
    const pids = [...(await consoleOf(id)).matchAll(/pid=(\d+)/g)].map((match) => Number(match[1]));
    return pids.length >= boots && pids.at(-1);
  });

/** Dead, or a zombie that nobody collected yet. */
function dead(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

const terminate = (id: string) => lab.ec2().send(new TerminateInstancesCommand({ InstanceIds: [id] }));
const state = async (id: string) => (await instanceOf(lab.ec2(), id)).State!.Name;
const status = async (id: string) => {
  const { InstanceStatuses } = await lab.ec2().send(new DescribeInstanceStatusCommand({ InstanceIds: [id] }));
  return InstanceStatuses?.[0]?.InstanceStatus?.Status;
};

test('the AMI is booted from its flattened volumes, and is ok when its console says something', async () => {
  writeFileSync(join(folder, 'silent'), '');
  const id = await launch();
  await until('it is running', async () => (await state(id)) === 'running');
  expect(await status(id)).toBe('initializing');
  rmSync(join(folder, 'silent'));
  await lab.ec2().send(new StopInstancesCommand({ InstanceIds: [id] }));
  await until('it is stopped', async () => (await state(id)) === 'stopped');
  await lab.ec2().send(new StartInstancesCommand({ InstanceIds: [id] }));
  const pid = await processOf(id);
  await until('its status is ok', async () => (await status(id)) === 'ok');
  const said = await consoleOf(id);
  const raw = /file=(\S+\.raw),format=raw,if=virtio/.exec(said)?.[1] ?? '';
  const start = Buffer.alloc(linuxDisk().length);
  const file = openSync(raw, 'r');
  readSync(file, start, 0, start.length, 0);
  closeSync(file);
  expect(start.equals(linuxDisk())).toBe(true);
  expect(said).toMatch(/-machine q35,accel=tcg .*-m 256 .*-snapshot/);
  await terminate(id);
  await until('the process is gone', async () => dead(pid));
  await until('it is terminated', async () => (await state(id)) === 'terminated');
  expect(await consoleOf(id)).toContain('pid=');
});

test('a guest that is stopped is gone, and speaks again when it is started', async () => {
  const id = await launch();
  const before = await processOf(id);
  await lab.ec2().send(new StopInstancesCommand({ InstanceIds: [id] }));
  await until('the process is gone', async () => dead(before));
  await until('it is stopped', async () => (await state(id)) === 'stopped');
  await lab.ec2().send(new StartInstancesCommand({ InstanceIds: [id] }));
  expect(await processOf(id, 2)).not.toBe(before);
  await terminate(id);
});

test('no more than two run at a time; the next one follows', async () => {
  const [one, two, three] = [await launch(), await launch(), await launch()];
  await processOf(one);
  await processOf(two);
  await until('it is running', async () => (await state(three)) === 'running');
  expect(await consoleOf(three)).toContain('has not started yet');
  await terminate(one);
  await processOf(three);
  await terminate(two);
  await terminate(three);
});

test('a guest that shuts itself down stops its instance', async () => {
  writeFileSync(join(folder, 'exit'), '');
  const id = await launch();
  await until('it is stopped', async () => (await state(id)) === 'stopped');
  rmSync(join(folder, 'exit'));
  expect((await instanceOf(lab.ec2(), id)).StateReason!.Code).toBe('Client.InstanceInitiatedShutdown');
});

test('a lab that closes takes its guests along, and boots them again when it comes back', async () => {
  const id = await launch();
  const before = await processOf(id);
  await lab.restart();
  expect(dead(before)).toBe(true);
  const after = await processOf(id, 2);
  expect(after).not.toBe(before);
  await terminate(id);
  await until('the process is gone', async () => dead(after));
});

test('a lab that is killed takes its guests along', async () => {
  const console = join(folder, 'console.log');
  const options = { qemu: join(folder, 'qemu-system-x86_64'), disks: [], console, folder, name: 'x' };
  const program = `
    import { startQemu } from ${JSON.stringify(join(import.meta.dirname, 'qemu.ts'))};
    startQemu(JSON.parse(process.argv[1]));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program, JSON.stringify(options)]);
  const pid = await until('the guest speaks', async () => {
    try {
      return Number(/pid=(\d+)/.exec(readFileSync(console, 'utf8'))?.[1]);
    } catch {
      return undefined;
    }
  });
  expect(dead(pid)).toBe(false);
  child.kill('SIGKILL');
  await until('the guest is gone', async () => dead(pid));
});

test('a root disk without boot code is only simulated, and the console says why', async () => {
  const snapshot = await snapshotOf(lab, linuxDisk(false));
  const id = await launch(await register(lab.ec2(), snapshot, { Name: 'no boot code' }));
  await until('its status is ok', async () => (await status(id)) === 'ok');
  expect(await consoleOf(id)).toMatch(/only simulated: its root volume has no boot code/);
});
