// Brings node_modules to what package-lock.json says, and finds the Node that runs our TypeScript.
// Runs before anything is installed, under any Node from 20: Node's own modules only.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { whenAskedToEnd } from './life-line.mjs';
import { waitForLock } from './lock.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** A failure that the person at the keyboard can act on; it is shown without a stack. */
export class SetUpError extends Error {}

/** npm failed and ended by itself: what was in node_modules it has put back. */
export class NpmFailed extends SetUpError {}

function atLeast(version, major, minor) {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** There while packages are added to an installation: whoever finds it knows that this was broken off. */
const addingFile = (folder) => path.join(folder, '.landfall/adding-packages');

/** npm's own list of what is in node_modules, which it writes last. */
const listed = (folder) => readJson(path.join(folder, 'node_modules/.package-lock.json'))?.packages;

/**
 * Why node_modules does not match the lock file, or undefined when it does. npm writes its own list last, so an
 * installation that was cut short has none.
 * @param {{ tools?: boolean }} [kind] `tools`: with what only tests and other work on Landfall need (devDependencies)
 */
export function whyInstall(folder = root, { tools = true } = {}) {
  const wanted = readJson(path.join(folder, 'package-lock.json'))?.packages;
  if (!wanted)
    throw new SetUpError(
      `${folder}/package-lock.json is missing or broken: restore it with git checkout package-lock.json.`,
    );
  if (!existsSync(path.join(folder, 'node_modules'))) return 'nothing is installed yet';
  const present = listed(folder);
  if (!present || existsSync(addingFile(folder))) return 'the last installation did not finish';
  for (const [name, { version, dev, optional, devOptional, peer }] of Object.entries(wanted)) {
    if (name === '' || (dev && !tools)) continue;
    const found = present[name];
    if (!found && (optional || devOptional || peer)) continue;
    if (found?.version !== version)
      return `${name.replace(/^.*node_modules\//, '')} is ${found?.version ?? 'missing'}, and the lock file says ${version}`;
    // npm lists optional packages of other platforms too, without laying them down.
    if (!optional && !devOptional && !existsSync(path.join(folder, name))) return `${name} was removed`;
  }
  return undefined;
}

/** PATH without this repository's own node_modules: npm must not run on the Node that it is about to replace. */
function outerPath() {
  const inner = path.join(root, 'node_modules');
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((part) => !path.resolve(part).startsWith(inner))
    .join(path.delimiter);
}

const npmHints = [
  [
    /EAI_AGAIN|ENOTFOUND|ETIMEDOUT|ECONNREFUSED|ECONNRESET|network/i,
    'npm did not reach its registry: check the network, or the proxy (npm config get proxy, https-proxy).',
  ],
  [/ENOSPC/, 'The disk is full: about 1.3 GB are needed here.'],
  [/EACCES|EPERM/, `npm may not write in this folder: it belongs to another user (chown it, or run as that user).`],
  [/EUSAGE|Missing: .* from lock file/, 'package.json and package-lock.json do not match: git checkout both.'],
  [
    /\b(401|403|E401|E403)\b/,
    'The registry refused a package: check the registry that npm is set to (npm config get registry).',
  ],
  [/EINTEGRITY/, 'A download was damaged: run npm cache clean --force and try again.'],
];

/** @param {string[]} args what npm is told */
function npm(args) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: outerPath() };
    for (const name of Object.keys(env)) if (/^npm_(?!config_)/.test(name)) delete env[name];
    const child = spawn('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Left alone, it would go on beside whoever installs next.
    let asked = false;
    const stopListening = whenAskedToEnd((signal) => {
      asked = true;
      child.kill(signal);
    });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      stopListening();
      reject(
        new SetUpError(
          error.code === 'ENOENT'
            ? 'npm was not found: install it beside Node (Debian: apt-get install npm).'
            : `npm did not start: ${error.message}`,
        ),
      );
    });
    child.on('close', (code, signal) => {
      stopListening();
      if (asked) return reject(new SetUpError('The installation was broken off; the next start begins it again.'));
      if (code === 0) return resolve();
      const hint = npmHints.find(([pattern]) => pattern.test(output))?.[1] ?? 'What npm said is above.';
      const said = output.trim().split('\n').slice(-25).join('\n');
      const Failure = signal ? SetUpError : NpmFailed;
      reject(new Failure(`${said}\n\nnpm ${args[0]} failed (${signal ?? `code ${code}`}). ${hint}`));
    });
  });
}

