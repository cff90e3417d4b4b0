// One holder at a time, across processes: a lock file that names its holder and is worth nothing once the holder is dead.
// Used before anything is installed, so Node's own modules only.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** When a process began, in a form that differs for a later process of the same number; '' when there is none. */
export function processStart(pid) {
  try {
    // The name in brackets may hold spaces; the 20th field behind it is the start time in ticks since boot.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    if (process.platform === 'linux') return '';
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Takes the lock, or says who has it.
 * @param {string} file
 * @param {Record<string, unknown>} [about] kept in the file for whoever finds it taken
 * @returns {{ release: () => void, holder?: undefined } | { holder: { pid: number, [key: string]: unknown }, release?: undefined }}
 */
export function tryLock(file, about = {}) {
  mkdirSync(path.dirname(file), { recursive: true });
  const mine = { ...about, pid: process.pid, started: processStart(process.pid), id: randomUUID() };
  const draft = `${file}.${mine.id}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o644 });
  try {
    for (let tries = 0; tries < 20; tries += 1) {
      try {
        // Linking a finished file is atomic: nobody ever reads a lock that is half written.
        linkSync(draft, file);
        return { release: () => readHolder(file)?.id === mine.id && rmSync(file, { force: true }) };
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const holder = readHolder(file);
      if (holder && processStart(holder.pid) === holder.started) return { holder };
      // A dead holder's lock is moved away, not removed, so that a lock taken in between is noticed and put back.
      const stale = `${file}.stale-${mine.id}`;
      try {
        renameSync(file, stale);
        if (readHolder(stale)?.id !== holder?.id) linkSync(stale, file);
      } catch (error) {
        if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
      }
      rmSync(stale, { force: true });
    }
    throw new Error(`The lock ${file} could not be taken: another process keeps taking and leaving it.`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Waits for the lock.
 * @param {string} file
 * @param {{ onWait?: (holder: { pid: number }) => void, timeoutMs?: number }} [options]
 */
export async function waitForLock(file, { onWait, timeoutMs = 600_000 } = {}) {
  const deadline = Date.now() + timeoutMs;
  for (let told = false; ; told = true) {
    const { release, holder } = tryLock(file);
    if (release) return { release };
    if (!told) onWait?.(holder);
    if (Date.now() > deadline)
      throw new Error(`Process ${holder.pid} still holds ${file}; end it, or wait until it is done.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
