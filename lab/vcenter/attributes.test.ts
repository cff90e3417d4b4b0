// What scripts read and change one attribute at a time: Fetch, paths that are known and unset, types within arrays,
// advanced settings, the CD drive, names.
import { expect, test } from 'vitest';
import { fieldsOf } from './inventory/schema.ts';
import { smallWorld, startTestVcenter, type TestClient, type TestVcenter, type Xml } from './testing-client.ts';

const fetchText = (client: TestClient, type: string, value: string, prop: string) =>
  client.raw('Fetch', type, value, `<prop>${prop}</prop>`);

/** Every object below the root and what hangs on it, by type. */
async function everyObject({ client }: TestVcenter): Promise<{ type: string; id: string }[]> {
  const container = '<container type="Folder">group-d1</container><recursive>true</recursive>';
  const [view] = await client.call('CreateContainerView', 'ViewManager', 'ViewManager', container);
  const id = view['#text'];
  const { view: inside } = await client.properties('ContainerView', id, 'view');
  const found = inside.ManagedObjectReference.map((one: Xml) => ({ type: one['@type'], id: one['#text'] }));
  const [content] = await client.call('RetrieveServiceContent', 'ServiceInstance', 'ServiceInstance');
  const singletons = Object.values(content as Record<string, Xml>).filter((one) => one['#text'] && one['@type']);
  for (const one of singletons) found.push({ type: one['@type'], id: one['#text'] });
  for (const { type, id: owner } of [...found]) {
    if (type === 'Datastore') found.push({ type: 'HostDatastoreBrowser', id: `datastoreBrowser-${owner}` });
    if (type !== 'HostSystem') continue;
    const { configManager } = await client.properties(type, owner, 'configManager');
    for (const one of Object.values(configManager as Record<string, Xml>)) {
      if (one?.['#text']) found.push({ type: one['@type'], id: one['#text'] });
    }
  }
  return found;
}

test('one attribute by Fetch: a value with its type, an array with the types of its items, nothing where it is unset', async () => {
  await using lab = await startTestVcenter();
  expect(await fetchText(lab.client, 'VirtualMachine', 'vm-1', 'name')).toContain(
    '<returnval xsi:type="xsd:string">alpha</returnval>',
  );
  const stores = await fetchText(lab.client, 'VirtualMachine', 'vm-1', 'datastore');
  expect(stores).toMatch(
    /<returnval xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="Datastore" xsi:type="ManagedObjectReference">datastore-\d+</,
  );
  expect(await lab.client.call('Fetch', 'VirtualMachine', 'vm-1', '<prop>snapshot</prop>')).toEqual([]);
  const [config] = await lab.client.call('Fetch', 'VirtualMachine', 'vm-1', '<prop>config.hardware</prop>');
  expect(config).toMatchObject({ '@type': 'VirtualHardware', memoryMB: '2048' });
  for (const [object, code] of [
    ['vm-1', 'InvalidProperty'],
    ['vm-99', 'ManagedObjectNotFound'],
  ] as const) {
    const wrong = lab.client.call('Fetch', 'VirtualMachine', object, '<prop>nonsense</prop>');
    await expect(wrong).rejects.toMatchObject({ code });
  }
});

test('items of an array carry their types wherever the schema says anyType', async () => {
  await using lab = await startTestVcenter();
  const read = async (path: string) => {
    const spec = `<specSet><propSet><type>VirtualMachine</type><pathSet>${path}</pathSet></propSet><objectSet><obj type="VirtualMachine">vm-1</obj></objectSet></specSet>`;
    return lab.client.raw('RetrieveProperties', 'PropertyCollector', 'propertyCollector', spec);
  };
  expect(await read('effectiveRole')).toContain('<val xsi:type="ArrayOfInt"><int xsi:type="xsd:int">-1</int></val>');
  expect(await read('network')).toContain('<ManagedObjectReference type="Network" xsi:type="ManagedObjectReference">');
  expect(await read('config.extraConfig')).toContain('<OptionValue xsi:type="OptionValue"><key>ctkEnabled</key>');
});

