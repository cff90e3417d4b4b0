// The files of an embedded PostgreSQL: made once, checked at every start.
import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { mayReach, PostgresSetUpError, type RunAs } from './programs.ts';

/** Nothing of ours: the server needs no secret of the environment. */
export const SERVER_ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env.PATH,
  LC_ALL: 'C',
  TZ: 'UTC',
  NODE_ENV: 'production',
};

/** `-D` and the working folder of a server or initdb that works on `cluster`. */
export function standingIn(cluster: string, user: RunAs | undefined): { dataDirectory: string; cwd: string } {
  if (!user || mayReach(cluster, user)) return { dataDirectory: cluster, cwd: cluster };
  if (process.platform !== 'linux') {
    throw new PostgresSetUpError(
      `PostgreSQL does not run as root, and user ${user.uid} may not enter ${cluster}: choose a data folder that every user may enter, or start as another user than root.`,
    );
  }
  // A folder above is closed to the server's user (a home with mode 0700). A process may always use the folder it stands in,
  // and this link names that folder without passing through those above; every child of the server stands in it too.
  return { dataDirectory: '/proc/self/cwd', cwd: cluster };
}

export interface NewCluster {
  /** Must not exist; the folder above must be open to pass through for `user`. */
  cluster: string;
  programs: string;
  /** The superuser, and its password. */
  owner: string;
  password: string;
  user: RunAs | undefined;
  flush: boolean;
}

/** Runs initdb beside the final place and moves it there when it is whole: one that broke off leaves nothing to trip over. */
export async function makeCluster({ cluster, programs, owner, password, user, flush }: NewCluster): Promise<void> {
  const draft = `${cluster}.new`;
  const passwordFile = path.join(path.dirname(cluster), '.password');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) for (const place of [draft, passwordFile]) chownSync(place, user.uid, user.gid);
  const { dataDirectory, cwd } = standingIn(draft, user);
  // A locale of PostgreSQL's own: the same order on every system, and none has to be installed.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
  const args = ['-D', dataDirectory, '-U', owner, '--auth=scram-sha-256', '--pwfile=../.password', ...locale];
  if (!flush) args.push('--no-sync');
  try {
    await promisify(execFile)(path.join(programs, 'bin/initdb'), args, { cwd, env: SERVER_ENVIRONMENT, ...user });
    renameSync(draft, cluster);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    rmSync(draft, { recursive: true, force: true });
    throw new PostgresSetUpError(
      `PostgreSQL could not make its files in ${path.dirname(cluster)}: ${(stderr || message).trim()}`,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** @throws PostgresSetUpError when the files are another user's, or those of another major version */
export async function checkCluster(cluster: string, programs: string): Promise<void> {
  const { uid } = statSync(cluster);
  const self = process.getuid?.() ?? uid;
  if (self !== 0 && self !== uid) {
    throw new PostgresSetUpError(
      `${cluster} belongs to user ${uid}, and this is user ${self}: start as that user (or as root), or choose another data folder.`,
    );
  }
  const made = readFileSync(path.join(cluster, 'PG_VERSION'), 'utf8').trim();
  const { stdout } = await promisify(execFile)(path.join(programs, 'bin/postgres'), ['--version']);
  const ours = /\d+/.exec(stdout)?.[0];
  if (made !== ours) {
    throw new PostgresSetUpError(
      `${cluster} was made by PostgreSQL ${made}, and this is ${ours}: dump it with the Landfall that made it, or choose another data folder.`,
    );
  }
}
