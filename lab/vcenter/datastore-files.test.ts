// The files of machines: what is served of them, what a datastore's browser lists, and how large they are said to be.
import { fetch } from 'undici';
import { expect, test } from 'vitest';
import { MiB } from '../world/world.ts';
import { startTestVcenter, type TestVcenter, type Xml } from './testing-client.ts';

async function text(lab: TestVcenter, path: string): Promise<string> {
  const url = `${lab.vcenter.url}/folder/${path}?dcPath=East&dsName=store`;
  const response = await fetch(url, { dispatcher: lab.client.agent, headers: { cookie: lab.client.cookie ?? '' } });
  if (!response.ok) throw new Error(`Status ${response.status}`);
  return response.text();
}

/** The keys of a descriptor or a configuration. */
function entries(file: string): Record<string, string> {
  const found = [...file.matchAll(/^([\w.:]+) ?= ?"?(.*?)"?$/gm)];
  return Object.fromEntries(found.map(([, key, value]) => [key, value]));
}

test('descriptors name their content, their kind, their parent and their disk', async () => {
  await using lab = await startTestVcenter();
  await lab.client.snapshot('vm-1');
  const base = await text(lab, 'alpha/alpha.vmdk');
  const delta = entries(await text(lab, 'alpha/alpha-000001.vmdk'));
  expect(entries(base)).toMatchObject({ version: '1', parentCID: 'ffffffff', createType: 'vmfs' });
  expect(base).toContain(`\nRW ${(48 * MiB) / 512} VMFS "alpha-flat.vmdk"\n`);
  expect(entries(base).CID).toMatch(/^[0-9a-f]{8}$/);
  expect(entries(base)).toMatchObject({ 'ddb.adapterType': 'lsilogic', 'ddb.virtualHWVersion': '19' });
  expect(delta).toMatchObject({ createType: 'vmfsSparse', parentFileNameHint: 'alpha.vmdk' });
  expect(delta.parentCID).toBe(entries(base).CID);
  const { 'config.hardware.device': devices } = await lab.client.properties(
    'VirtualMachine',
    'vm-1',
    'config.hardware.device',
  );
  const disk = devices.VirtualDevice.find((one: Xml) => one['@type'] === 'VirtualDisk');
  expect(entries(base)['ddb.uuid']?.replace(/[ -]/g, '')).toBe(disk.backing.uuid.toLowerCase().replaceAll('-', ''));
});

test('the configuration file says what the machine is', async () => {
  await using lab = await startTestVcenter();
  const spec = '<extraConfig><key>team</key><value xsi:type="xsd:string">web</value></extraConfig>';
  await lab.client.task('ReconfigVM_Task', 'VirtualMachine', 'vm-2', `<spec>${spec}</spec>`);
  const vmx = entries(await text(lab, 'beta/beta.vmx'));
  expect(vmx).toMatchObject({
    displayName: 'beta',
    guestOS: 'debian12-64',
    firmware: 'efi',
    memSize: '2048',
    'virtualHW.version': '19',
    'scsi0.virtualDev': 'pvscsi',
    'scsi0:1.fileName': 'beta_1.vmdk',
    'ethernet0.virtualDev': 'vmxnet3',
    'ide1:0.deviceType': 'cdrom-image',
    team: 'web',
  });
  expect(vmx['ide1:0.fileName']).toMatch(/^\/vmfs\/volumes\/.+\/iso\/a\.iso$/);
  expect((await text(lab, 'iso/a.iso')).slice(32_769, 32_774)).toBe('CD001');
  await expect(text(lab, 'gamma/gamma.vmx')).rejects.toThrow('404');
});

