import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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

describe('the tiny guest', () => {
  const built = (ms: number) => new Promise<{ path: string }>((done) => setTimeout(done, ms, { path: '/guest.raw' }));
  const tinyGuest = (build: () => Promise<{ path: string } | { missing: string }>) => ({
    image: path.join(folder, 'not-built-yet'),
    canBuild: () => true,
    missing: () => [],
    build,
  });

  it('is waited for where the console is built already and nothing else takes time', async () => {
    const options = { named: undefined, patience: Promise.resolve(), say: () => {} };
    expect(await guestArguments({ ...options, tinyGuest: tinyGuest(() => built(50)) })).toEqual([
      '--tiny-guest',
      '/guest.raw',
    ]);
  });

  it('is given up when it takes longer than that and the build of the console', async () => {
    const said: string[] = [];
    const patience = Promise.reject(new Error('the console was not built'));
    const never = () => new Promise<{ path: string }>(() => {});
    const options = { named: undefined, patience, say: (text: string) => said.push(text), leastMs: 5 };
    expect(await guestArguments({ ...options, tinyGuest: tinyGuest(never) })).toEqual([]);
    expect(said.at(-1)).toMatch(/still being built; the next start has it/);
    const refused = async () => ({ missing: 'no kernel' });
    expect(await guestArguments({ ...options, tinyGuest: tinyGuest(refused) })).toEqual([]);
    expect(said.at(-1)).toBe('the lab has no tiny guest: no kernel');
  });
});
