import { expect, test } from 'vitest';
import { defaultWorld } from '../world/default.ts';
import { generateWorld } from '../world/generate.ts';
import { SoapFault, smallWorld, startTestVcenter, type TestClient, type Xml } from './testing-client.ts';

async function vmView(client: TestClient): Promise<string> {
  const args = '<container type="Folder">group-d1</container><type>VirtualMachine</type><recursive>true</recursive>';
  const [view] = await client.call('CreateContainerView', 'ViewManager', 'ViewManager', args);
  return view['#text'];
}

const viewSpec = (view: string, paths: string[]) =>
  `<specSet><propSet><type>VirtualMachine</type>${paths.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet><objectSet><obj type="ContainerView">${view}</obj><skip>true</skip><selectSet xsi:type="TraversalSpec"><name>v</name><type>ContainerView</type><path>view</path><skip>false</skip></selectSet></objectSet></specSet>`;

const nameOf = (object: Xml) => object.propSet.find((one: Xml) => one.name === 'name').val['#text'];

async function allPages(client: TestClient, spec: string, maxObjects: number): Promise<Xml[][]> {
  const pages: Xml[][] = [];
  const args = `${spec}<options><maxObjects>${maxObjects}</maxObjects></options>`;
  let [page] = await client.call('RetrievePropertiesEx', 'PropertyCollector', 'propertyCollector', args);
  for (;;) {
    pages.push(page.objects);
    if (!page.token) return pages;
    [page] = await client.call(
      'ContinueRetrievePropertiesEx',
      'PropertyCollector',
      'propertyCollector',
      `<token>${page.token}</token>`,
    );
  }
}

test('a container view is paged by the client and by the server, and nothing is lost', async () => {
  await using lab = await startTestVcenter({ world: generateWorld({ vms: 57, seed: 'pages' }) });
  const spec = viewSpec(await vmView(lab.client), ['name', 'config.hardware.numCPU', 'runtime.powerState']);
  const pages = await allPages(lab.client, spec, 20);
  expect(pages.map((page) => page.length)).toEqual([20, 20, 17]);
  expect(new Set(pages.flat().map(nameOf)).size).toBe(57);
  await lab.control('settings', { pageLimit: 7 });
  expect((await allPages(lab.client, spec, 20)).map((page) => page.length)).toEqual([...Array(8).fill(7), 1]);
});

test('a page token works once, and only with what gave it out', async () => {
  await using lab = await startTestVcenter();
  const spec = viewSpec(await vmView(lab.client), ['name']);
  const args = `${spec}<options><maxObjects>1</maxObjects></options>`;
  const [page] = await lab.client.call('RetrievePropertiesEx', 'PropertyCollector', 'propertyCollector', args);
  const next = () =>
    lab.client.call(
      'ContinueRetrievePropertiesEx',
      'PropertyCollector',
      'propertyCollector',
      `<token>${page.token}</token>`,
    );
  await next();
  await expect(next()).rejects.toMatchObject({ code: 'InvalidArgument' });
});

test('devices and values carry their types, in either way of writing them', async () => {
  await using lab = await startTestVcenter();
  const expected = {
    disks: ['2000', '2001'],
    firmware: 'efi',
    iso: '[store] iso/a.iso',
    uuids: 2,
  };
  const read = async () => {
    const values = await lab.client.properties('VirtualMachine', 'vm-2', 'config.hardware.device', 'config.firmware');
    const devices: Xml[] = values['config.hardware.device'].VirtualDevice;
    const disks = devices.filter((device) => device['@type'] === 'VirtualDisk');
    const cd = devices.find((device) => device['@type'] === 'VirtualCdrom');
    return {
      disks: disks.map((disk) => disk.key),
      firmware: values['config.firmware']['#text'],
      iso: cd.backing.fileName,
      uuids: new Set(disks.map((disk) => disk.backing.uuid)).size,
    };
  };
  expect(await read()).toEqual(expected);
  await lab.control('settings', { xmlStyle: 'odd-prefixes' });
  expect(await read()).toEqual(expected);
  const spec =
    '<specSet><propSet><type>VirtualMachine</type><pathSet>name</pathSet></propSet><objectSet><obj type="VirtualMachine">vm-1</obj></objectSet></specSet>';
  const text = await lab.client.raw('RetrieveProperties', 'PropertyCollector', 'propertyCollector', spec);
  expect(text).toContain('_XMLSchema-instance:type="xsd:string">alpha<');
  expect(text).not.toContain('xsi:type=');
});

