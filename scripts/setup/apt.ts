// Installs Debian packages where that is possible: as root, with apt-get.
import { accessSync, constants, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { run } from './child-program.ts';

/** The full path of a program on PATH or in one of `also`, or undefined. */
export function findProgram(names: string[], also: string[] = []): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const places = [...also, ...names.flatMap((name) => folders.map((folder) => path.join(folder, name)))];
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why apt-get cannot be used here, or undefined. */
function whyNoApt(): string | undefined {
  if (!findProgram(['apt-get'])) return 'this system has no apt-get';
  if (process.getuid?.() !== 0) return 'only root may install it with apt-get';
  return undefined;
}

let updated = false;

/** Installs the packages; answers with the reason when it did not work. */
export async function aptInstall(packages: string[]): Promise<string | undefined> {
  const why = whyNoApt();
  if (why) return why;
  console.log(`apt-get install ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (args: string[]) =>
    run('apt-get', ['-y', '-q', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, capture: true, timeoutMs: 600_000 });
  if (!updated) {
    const { code, output } = await apt(['update']);
    if (code !== 0) return `apt-get update failed: ${lastLine(output)}`;
    updated = true;
  }
  const { code, output } = await apt(['install', '--no-install-recommends', ...packages]);
  return code === 0 ? undefined : `apt-get install failed: ${lastLine(output)}`;
}

/**
 * Unpacks Debian packages into a folder, without installing them: a server among them is not started, and root is not needed.
 * Answers with the reason when it did not work.
 */
export async function aptUnpack(packages: string[], folder: string): Promise<string | undefined> {
  if (!findProgram(['apt-get']) || !findProgram(['dpkg'])) return 'this system has no apt-get';
  console.log(`apt-get download ${packages.join(' ')}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const download = () =>
    run('apt-get', ['-q', 'download', ...packages], { cwd: folder, capture: true, timeoutMs: 600_000 });
  let { code, output } = await download();
  // Its lists may be missing, or name a version that is no more.
  if (code !== 0 && process.getuid?.() === 0) {
    await run('apt-get', ['-y', '-q', 'update'], { capture: true, timeoutMs: 600_000 });
    ({ code, output } = await download());
  }
  if (code !== 0) return `apt-get download failed: ${lastLine(output)}`;
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.deb'))) {
    const unpacked = await run('dpkg', ['-x', path.join(folder, name), folder], { capture: true });
    if (unpacked.code !== 0) return `dpkg -x failed: ${lastLine(unpacked.output)}`;
  }
  return undefined;
}

/** The last line that says something; used as the reason in one-line messages. */
export function lastLine(output: string): string {
  const lines = output.trim().split('\n').filter(Boolean);
  return (lines.findLast((line) => /^E:|error/i.test(line)) ?? lines.at(-1) ?? 'it said nothing').trim();
}