test('what an object has is known in the order of the schema, and each of its attributes can be asked for', async () => {
  const world = smallWorld();
  world.datacenters[0]!.vApps = ['Shop'];
  Object.assign(world.vms[0]!, { vApp: 'Shop', devices: ['pci', 'pci-dynamic', 'vgpu', 'sriov', 'nvdimm'] });
  world.vms[1]!.disks[1]!.pmem = true;
  await using lab = await startTestVcenter({ world });
  await lab.client.snapshot('vm-2');
  const objects = [...(await everyObject(lab)), { type: 'VirtualMachineSnapshot', id: 'snapshot-1' }];
  expect(new Set(objects.map(({ type }) => type)).size).toBeGreaterThan(20);
  const wrong: string[] = [];
  const check = (where: string, value: Xml): void => {
    if (Array.isArray(value)) for (const one of value) check(where, one);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const type = String(value['@type'] ?? '');
    const known = fieldsOf(type);
    const names = Object.keys(value).filter((name) => !name.startsWith('@') && name !== '#text');
    // A reference has the type of what it refers to.
    if (known && value['#text'] === undefined) {
      const places = names.map((name) => known.indexOf(name));
      if (places.includes(-1)) wrong.push(`${where}: ${type} has no ${names[places.indexOf(-1)]}`);
      if (places.some((place, index) => place < (places[index - 1] ?? 0))) wrong.push(`${where}: ${type} ${names}`);
    } else if (type && !type.startsWith('ArrayOf') && value['#text'] === undefined && names.length > 0) {
      wrong.push(`${where}: ${type} is not in the table`);
    }
    for (const name of names) check(`${where}.${name}`, value[name]);
  };
  for (const { type, id } of objects) {
    // Has methods only.
    if (type === 'SearchIndex') continue;
    const names = fieldsOf(type);
    if (!names) wrong.push(`${type} is not in the table`);
    const values = await lab.client.properties(type, id, ...(names ?? []));
    for (const [name, value] of Object.entries(values)) check(`${type}.${name}`, value);
  }
  expect(wrong).toEqual([]);
});

test('an attribute below one that is unset is unset; one that no type has is refused', async () => {
  await using lab = await startTestVcenter();
  const paths = ['config.ftInfo.role', 'config.managedBy', 'guest.appState', 'runtime.device', 'layout', 'storage'];
  const values = await lab.client.properties('VirtualMachine', 'vm-1', ...paths);
  expect(Object.keys(values)).toEqual(['storage']);
  await expect(lab.client.properties('VirtualMachine', 'vm-1', 'guest.managedBy')).rejects.toMatchObject({
    code: 'InvalidProperty',
  });
});

async function reconfigure({ client }: TestVcenter, vm: string, spec: string): Promise<void> {
  await client.task('ReconfigVM_Task', 'VirtualMachine', vm, `<spec>${spec}</spec>`);
}

const setting = (key: string, value: string) =>
  `<extraConfig><key>${key}</key><value xsi:type="xsd:string">${value}</value></extraConfig>`;

test('advanced settings are kept, are frozen with a snapshot, and go with an empty value', async () => {
  await using lab = await startTestVcenter();
  const settings = async (type = 'VirtualMachine', id = 'vm-1') => {
    const { 'config.extraConfig': found } = await lab.client.properties(type, id, 'config.extraConfig');
    return Object.fromEntries(found.OptionValue.map((one: Xml) => [one.key, one.value['#text']]));
  };
  await reconfigure(lab, 'vm-1', setting('disk.EnableUUID', 'TRUE') + setting('team', 'web &amp; shop'));
  expect(await settings()).toMatchObject({ 'disk.EnableUUID': 'TRUE', team: 'web & shop', ctkEnabled: 'false' });
  const snapshot = await lab.client.snapshot('vm-1');
  await lab.restart();
  await reconfigure(lab, 'vm-1', setting('team', '') + setting('ctkEnabled', 'true'));
  expect(await settings()).not.toHaveProperty('team');
  expect(await settings()).toMatchObject({ 'disk.EnableUUID': 'TRUE', ctkEnabled: 'true' });
  expect(await settings('VirtualMachineSnapshot', snapshot)).toMatchObject({ team: 'web & shop', ctkEnabled: 'false' });
  await lab.control('privileges', { missing: ['VirtualMachine.Config.AdvancedConfig'] });
  await expect(reconfigure(lab, 'vm-1', setting('team', 'x'))).rejects.toMatchObject({ code: 'NoPermission' });
});

const drive = (operation: string, backing: string) =>
  `<deviceChange><operation>${operation}</operation><device xsi:type="VirtualCdrom"><key>3002</key>${backing}<connectable><startConnected>true</startConnected><allowGuestControl>true</allowGuestControl><connected>true</connected></connectable><controllerKey>201</controllerKey></device></deviceChange>`;
const noImage =
  '<backing xsi:type="VirtualCdromRemotePassthroughBackingInfo"><deviceName></deviceName><exclusive>false</exclusive></backing>';
const image = (name: string) => `<backing xsi:type="VirtualCdromIsoBackingInfo"><fileName>${name}</fileName></backing>`;

