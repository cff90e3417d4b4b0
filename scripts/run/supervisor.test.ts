import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Supervisor, type SupervisorOptions } from './supervisor.ts';

const lifeLine = fileURLToPath(new URL('../../server/die-with-parent.ts', import.meta.url));
const wait = { timeout: 15_000, interval: 20 };
let folder: string;
let said: string[];
let supervisor: Supervisor;
let stray: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'supervisor-'));
  said = [];
  supervisor = make({});
});

afterEach(() => {
  supervisor.kill();
  stray?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function make(options: Partial<SupervisorOptions>): Supervisor {
  return new Supervisor({
    cwd: folder,
    logFolder: path.join(folder, 'logs'),
    programsFile: path.join(folder, 'programs.json'),
    lifeLine,
    say: (text) => said.push(text),
    pauseMs: 10,
    longestPauseMs: 100,
    ...options,
  });
}

/** A program that notes when it is ready and when it was asked to end. */
function program(
  name: string,
  body = '',
): { name: string; args: string[]; env: () => Record<string, string | undefined> } {
  const file = path.join(folder, `${name}.mjs`);
  const note = (word: string) => `appendFileSync(${JSON.stringify(path.join(folder, 'notes'))}, '${name} ${word}\\n');`;
  const end = `process.once('SIGTERM', () => { ${note('asked')} setTimeout(() => { ${note('ended')} process.exit(0); }, 30); });`;
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs';\n${body || end}\n${note('ready')}\nsetInterval(() => {}, 1000);\n`,
  );
  return { name, args: [file], env: () => ({ PATH: process.env.PATH }) };
}

const notes = () =>
  existsSync(path.join(folder, 'notes')) ? readFileSync(path.join(folder, 'notes'), 'utf8').trim().split('\n') : [];

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

test('a program that is killed is started again, and its new number is on file', async () => {
  supervisor.start(program('worker'));
  await vi.waitFor(() => expect(notes()).toEqual(['worker ready']), wait);
  const before = supervisor.pid('worker');
  process.kill(before, 'SIGKILL');
  await vi.waitFor(() => expect(notes()).toEqual(['worker ready', 'worker ready']), wait);
  const pid = supervisor.pid('worker');
  expect(pid).not.toBe(before);
  expect(JSON.parse(readFileSync(path.join(folder, 'programs.json'), 'utf8'))).toMatchObject({
    supervisor: process.pid,
    worker: pid,
  });
  expect(said[0]).toMatch(/^worker ended \(SIGKILL\); starting it again in 10 ms/);
});

test('the pauses between restarts grow up to the longest', async () => {
  supervisor.start(program('web', `console.error('no database'); process.exit(3);`));
  await vi.waitFor(() => expect(said.length).toBeGreaterThan(5), wait);
  expect(said[0]).toBe('web ended (code 3); starting it again in 10 ms; it said last:\nno database');
  expect(said.slice(1, 6).map((text) => Number(/in (\d+) ms/.exec(text)?.[1]))).toEqual([20, 40, 80, 100, 100]);
});

test('waiting for a program that cannot start ends with its last words', async () => {
  supervisor.start(program('lab', `console.error('port taken'); process.exit(1);`));
  const ready = supervisor.untilReady('lab', () => false, 15_000, new AbortController().signal, 5);
  await expect(ready).rejects.toThrow(/lab does not start; it said last:\nport taken/);
});

test('programs are asked to end in order, and nothing is left over', async () => {
  for (const name of ['web', 'worker', 'lab']) supervisor.start(program(name));
  await vi.waitFor(() => expect(notes()).toHaveLength(3), wait);
  const pids = ['web', 'worker', 'lab'].map((name) => supervisor.pid(name));
  await supervisor.stop([['worker'], ['web']]);
  expect(notes().slice(3)).toEqual([
    'worker asked',
    'worker ended',
    'web asked',
    'web ended',
    'lab asked',
    'lab ended',
  ]);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(said).toEqual([]);
});

test('a program that will not end is ended by force, with what it had started', async () => {
  const child = path.join(folder, 'child');
  const body = `const { spawn } = await import('node:child_process');
    process.on('SIGTERM', () => {});
    const { pid } = spawn('sleep', ['600']);
    appendFileSync(${JSON.stringify(child)}, String(pid));`;
  supervisor.start({ ...program('stubborn', body), graceMs: 50 });
  await vi.waitFor(() => expect(notes()).toEqual(['stubborn ready']), wait);
  const pid = supervisor.pid('stubborn');
  const grandchild = Number(readFileSync(child, 'utf8'));
  expect(isAlive(grandchild)).toBe(true);
  await supervisor.stop([]);
  expect(isAlive(pid)).toBe(false);
  await vi.waitFor(() => expect(isAlive(grandchild)).toBe(false), wait);
  expect(said).toEqual(['stubborn did not end within 0.05 s; ending it by force']);
});

test('programs end when their supervisor is killed', async () => {
  const spec = program('orphan');
  const module = new URL('./supervisor.ts', import.meta.url).href;
  const options = { cwd: folder, logFolder: path.join(folder, 'logs'), lifeLine };
  const script = `const { Supervisor } = await import(${JSON.stringify(module)});
    const supervisor = new Supervisor({ ...${JSON.stringify(options)}, say: () => {} });
    supervisor.start({ name: 'orphan', args: ${JSON.stringify(spec.args)}, env: () => ({}) });
    console.log(supervisor.pid('orphan'));`;
  stray = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(stray.stdout ?? process.stdin, 'data')) as [Buffer];
  const pid = Number(line.toString());
  await vi.waitFor(() => expect(notes()).toEqual(['orphan ready']), wait);
  stray.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), wait);
  expect(notes()).toEqual(['orphan ready', 'orphan asked', 'orphan ended']);
});

test('a restart ends a program in order and starts it again without a pause or a word; one that is down rises at once', async () => {
  supervisor = make({ pauseMs: 60_000 });
  supervisor.start(program('app'));
  await vi.waitFor(() => expect(notes()).toEqual(['app ready']), wait);
  await supervisor.restart('app');
  await vi.waitFor(() => expect(notes()).toEqual(['app ready', 'app asked', 'app ended', 'app ready']), wait);
  process.kill(supervisor.pid('app'), 'SIGKILL');
  await vi.waitFor(() => expect(said.join()).toMatch(/app ended \(SIGKILL\)/), wait);
  await supervisor.restart('app');
  await vi.waitFor(() => expect(notes().filter((note) => note === 'app ready')).toHaveLength(3), wait);
  expect(said).toHaveLength(1);
});