test('a path that does not exist is refused', async () => {
  await using lab = await startTestVcenter();
  for (const path of ['nonsense', 'config.nonsense', 'name.length', 'constructor']) {
    await expect(lab.client.properties('VirtualMachine', 'vm-1', path)).rejects.toMatchObject({
      code: 'InvalidProperty',
      detail: { name: path },
    });
  }
  await expect(lab.client.properties('VirtualMachine', 'vm-99', 'name')).rejects.toBeInstanceOf(SoapFault);
});

test('folders can be walked, and paths and UUIDs found', async () => {
  await using lab = await startTestVcenter();
  const find = async (path: string) => {
    const [found] = await lab.client.call(
      'FindByInventoryPath',
      'SearchIndex',
      'SearchIndex',
      `<inventoryPath>${path}</inventoryPath>`,
    );
    return found?.['#text'];
  };
  expect(await find('East/vm/Servers/beta')).toBe('vm-2');
  expect(await find('/East/vm/Servers/gamma')).toBeUndefined();
  const { 'config.uuid': uuid } = await lab.client.properties('VirtualMachine', 'vm-2', 'config.uuid');
  const args = `<uuid>${uuid['#text']}</uuid><vmSearch>true</vmSearch>`;
  const [byUuid] = await lab.client.call('FindByUuid', 'SearchIndex', 'SearchIndex', args);
  expect(byUuid['#text']).toBe('vm-2');
  // The traversal that visits every folder by a selection that names itself.
  const spec = `<specSet><propSet><type>ManagedEntity</type><pathSet>name</pathSet></propSet><objectSet><obj type="Folder">group-d1</obj>
    <selectSet xsi:type="TraversalSpec"><name>folder</name><type>Folder</type><path>childEntity</path><selectSet><name>folder</name></selectSet><selectSet><name>dc</name></selectSet></selectSet>
    <selectSet xsi:type="TraversalSpec"><name>dc</name><type>Datacenter</type><path>vmFolder</path><selectSet><name>folder</name></selectSet></selectSet></objectSet></specSet>`;
  const objects = await lab.client.call('RetrieveProperties', 'PropertyCollector', 'propertyCollector', spec);
  expect(objects.map(nameOf)).toEqual(['Datacenters', 'East', 'vm', 'Servers', 'alpha', 'beta']);
});

test('a machine in a vApp has no folder above it, and is found through its vApp', async () => {
  const world = smallWorld();
  world.datacenters[0]!.vApps = ['Shop'];
  world.vms[1]!.vApp = 'Shop';
  await using lab = await startTestVcenter({ world });
  const alone = await lab.client.properties('VirtualMachine', 'vm-1', 'parent', 'parentVApp', 'resourcePool');
  expect([alone.parent['@type'], alone.parentVApp]).toEqual(['Folder', undefined]);
  const { parent, parentVApp, resourcePool } = await lab.client.properties(
    'VirtualMachine',
    'vm-2',
    'parent',
    'parentVApp',
    'resourcePool',
  );
  expect([parent, parentVApp['@type'], resourcePool]).toEqual([undefined, 'VirtualApp', parentVApp]);
  const shop = await lab.client.properties('VirtualApp', parentVApp['#text'], 'name', 'vm', 'parent', 'parentFolder');
  expect(shop.name['#text']).toBe('Shop');
  expect(shop.vm.ManagedObjectReference['#text']).toBe('vm-2');
  expect([shop.parent['@type'], shop.parentFolder['@type']]).toEqual(['ResourcePool', 'Folder']);
  const names = (await allPages(lab.client, viewSpec(await vmView(lab.client), ['name']), 100)).flat().map(nameOf);
  expect(names.sort()).toEqual(['alpha', 'beta']);
});

