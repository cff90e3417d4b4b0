import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const wait = { timeout: 60_000, interval: 50 };
const scripts = (
  JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;
/** What is started through scripts/setup/install.mjs, and what npm starts itself, with the file of each. */
const HANDED_OVER = { start: 'scripts/run/supervise.ts', test: 'scripts/check/checks.ts' };
const PROGRAMS = {
  web: 'scripts/run/web.ts',
  worker: 'server/worker.ts',
  connector: 'connector/main.ts',
  lab: 'lab/main.ts',
};

/** Notes that it is up, and that it was asked to end, as our programs do: by a signal, or by the end of its channel. */
const PROGRAM = `import { appendFileSync } from 'node:fs';
const note = (word) => appendFileSync(process.env.NOTES, word + ' ' + process.pid + '\\n');
const end = () => { note('asked'); setTimeout(() => { note('ended'); process.exit(0); }, 50); };
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, end);
if (process.connected) { process.once('disconnect', end); process.channel.unref(); }
setInterval(() => {}, 1000);
note('up');
`;

let folder: string;
const started: ChildProcess[] = [];
const pids = new Set<number>();

// A package with our commands and our way of handing over, and a cheap program in the place of each of ours.
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'with-npm-'));
  for (const name of ['server', 'connector', 'lab', 'scripts/setup', 'scripts/run', 'scripts/check']) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  for (const name of ['setup/install.mjs', 'setup/lock.mjs', 'setup/life-line.mjs', 'run/end-with-npm.mjs']) {
    cpSync(path.join(root, 'scripts', name), path.join(folder, 'scripts', name));
  }
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'stand-in', type: 'module', scripts }));
  for (const file of [...Object.values(HANDED_OVER), ...Object.values(PROGRAMS)]) {
    writeFileSync(path.join(folder, file), PROGRAM);
  }
  for (const [name, file] of Object.entries(HANDED_OVER)) {
    const text = `import { handOver } from '../setup/install.mjs';\nhandOver('${file}', process.argv.slice(2));\n`;
    writeFileSync(path.join(folder, path.dirname(file), `${name}.mjs`), text);
  }
});

afterAll(() => {
  for (const pid of [...pids, ...started.map((child) => child.pid ?? 0)]) {
    if (pid > 0 && isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
  rmSync(folder, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Starts a command of package.json through npm, sends npm's process alone the signal, and answers what came of it. */
async function endNpm(name: string, signal: NodeJS.Signals): Promise<{ words: string[]; isLeft: boolean }> {
  const file = path.join(folder, `notes-${name}-${signal}`);
  const notes = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
  const env: NodeJS.ProcessEnv = { ...process.env, NOTES: file };
  // The programs need this Node; and npm must not think that it runs inside another npm.
  env.PATH = `${path.dirname(process.execPath)}${path.delimiter}${env.PATH ?? ''}`;
  for (const key of Object.keys(env)) if (/^npm_/.test(key)) delete env[key];
  // A group of its own: a signal to npm's number reaches npm, and whom npm tells.
  const npm = spawn('npm', ['run', '--silent', name], { cwd: folder, env, stdio: 'ignore', detached: true });
  started.push(npm);
  const over = once(npm, 'exit');
  await vi.waitFor(() => expect(notes()[0]).toMatch(/^up/), wait);
  const pid = Number(notes()[0]?.split(' ')[1]);
  pids.add(pid);
  npm.kill(signal);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), wait);
  await over;
  return { words: notes().map((line) => line.split(' ')[0] ?? ''), isLeft: isAlive(pid) };
}

const gently = { words: ['up', 'asked', 'ended'], isLeft: false };

test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
  'npm start ends with its npm, gently, when npm gets %s',
  async (signal) => {
    expect(await endNpm('start', signal)).toEqual(gently);
  },
  120_000,
);

test('the other commands do so too', async () => {
  for (const name of ['test', ...Object.keys(PROGRAMS)]) {
    const both = await Promise.all([endNpm(name, 'SIGTERM'), endNpm(name, 'SIGKILL')]);
    expect({ [name]: both }).toEqual({ [name]: [gently, gently] });
  }
}, 240_000);

test('every command that runs a program of ours replaces the shell between npm and it', () => {
  const ours = Object.entries(scripts).filter(([, command]) => /\bnode\b/.test(command));
  expect(ours.filter(([, command]) => !command.startsWith('exec '))).toEqual([]);
});
