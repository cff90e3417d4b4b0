// Loads what changed: for npm run dev. The console reloads by itself (next dev); worker, connector and lab are ended in
// order and started again. A migration is not applied by itself: it is written in two steps, and applied once.
import { existsSync, type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import path from 'node:path';
import type { Supervisor } from './supervisor.ts';

/** What each program is made of: folders, and what in them it never loads. The import rules hold both. */
const SOURCES: Record<string, { folders: string[]; never?: RegExp }> = {
  worker: {
    folders: ['server', 'db', 'replication'],
    never: /^server\/(api|auth|gateway)\/|^replication\/steps\/connector\//,
  },
  connector: { folders: ['connector', 'replication'], never: /^replication\/steps\/cloud\// },
  lab: { folders: ['lab'] },
};
const MIGRATIONS = /^db\/migrations\/[^/]+\.sql$/;
/** An editor writes a file in several steps, and git many files: what changes within this time is one change. */
const SETTLED_MS = 150;

/** The programs that a changed file is part of: none for tests, notes and what an editor leaves beside a file. */
export function programsOf(file: string): string[] {
  if (!/\.(ts|json)$/.test(file) || /\.test\.ts$|(^|\/)testing[^/]*\.ts$|\/meta\//.test(file)) return [];
  return Object.keys(SOURCES).filter((name) => {
    const { folders, never } = SOURCES[name] as (typeof SOURCES)[string];
    return folders.some((folder) => file.startsWith(`${folder}/`)) && !never?.test(file);
  });
}

export interface Reload {
  close(): void;
}

/** Restarts programs of `supervisor` when files below `root` change, until it is closed. */
export function reloadOnChange(
  root: string,
  supervisor: Pick<Supervisor, 'restart'>,
  say: (text: string) => void,
): Reload {
  const folders = new Set(Object.values(SOURCES).flatMap((sources) => sources.folders));
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let turn = Promise.resolve();
  let closed = false;

  const load = async () => {
    const files = [...changed];
    changed.clear();
    if (closed) return;
    const migration = files.find((file) => MIGRATIONS.test(file));
    if (migration)
      say(
        `${migration} changed: start again to apply it, once its SQL is whole (with --fresh if it was applied before)`,
      );
    const names = new Set(files.flatMap(programsOf));
    const from = Date.now();
    await Promise.all([...names].map((name) => supervisor.restart(name)));
    if (names.size === 0 || closed) return;
    const why = files.length === 1 ? files[0] : `${files.length} files`;
    say(`${[...names].join(' and ')} started again (${Date.now() - from} ms): ${why} changed`);
  };
  const watched = watchFolders(
    [...folders].map((folder) => path.join(root, folder)),
    (file) => {
      const name = path.relative(root, file).replaceAll(path.sep, '/');
      if (programsOf(name).length === 0 && !MIGRATIONS.test(name)) return;
      changed.add(name);
      clearTimeout(timer);
      timer = setTimeout(() => {
        turn = turn.then(load).catch((error: Error) => say(`reloading failed: ${error.message}`));
      }, SETTLED_MS);
    },
  );
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
      watched.close();
    },
  };
}

/**
 * Tells of every file that is written, made or removed below the folders. One watch a folder: that also sees editors
 * that put a new file in the old one's place, for which a watch on the file itself is blind from then on.
 */
function watchFolders(tops: string[], onChange: (file: string) => void): Reload {
  const watchers = new Map<string, FSWatcher>();
  const add = (folder: string) => {
    if (watchers.has(folder) || !existsSync(folder)) return;
    const watcher = watch(folder, (_event, name) => {
      if (!name) return;
      const changed = path.join(folder, name);
      if (statSync(changed, { throwIfNoEntry: false })?.isDirectory()) return addAll(changed, onChange);
      onChange(changed);
    });
    const forget = () => {
      watcher.close();
      watchers.delete(folder);
    };
    watcher.on('error', forget);
    watchers.set(folder, watcher);
  };
  /** A new folder may have files already when it is first seen. */
  const addAll = (folder: string, tell?: (file: string) => void) => {
    if (watchers.has(folder)) return;
    add(folder);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const inside = path.join(folder, entry.name);
      if (entry.isDirectory()) addAll(inside, tell);
      else tell?.(inside);
    }
  };
  for (const top of tops) addAll(top);
  return {
    close: () => {
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
