// The lab's server with a disk that boots: a raw image that the user names, or else the tiny guest where it can be built.
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../setup/apt.ts';
import { SetUpError } from '../setup/set-up-error.ts';
import { buildTinyGuest, guestFolder, missingForTinyGuest, tinyGuestPath } from '../setup/tiny-guest.ts';

/** How the formats begin that are no raw images, though people take them for such. */
const OTHER_FORMATS: [string, string][] = [
  ['QFI\u00fb', 'qcow2'],
  ['KDMV', 'VMDK'],
  ['# Disk DescriptorFile', 'VMDK'],
  ['vhdxfile', 'VHDX'],
  ['conectix', 'VHD'],
];

/** The full path of an image that can be a disk. @throws SetUpError */
export function checkGuestImage(named: string): string {
  const file = path.resolve(named);
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new SetUpError(`${file}, named as the lab's guest image, is no file.`);
  const start = Buffer.alloc(32);
  const opened = openSync(file, 'r');
  try {
    readSync(opened, start, 0, start.length, 0);
  } finally {
    closeSync(opened);
  }
  const format = OTHER_FORMATS.find(([magic]) => start.toString('latin1').startsWith(magic))?.[1];
  if (format) {
    const convert = `qemu-img convert -O raw ${file} ${path.basename(file, path.extname(file))}.raw`;
    throw new SetUpError(`${file} is a ${format} file; the lab takes raw disk images: ${convert}`);
  }
  if (found.size === 0 || found.size % 512 !== 0) {
    throw new SetUpError(`${file} is no disk image: its ${found.size} bytes are no whole sectors of 512.`);
  }
  return file;
}

/** How the tiny guest comes about; tests replace it. */
export interface TinyGuest {
  /** Where its image lies once it is built. */
  image: string;
  /** Everything that it is built of comes from Debian's packages. */
  canBuild: () => boolean;
  /** The packages without which it cannot be built, or not be booted. */
  missing: () => string[];
  build: () => Promise<{ path: string } | { missing: string }>;
}

export interface LabGuestOptions {
  /** A raw image; `none` for no such server; undefined for the tiny guest. */
  named: string | undefined;
  /** The tiny guest is waited for until this has settled, and `leastMs` in any case. */
  patience: Promise<unknown>;
  say: (text: string) => void;
  /** Its kernel is downloaded and it is packed in some ten seconds, once; default two minutes. */
  leastMs?: number;
  tinyGuest?: TinyGuest;
}

const ours = (): TinyGuest => ({
  image: tinyGuestPath(guestFolder),
  canBuild: () => Boolean(findProgram(['apt-get'])),
  missing: missingForTinyGuest,
  build: () => buildTinyGuest(guestFolder),
});

/** What lab/main.ts is told about it. The tiny guest is built once; while that takes too long, the lab starts without it. */
export async function guestArguments(options: LabGuestOptions): Promise<string[]> {
  const { named, patience, say, leastMs = 120_000, tinyGuest = ours() } = options;
  if (named === 'none') return [];
  if (named) return ['--guest-image', checkGuestImage(named)];
  const missing = tinyGuest.missing();
  // Without QEMU its AMI could not be booted, and it would be a server like the others.
  if (existsSync(tinyGuest.image) && !missing.includes('qemu-system-x86')) return ['--tiny-guest', tinyGuest.image];
  if (!tinyGuest.canBuild()) return [];
  if (missing.length > 0) {
    say(`no server of the lab boots for real; for one that does: apt-get install ${missing.join(' ')}`);
    return [];
  }
  say('building the tiny guest, a server of the lab that boots (once, some ten seconds)');
  // A console that is built already gives it no time: then it is the only thing that is waited for.
  const timer = new AbortController();
  const least = sleep(leastMs, undefined, { signal: timer.signal }).catch(() => {});
  const late = Promise.all([patience.catch(() => {}), least]).then(() => undefined);
  const built = await Promise.race([tinyGuest.build(), late]);
  timer.abort();
  if (!built) {
    say('the tiny guest is still being built; the next start has it');
    return [];
  }
  if ('missing' in built) say(`the lab has no tiny guest: ${built.missing}`);
  return 'path' in built ? ['--tiny-guest', built.path] : [];
}
