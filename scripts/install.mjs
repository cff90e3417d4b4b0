// Brings node_modules to what package-lock.json says, and finds the Node that runs our TypeScript.
// Runs before anything is installed, under any Node from 20: Node's own modules only.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { whenAskedToEnd } from './life-line.mjs';
import { waitForLock } from './lock.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** A failure that the person at the keyboard can act on; it is shown without a stack. */
export class SetUpError extends Error {}

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

/**
 * Why node_modules does not match the lock file, or undefined when it does. npm writes its own list last, so an
 * installation that was cut short has none.
 */
export function whyInstall(folder = root) {
  const wanted = readJson(path.join(folder, 'package-lock.json'))?.packages;
  if (!wanted)
    throw new SetUpError(
      `${folder}/package-lock.json is missing or broken: restore it with git checkout package-lock.json.`,
    );
  if (!existsSync(path.join(folder, 'node_modules'))) return 'nothing is installed yet';
  const present = readJson(path.join(folder, 'node_modules/.package-lock.json'))?.packages;
  if (!present) return 'the last installation did not finish';
  for (const [name, { version, optional, devOptional, peer }] of Object.entries(wanted)) {
    if (name === '') continue;
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

function npmCi() {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: outerPath() };
    for (const name of Object.keys(env)) if (/^npm_(?!config_)/.test(name)) delete env[name];
    const child = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
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
      reject(new SetUpError(`${said}\n\nnpm ci failed (${signal ?? `code ${code}`}). ${hint}`));
    });
  });
}

/**
 * Installs when needed. Two starts at once in one folder take turns.
 * @param {(text: string) => void} say
 * @returns {Promise<boolean>} whether anything was installed
 */
export async function ensureInstalled(say) {
  if (!whyInstall()) return false;
  const lock = await waitForLock(path.join(root, '.landfall/install.lock'), {
    onWait: ({ pid }) => say(`process ${pid} is installing in this folder; waiting for it`),
  });
  try {
    const why = whyInstall();
    if (!why) return false;
    say(`installing packages (about half a minute): ${why}`);
    await npmCi();
    return true;
  } finally {
    lock.release();
  }
}

/** The Node that runs the programs: the one among our packages, else this one if it is new enough. */
export function findNode() {
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