test('a delta is as large as what was written since its snapshot, the base as what it holds', async () => {
  await using lab = await startTestVcenter();
  const sizes = async () => {
    const { layoutEx } = await lab.client.properties('VirtualMachine', 'vm-1', 'layoutEx');
    const files = new Map<string, Xml>(layoutEx.file.map((file: Xml) => [file.key, file]));
    const chain = layoutEx.disk.chain as Xml;
    return [chain].flat().map(({ fileKey }) => {
      const [descriptor, extent] = fileKey.map((key: string) => files.get(key));
      expect([descriptor.type, extent.type]).toEqual(['diskDescriptor', 'diskExtent']);
      expect(Number(descriptor.size)).toBeLessThan(2000);
      return [extent.name.replace(/^.*\//, ''), Number(extent.size)];
    });
  };
  const head = 24_576;
  await lab.client.snapshot('vm-1', 'one');
  const [[, base]] = (await sizes()) as [[string, number]];
  expect(base).toBeGreaterThan(MiB);
  expect(base).toBeLessThan(48 * MiB);
  expect((await sizes())[1]).toEqual(['alpha-000001-delta.vmdk', head]);
  await lab.control('write', { vm: 'vm-1', offset: 8 * MiB, pattern: 'x', length: 2 * MiB });
  await lab.client.snapshot('vm-1', 'two');
  await lab.control('write', { vm: 'vm-1', offset: 8 * MiB, text: 'one grain' });
  await lab.restart();
  expect(await sizes()).toEqual([
    ['alpha-flat.vmdk', base],
    ['alpha-000001-delta.vmdk', head + 2 * MiB],
    ['alpha-000002-delta.vmdk', head + 65_536],
  ]);
});

test('a datastore is browsed: folders and files, by pattern and by kind, with the details that are asked for', async () => {
  await using lab = await startTestVcenter();
  const [store] = await lab.client.call(
    'FindByInventoryPath',
    'SearchIndex',
    'SearchIndex',
    '<inventoryPath>East/datastore/store</inventoryPath>',
  );
  const { browser } = await lab.client.properties('Datastore', store['#text'], 'browser');
  const search = async (path: string, spec = '', method = 'SearchDatastore_Task') => {
    const args = `<datastorePath>${path}</datastorePath><searchSpec>${spec}</searchSpec>`;
    const found = await lab.client.task(method, 'HostDatastoreBrowser', browser['#text'], args);
    return [found.HostDatastoreBrowserSearchResults ?? found].flat();
  };
  const paths = (result: Xml) => [result.file ?? []].flat().map((file: Xml) => file.path);
  expect(paths((await search('[store]'))[0])).toEqual(['alpha', 'beta', 'iso']);
  const [beta] = await search('[store] beta', '<matchPattern>*.vmdk</matchPattern>');
  expect(beta.folderPath).toBe('[store] beta/');
  expect(paths(beta)).toEqual(['beta.vmdk', 'beta-flat.vmdk', 'beta_1.vmdk', 'beta_1-flat.vmdk']);
  const query =
    '<query xsi:type="VmDiskFileQuery"/><details><fileType>true</fileType><fileSize>true</fileSize></details>';
  await lab.client.snapshot('vm-2');
  const [disks] = await search('[store] beta', query);
  expect(paths(disks)).toEqual(['beta.vmdk', 'beta-000001.vmdk', 'beta_1.vmdk', 'beta_1-000001.vmdk']);
  expect(disks.file[0]['@type']).toBe('VmDiskFileInfo');
  expect(Number(disks.file[0].fileSize)).toBeGreaterThan(MiB);
  const all = await search('[store]', '<matchPattern>*.iso</matchPattern>', 'SearchDatastoreSubFolders_Task');
  expect(all.map((one) => [one.folderPath, paths(one)])).toEqual([
    ['[store]', []],
    ['[store] alpha/', []],
    ['[store] beta/', []],
    ['[store] iso/', ['a.iso']],
  ]);
  await expect(search('[store] nowhere')).rejects.toMatchObject({ code: 'FileNotFound' });
  await expect(search('[other]')).rejects.toMatchObject({ code: 'InvalidArgument' });
});
