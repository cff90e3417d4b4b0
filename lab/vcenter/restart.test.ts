import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MiB, type World } from '../world/world.ts';
import { MARKER_MAGIC } from './marker.ts';
import { smallWorld, startTestVcenter } from './testing-client.ts';
import { readByRecords } from './vmdk/testing-read.ts';

test('snapshots, their bytes and changes of the world survive a restart; sessions and leases do not', async () => {
  await using lab = await startTestVcenter();
  const port = lab.vcenter.port;
  await lab.control('write', { vm: 'vm-1', offset: 500_000, text: 'kept' });
  const snapshot = await lab.client.snapshot('vm-1');
  const frozen = await lab.control('hash', { vm: 'vm-1', snapshot });
  await lab.control('write', { vm: 'vm-1', offset: 500_000, text: 'gone' });
  const live = await lab.control('hash', { vm: 'vm-1' });
  await lab.client.task('PowerOffVM_Task', 'VirtualMachine', 'vm-2');
  await lab.client.exportSnapshot(snapshot);
  await lab.restart();
  expect(lab.vcenter.port).toBe(port);
  expect(await lab.control('hash', { vm: 'vm-1', snapshot })).toEqual(frozen);
  expect(await lab.control('hash', { vm: 'vm-1' })).toEqual(live);
  expect((await lab.control('state')).leases).toEqual([]);
  const { 'runtime.powerState': power } = await lab.client.properties('VirtualMachine', 'vm-2', 'runtime.powerState');
  expect(power['#text']).toBe('poweredOff');
  const next = await lab.client.snapshot('vm-1', 'two');
  expect(next).not.toBe(snapshot);
  await lab.client.removeSnapshot(snapshot);
  await lab.client.removeSnapshot(next);
});

test('a marker is written into a guest file system in place, also after a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lab-image-'));
  try {
    const path = join(folder, 'guest.raw');
    const image = Buffer.alloc(2 * MiB);
    image.write(MARKER_MAGIC.repeat(3), 100);
    Buffer.alloc(512, MARKER_MAGIC).copy(image, 777 * 512);
    await writeFile(path, image);
    const world: World = smallWorld();
    const first = world.vms[0]!;
    first.disks = [{ ...first.disks[0]!, capacityBytes: 2 * MiB, content: { kind: 'image', path } }];
    await using lab = await startTestVcenter({ world });
    expect(await lab.control('marker', { text: 'first' })).toEqual({ vm: 'vm-1', offset: 777 * 512 });
    const snapshot = await lab.client.snapshot('vm-1');
    await lab.restart();
    await lab.control('marker', { vm: 'vm-1', text: 'second' });
    const marked = (text: string) => {
      const bytes = Buffer.from(image);
      bytes.fill('\n', 777 * 512, 778 * 512).write(text, 777 * 512);
      return bytes;
    };
    const { urls } = await lab.client.exportSnapshot(snapshot);
    expect(readByRecords(await lab.client.download(urls[0].url)).disk.equals(marked('first'))).toBe(true);
    await lab.restart();
    const later = await lab.client.snapshot('vm-1', 'later');
    const again = await lab.client.exportSnapshot(later);
    expect(readByRecords(await lab.client.download(again.urls[0].url)).disk.equals(marked('second'))).toBe(true);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('guests write on while time passes, but not when they are off', async () => {
  await using lab = await startTestVcenter({ settings: { guestWritesPerSecond: 2 } });
  const digest = async (vm: string) => (await lab.control('hash', { vm })).digest;
  await lab.control('power', { vm: 'vm-2', on: false });
  const [on, off] = [await digest('vm-1'), await digest('vm-2')];
  await expect.poll(() => digest('vm-1'), { timeout: 5000 }).not.toBe(on);
  expect(await digest('vm-2')).toBe(off);
});
