// The one folder in which an installation keeps everything: who has it, what lies where, and its secrets.
import { randomBytes, randomInt } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { tryLock } from '../setup/lock.mjs';
import { SetUpError } from '../setup/set-up-error.ts';

export interface Secrets {
  /** What sessions are signed with. */
  nextAuthSecret: string;
  /** What secrets in the database are sealed with, as LANDFALL_SECRET_KEY holds it. */
  secretKey: string;
}

export interface DataFolder {
  path: string;
  /** A place inside: `pg`, `lab`, `connector`, `logs`… */
  at: (...parts: string[]) => string;
  secrets: Secrets;
  /** True when the secrets were made just now. */
  isNew: boolean;
  release: () => void;
}

/**
 * Makes the folder when it is missing, and takes it for this process.
 * @param about `url`: told to whoever starts on the same folder; `command`: what the person typed
 * @throws SetUpError when it cannot be written, or another process has it
 */
export function openDataFolder(folder: string, { url, command }: { url: string; command: string }): DataFolder {
  const at = (...parts: string[]) => path.join(folder, ...parts);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    for (const name of ['lab', 'connector', 'logs']) mkdirSync(at(name), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SetUpError(whyNotWritable(folder, command, error as NodeJS.ErrnoException));
  }
  const { release, holder } = tryLock(at('landfall.lock'), { url });
  if (!release) {
    throw new SetUpError(
      `Landfall is running on this data folder already: ${holder.url ?? 'no address known'} (process ${holder.pid}, ${folder}).\n` +
        `Use that one, stop it (kill ${holder.pid}), or choose another folder and port: ${command} -- --data FOLDER --port NUMBER`,
    );
  }
  try {
    return { path: folder, at, release, ...readSecrets(at('secrets.json')) };
  } catch (error) {
    release();
    throw error;
  }
}

function whyNotWritable(folder: string, command: string, { code, message }: NodeJS.ErrnoException): string {
  const choose = `or choose another folder: ${command} -- --data FOLDER`;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `The data folder ${folder} cannot be written by user ${process.getuid?.() ?? ''}: chown it, ${choose}`;
    case 'EROFS':
      return `The data folder ${folder} is on a file system that is mounted read-only: mount it writable, ${choose}`;
    case 'ENOSPC':
      return `The disk with the data folder ${folder} is full: make room, ${choose}`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `The data folder ${folder} cannot be made, for a file stands in its way: move the file, ${choose}`;
    default:
      return `The data folder ${folder} cannot be used (${message}): ${choose}`;
  }
}

function readSecrets(file: string): { secrets: Secrets; isNew: boolean } {
  const made = {
    nextAuthSecret: randomBytes(32).toString('base64url'),
    secretKey: `${new Date().toISOString().slice(0, 7)}:${randomBytes(32).toString('base64')}`,
  };
  if (!existsSync(file)) return { secrets: writeSecrets(file, made), isNew: true };
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>;
    const { nextAuthSecret, secretKey } = found;
    if (nextAuthSecret) {
      chmodSync(file, 0o600);
      // Before this version nothing was sealed, and there was no key.
      const secrets = { ...found, nextAuthSecret, secretKey: secretKey || made.secretKey };
      return { secrets: secretKey ? secrets : writeSecrets(file, secrets), isNew: false };
    }
  } catch (error) {
    // Said below: a broken file is never replaced: what it held cannot be made again.
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new SetUpError(
    `${file} is broken. It holds the keys that sessions are signed and secrets in the database are sealed with: restore it from a backup. ` +
      'If there is none, remove it: everybody signs in anew, and AWS targets need their access keys anew (docs/operations.md).',
  );
}

function writeSecrets(file: string, secrets: Secrets): Secrets {
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

/** A password of 99 random bits that can be read aloud: no letters that look alike. */
export function makePassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = () => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}
