import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';

let dataDir: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'lab-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

async function start(): Promise<{ child: ChildProcess; line: string; exit: Promise<number | null> }> {
  const child = spawn(process.execPath, ['lab/main.ts', '--data', dataDir, '--vms', '3'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  for await (const line of createInterface({ input: child.stdout! })) return { child, line, exit };
  throw new Error(`The lab ended with ${await exit}`);
}

const labFile = async () => JSON.parse(await readFile(join(dataDir, 'lab.json'), 'utf8'));

test('comes up on the same ports with the same secrets, and ends when told to or left alone', async () => {
  const first = await start();
  expect(first.line).toContain('Lab ready');
  const file = await labFile();
  expect((await stat(join(dataDir, 'lab.json'))).mode & 0o777).toBe(0o600);
  const state = await fetch(`${file.control.url}/state`).then((response) => response.json());
  expect(state.vcenter).toMatchObject({ up: true, snapshots: [], leases: [], tasks: [] });
  const taken = await fetch(`${file.control.url}/vcenter/foreign-snapshot`, {
    method: 'POST',
    body: '{"vm":"vm-1001"}',
  });
  expect(await taken.json()).toEqual({ snapshot: 'snapshot-1' });
  first.child.kill('SIGTERM');
  expect(await first.exit).toBe(0);

  const second = await start();
  expect(await labFile()).toEqual(file);
  const again = await fetch(`${file.control.url}/state`).then((response) => response.json());
  expect(again.vcenter.snapshots).toMatchObject([{ vm: 'vm-1001', id: 'snapshot-1' }]);
  second.child.disconnect();
  expect(await second.exit).toBe(0);
}, 60_000);
