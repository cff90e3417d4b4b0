import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkGuestImage, guestArguments } from './lab-guest.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'lab-guest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, start: string, bytes: number): string {
  const place = path.join(folder, name);
  const content = Buffer.alloc(bytes);
  content.write(start, 'latin1');
  writeFileSync(place, content);
  return place;
}

it('takes a raw image by its full path', async () => {
  const image = file('disk.raw', '\u00eb\u0063', 4096);
  const options = { patience: Promise.resolve(), say: () => {} };
  expect(await guestArguments({ ...options, named: path.relative(process.cwd(), image) })).toEqual([
    '--guest-image',
    image,
  ]);
  expect(await guestArguments({ ...options, named: 'none' })).toEqual([]);
});

it('says what is wrong with what is none, and how to make one', () => {
  expect(() => checkGuestImage(path.join(folder, 'absent'))).toThrow(/is no file/);
  expect(() => checkGuestImage(folder)).toThrow(/is no file/);
  expect(() => checkGuestImage(file('a.qcow2', 'QFI\u00fb', 1024))).toThrow(
    /qcow2 .* qemu-img convert -O raw .*a\.raw/,
  );
  expect(() => checkGuestImage(file('a.vmdk', 'KDMV', 1024))).toThrow(/VMDK/);
  expect(() => checkGuestImage(file('odd', 'x', 700))).toThrow(/700 bytes/);
  expect(() => checkGuestImage(file('empty', '', 0))).toThrow(/0 bytes/);
});