/**
 * What npm must do. Whoever only starts Landfall gets what runs: the tools are a third of the work. They are added to
 * that when they are asked for, and kept up to date where they are.
 */
export function installation(folder, { tools }) {
  const present = listed(folder) ?? {};
  const hasTools = Object.values(present).some(({ dev }) => dev);
  if (!tools && !hasTools) return ['ci', '--omit=dev'];
  // Neither the lock file nor what is there already is touched.
  if (!whyInstall(folder, { tools: false })) return ['install', '--no-save', '--include=dev'];
  return ['ci', '--include=dev'];
}

/**
 * Adds packages to an installation. One that is broken off is known by a file; one that fails, as without a network, leaves
 * what was there as good as it was.
 * @param {string} folder
 * @param {() => Promise<void>} add
 */
export async function adding(folder, add) {
  const file = addingFile(folder);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  try {
    await add();
  } catch (error) {
    if (error instanceof NpmFailed) rmSync(file, { force: true });
    throw error;
  }
  rmSync(file, { force: true });
}

async function install(folder, kind) {
  const args = installation(folder, kind);
  if (args[0] === 'ci') return npm(args).then(() => rmSync(addingFile(folder), { force: true }));
  await adding(folder, () => npm(args));
  // What npm made of it in another way than hoped is made anew.
  if (whyInstall(folder, kind)) await npm(['ci', '--include=dev']);
}

/**
 * Installs when needed. Two starts at once in one folder take turns.
 * @param {(text: string) => void} say
 * @param {{ tools: boolean }} kind as in whyInstall
 * @returns {Promise<boolean>} whether anything was installed
 */
export async function ensureInstalled(say, kind) {
  if (!whyInstall(root, kind)) return false;
  const lock = await waitForLock(path.join(root, '.landfall/install.lock'), {
    onWait: ({ pid }) => say(`process ${pid} is installing in this folder; waiting for it`),
  });
  try {
    const why = whyInstall(root, kind);
    if (!why) return false;
    say(`installing packages (about half a minute): ${why}`);
    await install(root, kind);
    return true;
  } finally {
    lock.release();
  }
}

/** The Node that runs the programs: the one among our packages, else this one if it is new enough. */
function findNode() {
  const bundled = path.join(root, 'node_modules/.bin/node');
  if (existsSync(bundled)) {
    const { status, stdout } = spawnSync(bundled, ['--version'], { encoding: 'utf8' });
    if (status === 0 && atLeast(stdout.trim().slice(1), 22, 18)) return bundled;
  }
  if (atLeast(process.versions.node, 22, 18)) return process.execPath;
  throw new SetUpError(
    `Landfall's programs need Node 22.18 or newer. It brings its own for Linux with glibc on x64 and arm64, but none that runs on this machine (${process.platform} ${process.arch}); the Node found here is ${process.versions.node}. Install Node 24 and start again.`,
  );
}

/** Refuses a Node on which not even the set-up runs. */
export function checkOwnNode() {
  if (!atLeast(process.versions.node, 20, 9)) {
    throw new SetUpError(`Landfall needs Node 20.9 or newer to set itself up; this is ${process.versions.node}.`);
  }
}

/**
 * Runs one of our TypeScript programs in the foreground and ends as it ends. Its standard channels are ours; signals are
 * handed on; it notices through the IPC channel when we are gone.
 */
export function handOver(file, args) {
  const child = spawn(findNode(), [path.join(root, file), ...args], {
    cwd: process.cwd(),
    // A group of its own, so that Ctrl+C reaches it once, from us, and not a second time from the terminal.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  whenAskedToEnd((signal) => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
    if (child.connected) child.disconnect();
  });
}

/** Shows a set-up error as it is, and anything else with its stack. */
export function showAndExit(error) {
  console.error(error instanceof SetUpError ? `\n${error.message}\n` : error);
  process.exit(1);
}
