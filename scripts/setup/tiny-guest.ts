// The tiny guest's disk image: built once by lab/guest/build-tiny-guest.sh and kept. npm start gives it to the lab when it can
// be had without installing anything; npm run test:peers installs what is missing first.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, lastLine } from './apt.ts';
import { run } from './child-program.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const script = path.join(root, 'lab/guest/build-tiny-guest.sh');
/** One image serves every data folder and the peers. */
export const guestFolder = path.join(root, '.landfall/guest');
const sbin = (name: string) => [`/usr/sbin/${name}`, `/sbin/${name}`];

/** What the script needs, and QEMU to boot what it makes; Debian's names. */
export const GUEST_PACKAGES = [
  'busybox-static',
  'grub-pc-bin',
  'grub-common',
  'e2fsprogs',
  'kmod',
  'cpio',
  'fdisk',
  'qemu-system-x86',
] as const;

/** Those of GUEST_PACKAGES that are not there. */
export function missingForTinyGuest(): string[] {
  const there: Record<(typeof GUEST_PACKAGES)[number], boolean> = {
    'busybox-static': Boolean(findProgram(['busybox'])),
    'grub-pc-bin': existsSync('/usr/lib/grub/i386-pc/boot.img'),
    'grub-common': Boolean(findProgram(['grub-mkimage'])),
    e2fsprogs: Boolean(findProgram(['mke2fs'], sbin('mke2fs'))),
    kmod: Boolean(findProgram(['depmod'], sbin('depmod'))),
    cpio: Boolean(findProgram(['cpio'])),
    fdisk: Boolean(findProgram(['sfdisk'], sbin('sfdisk'))),
    'qemu-system-x86': Boolean(findProgram(['qemu-system-x86_64'])),
  };
  return GUEST_PACKAGES.filter((name) => !there[name]);
}

/** Where the image lies in this folder once it is built; another script gives another image. */
export function tinyGuestPath(folder: string): string {
  const version = createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 12);
  return path.join(folder, `tiny-guest-${version}.raw`);
}

/** Builds the image, if it is not there; answers with the reason when that did not work. Downloads a kernel (30 MB). */
export async function buildTinyGuest(folder: string): Promise<{ path: string } | { missing: string }> {
  const image = tinyGuestPath(folder);
  if (existsSync(image)) return { path: image };
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    return { missing: `${folder} cannot be made: ${(error as Error).message}` };
  }
  // Of our own until it is whole: somebody else may be building the same one.
  const own = `${image}.${process.pid}`;
  const { code, output } = await run('bash', [script, own], { capture: true, timeoutMs: 600_000 });
  if (code === 0) renameSync(own, image);
  rmSync(`${own}.part`, { force: true });
  return code === 0 ? { path: image } : { missing: `its image could not be built: ${lastLine(output)}` };
}