test('the CD drive stays when its image is taken out, takes another, and goes only when it is removed', async () => {
  await using lab = await startTestVcenter();
  const found = async () => {
    const { 'config.hardware.device': devices } = await lab.client.properties(
      'VirtualMachine',
      'vm-2',
      'config.hardware.device',
    );
    const cd = devices.VirtualDevice.find((one: Xml) => one['@type'] === 'VirtualCdrom');
    return cd && [cd.backing['@type'], cd.backing.fileName, cd.connectable.connected];
  };
  const iso = 'VirtualCdromIsoBackingInfo';
  expect(await found()).toEqual([iso, '[store] iso/a.iso', 'true']);
  await reconfigure(lab, 'vm-2', drive('edit', noImage));
  expect(await found()).toEqual(['VirtualCdromRemotePassthroughBackingInfo', undefined, 'false']);
  await reconfigure(lab, 'vm-2', drive('edit', image('[store] iso/b.iso')));
  expect(await found()).toEqual([iso, '[store] iso/b.iso', 'true']);
  await expect(reconfigure(lab, 'vm-2', drive('add', noImage))).rejects.toMatchObject({ code: 'InvalidDeviceSpec' });
  const elsewhere = reconfigure(lab, 'vm-2', drive('edit', image('[nowhere] iso/b.iso')));
  await expect(elsewhere).rejects.toMatchObject({ code: 'InvalidDatastorePath' });
  await reconfigure(lab, 'vm-2', drive('remove', ''));
  expect(await found()).toBeUndefined();
  await reconfigure(lab, 'vm-2', drive('add', noImage));
  expect(await found()).toEqual(['VirtualCdromRemotePassthroughBackingInfo', undefined, 'false']);
});

test('a machine is renamed; its files and UUIDs stay, slashes are escaped, and no name is there twice', async () => {
  await using lab = await startTestVcenter();
  const paths = ['name', 'config.uuid', 'config.files.vmPathName', 'summary.config.name'];
  const before = await lab.client.properties('VirtualMachine', 'vm-1', ...paths);
  await lab.client.task('Rename_Task', 'VirtualMachine', 'vm-1', '<newName>Büro/alpha 100%</newName>');
  const after = await lab.client.properties('VirtualMachine', 'vm-1', ...paths);
  const name = { '@type': 'xsd:string', '#text': 'Büro%2falpha 100%25' };
  expect(after).toEqual({ ...before, name, 'summary.config.name': name });
  await expect(reconfigure(lab, 'vm-1', '<name>beta</name>')).rejects.toMatchObject({ code: 'DuplicateName' });
  await expect(reconfigure(lab, 'vm-1', '<memoryMB>4096</memoryMB>')).rejects.toMatchObject({
    code: 'InvalidPowerState',
  });
  await lab.control('power', { vm: 'vm-1', on: false });
  await reconfigure(lab, 'vm-1', '<numCPUs>4</numCPUs><memoryMB>4096</memoryMB>');
  expect(await lab.client.properties('VirtualMachine', 'vm-1', 'config.hardware')).toMatchObject({
    'config.hardware': { numCPU: '4', memoryMB: '4096' },
  });
});

test('a machine is suspended, reset, and made a template and back', async () => {
  await using lab = await startTestVcenter();
  const power = async () =>
    (await lab.client.properties('VirtualMachine', 'vm-1', 'runtime.powerState'))['runtime.powerState']['#text'];
  const template = async () =>
    (await lab.client.properties('VirtualMachine', 'vm-1', 'config.template'))['config.template']['#text'];
  await lab.client.task('ResetVM_Task', 'VirtualMachine', 'vm-1');
  expect(await power()).toBe('poweredOn');
  await lab.client.task('SuspendVM_Task', 'VirtualMachine', 'vm-1');
  expect(await power()).toBe('suspended');
  for (const method of ['SuspendVM_Task', 'ResetVM_Task', 'MarkAsTemplate']) {
    const refused = lab.client.call(method, 'VirtualMachine', 'vm-1');
    await expect(refused).rejects.toMatchObject({ code: 'InvalidPowerState' });
  }
  await lab.client.task('PowerOffVM_Task', 'VirtualMachine', 'vm-1');
  await lab.client.call('MarkAsTemplate', 'VirtualMachine', 'vm-1');
  expect(await template()).toBe('true');
  const { resourcePool: pool } = await lab.client.properties('VirtualMachine', 'vm-2', 'resourcePool');
  const args = `<pool type="ResourcePool">${pool['#text']}</pool>`;
  await lab.client.call('MarkAsVirtualMachine', 'VirtualMachine', 'vm-1', args);
  expect(await template()).toBe('false');
});