test('what waits for updates hears of a change, and of nothing else', async () => {
  await using lab = await startTestVcenter();
  const [own] = await lab.client.call('CreatePropertyCollector', 'PropertyCollector', 'propertyCollector');
  const collector = own['#text'];
  const spec =
    '<spec><propSet><type>VirtualMachine</type><pathSet>name</pathSet><pathSet>runtime.powerState</pathSet></propSet><objectSet><obj type="VirtualMachine">vm-1</obj></objectSet></spec><partialUpdates>false</partialUpdates>';
  await lab.client.call('CreateFilter', 'PropertyCollector', collector, spec);
  const wait = async (version: string, seconds: number) => {
    const args = `<version>${version}</version><options><maxWaitSeconds>${seconds}</maxWaitSeconds></options>`;
    return (await lab.client.call('WaitForUpdatesEx', 'PropertyCollector', collector, args))[0];
  };
  const first = await wait('', 0);
  expect(first.filterSet[0].objectSet[0]).toMatchObject({ kind: 'enter', obj: { '#text': 'vm-1' } });
  expect(await wait(first.version, 0)).toBeUndefined();
  const waiting = wait(first.version, 10);
  await lab.client.task('PowerOffVM_Task', 'VirtualMachine', 'vm-1');
  const second = await waiting;
  expect(second.filterSet[0].objectSet[0].kind).toBe('modify');
  const [change, ...more] = second.filterSet[0].objectSet[0].changeSet;
  expect([change.name, change.val['#text'], more]).toEqual(['runtime.powerState', 'poweredOff', []]);
  await expect(wait('77', 0)).rejects.toMatchObject({ code: 'InvalidCollectorVersion' });
});

test('a wait ends when its session does', async () => {
  await using lab = await startTestVcenter();
  const args = '<version></version><options><maxWaitSeconds>60</maxWaitSeconds></options>';
  const waiting = lab.client.call('WaitForUpdatesEx', 'PropertyCollector', 'propertyCollector', args);
  const refused = expect(waiting).rejects.toMatchObject({ code: 'NotAuthenticated' });
  await lab.client.call('CurrentTime', 'ServiceInstance', 'ServiceInstance');
  await lab.control('expire-sessions');
  await refused;
});

test('the usual world holds every kind of server', async () => {
  const world = defaultWorld();
  expect(world.datacenters).toHaveLength(2);
  expect(
    world.datacenters.flatMap((one) => one.clusters.flatMap((cluster) => cluster.hosts)).length,
  ).toBeGreaterThanOrEqual(3);
  const has = (test: (vm: (typeof world.vms)[number]) => boolean) => world.vms.some(test);
  expect(has((vm) => vm.disks.length === 2 && vm.disks.every((disk) => disk.mode === 'persistent'))).toBe(true);
  expect(has((vm) => vm.firmware === 'efi')).toBe(true);
  expect(has((vm) => vm.iso?.connected === true)).toBe(true);
  expect(has((vm) => vm.disks.some((disk) => disk.mode === 'independent_persistent'))).toBe(true);
  expect(has((vm) => vm.guestId === 'windows2019srv_64Guest')).toBe(true);
  expect(has((vm) => vm.foreignSnapshot !== undefined)).toBe(true);
  expect(has((vm) => vm.power === 'poweredOff')).toBe(true);
  await using lab = await startTestVcenter({ world });
  const objects = (
    await allPages(
      lab.client,
      viewSpec(await vmView(lab.client), ['name', 'snapshot', 'summary', 'guest', 'config']),
      100,
    )
  ).flat();
  expect(objects.map(nameOf)).toEqual(world.vms.map((vm) => vm.name));
  expect((await lab.control('state')).snapshots).toEqual([
    expect.objectContaining({ vm: 'vm-107', name: 'before upgrade' }),
  ]);
});
