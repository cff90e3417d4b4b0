// The lab's server with a disk that boots: a raw image that the user names, or else the tiny guest where it can be built.
// Used by scripts/landfall.ts.
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from './apt.ts';
import { SetUpError } from './set-up-error.ts';
import { buildTinyGuest, guestFolder, missingForTinyGuest, tinyGuestPath } from './tiny-guest.ts';

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

export interface LabGuestOptions {
  /** A raw image; `none` for no such server; undefined for the tiny guest. */
  named: string | undefined;
  /** The tiny guest is not waited for any longer when this has settled. */
  patience: Promise<unknown>;
  say: (text: string) => void;
}

/** What lab/main.ts is told about it. The tiny guest is built once; while that takes too long, the lab starts without it. */
export async function guestArguments({ named, patience, say }: LabGuestOptions): Promise<string[]> {
  if (named === 'none') return [];
  if (named) return ['--guest-image', checkGuestImage(named)];
  const image = tinyGuestPath(guestFolder);
  const missing = missingForTinyGuest();
  // Without QEMU its AMI could not be booted, and it would be a server like the others.
  if (existsSync(image) && !missing.includes('qemu-system-x86')) return ['--tiny-guest', image];
  // Everything that it is built of comes from Debian's packages.
  if (!findProgram(['apt-get'])) return [];
  if (missing.length > 0) {
    say(`no server of the lab boots for real; for one that does: apt-get install ${missing.join(' ')}`);
    return [];
  }
  const building = buildTinyGuest(guestFolder);
  const built = await Promise.race([building, patience.then(always, always)]);
  if (!built) {
    say('the tiny guest, a server of the lab that boots, is still being built; the next start has it');
    return [];
  }
  if ('missing' in built) say(`the lab has no tiny guest: ${built.missing}`);
  return 'path' in built ? ['--tiny-guest', built.path] : [];
}

const always = () => undefined;
