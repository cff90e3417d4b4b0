// The managers beside the inventory: events, options, custom fields, performance.
import { expect, test } from 'vitest';
import { startTestVcenter, type TestVcenter, type Xml } from './testing-client.ts';

const managed = (name: string, type: string, value: string) => `<${name} type="${type}">${value}</${name}>`;

async function events({ client }: TestVcenter, filter = ''): Promise<Xml[]> {
  return client.call('QueryEvents', 'EventManager', 'EventManager', `<filter>${filter}</filter>`);
}

const about = (vm: string, recursion = 'self') =>
  `<entity>${managed('entity', vm.startsWith('vm') ? 'VirtualMachine' : 'Folder', vm)}<recursion>${recursion}</recursion></entity>`;

test('events tell of logins, tasks and power, filtered by object, type, user and time', async () => {
  await using lab = await startTestVcenter();
  await lab.client.task('PowerOffVM_Task', 'VirtualMachine', 'vm-1');
  await lab.client.snapshot('vm-2');
  const types = (found: Xml[]) => found.map((one) => one['@type']);
  expect(types(await events(lab))).toEqual(['UserLoginSessionEvent', 'TaskEvent', 'VmPoweredOffEvent', 'TaskEvent']);
  expect(types(await events(lab, about('vm-1')))).toEqual(['TaskEvent', 'VmPoweredOffEvent']);
  expect(types(await events(lab, about('group-d1', 'children')))).toHaveLength(4);
  const [off, ...more] = await events(lab, '<eventTypeId>vim.event.VmPoweredOffEvent</eventTypeId>');
  expect(more).toEqual([]);
  expect(off).toMatchObject({ vm: { name: 'alpha', vm: { '#text': 'vm-1' } }, datacenter: { name: 'East' } });
  const [task] = await events(lab, about('vm-2'));
  expect(task.info).toMatchObject({ name: 'CreateSnapshot_Task', entityName: 'beta' });
  expect(await events(lab, '<userName><systemUser>false</systemUser><userList>nobody</userList></userName>')).toEqual(
    [],
  );
  expect(await events(lab, '<time><beginTime>2999-01-01T00:00:00Z</beginTime></time>')).toEqual([]);
});

test('a collector of events is read page by page, both ways', async () => {
  await using lab = await startTestVcenter();
  for (const vm of ['vm-1', 'vm-2']) await lab.client.task('PowerOffVM_Task', 'VirtualMachine', vm);
  const [own] = await lab.client.call('CreateCollectorForEvents', 'EventManager', 'EventManager', '<filter/>');
  const call = (method: string, args = '') => lab.client.call(method, 'EventHistoryCollector', own['#text'], args);
  const keys = (found: Xml[]) => found.map((one) => Number(one.key));
  const next = async () => keys(await call('ReadNextEvents', '<maxCount>2</maxCount>'));
  expect([await next(), await next(), await next(), await next()]).toEqual([[1, 2], [3, 4], [5], []]);
  expect(keys(await call('ReadPreviousEvents', '<maxCount>2</maxCount>'))).toEqual([3, 4]);
  await call('RewindCollector');
  expect(await next()).toEqual([1, 2]);
  await call('SetCollectorPageSize', '<maxCount>1</maxCount>');
  const { latestPage } = await lab.client.properties('EventHistoryCollector', own['#text'], 'latestPage');
  expect(keys([latestPage.Event].flat())).toEqual([5]);
  await call('DestroyCollector');
  await expect(call('RewindCollector')).rejects.toMatchObject({ code: 'ManagedObjectNotFound' });
});

test('options are found by name, and by the beginning of their names', async () => {
  await using lab = await startTestVcenter();
  const options = async (name: string) => {
    const found = await lab.client.call('QueryOptions', 'OptionManager', 'VpxSettings', `<name>${name}</name>`);
    return found.map((one) => one.key);
  };
  expect(await options('VirtualCenter.FQDN')).toEqual(['VirtualCenter.FQDN']);
  expect(await options('VirtualCenter.')).toEqual(['VirtualCenter.InstanceName', 'VirtualCenter.FQDN']);
  await expect(options('no.such')).rejects.toMatchObject({ code: 'InvalidName' });
});

test('custom fields are made, set and read at the objects, and last', async () => {
  await using lab = await startTestVcenter();
  const call = (method: string, args: string) =>
    lab.client.call(method, 'CustomFieldsManager', 'CustomFieldsManager', args);
  const [field] = await call('AddCustomFieldDef', '<name>owner</name><moType>VirtualMachine</moType>');
  expect(field).toMatchObject({ name: 'owner', managedObjectType: 'VirtualMachine' });
  const set = (value: string) =>
    call('SetField', `${managed('entity', 'VirtualMachine', 'vm-1')}<key>${field.key}</key><value>${value}</value>`);
  await set('Web &amp; Co');
  await lab.restart();
  const read = async (type: string, id: string) => {
    const values = await lab.client.properties(type, id, 'customValue', 'availableField');
    return [values.customValue.CustomFieldValue?.value, values.availableField.CustomFieldDef?.name];
  };
  expect(await read('VirtualMachine', 'vm-1')).toEqual(['Web & Co', 'owner']);
  expect(await read('VirtualMachine', 'vm-2')).toEqual([undefined, 'owner']);
  expect(await read('Folder', 'group-d1')).toEqual([undefined, undefined]);
  await expect(call('AddCustomFieldDef', '<name>owner</name>')).rejects.toMatchObject({ code: 'DuplicateName' });
  await call('RemoveCustomFieldDef', `<key>${field.key}</key>`);
  expect(await read('VirtualMachine', 'vm-1')).toEqual([undefined, undefined]);
});

test('counters of machines and hosts are sampled, as numbers and as text', async () => {
  await using lab = await startTestVcenter();
  const call = (method: string, args: string) => lab.client.call(method, 'PerformanceManager', 'PerfMgr', args);
  const { perfCounter } = await lab.client.properties('PerformanceManager', 'PerfMgr', 'perfCounter');
  const usage = perfCounter.PerfCounterInfo.find(
    (one: Xml) => one.groupInfo.key === 'cpu' && one.nameInfo.key === 'usage' && one.rollupType === 'average',
  );
  const entity = managed('entity', 'VirtualMachine', 'vm-1');
  const [provider] = await call('QueryPerfProviderSummary', entity);
  expect(provider).toMatchObject({ currentSupported: 'true', refreshRate: '20' });
  expect(await call('QueryAvailablePerfMetric', entity)).toHaveLength(perfCounter.PerfCounterInfo.length);
  const spec = (format: string) =>
    `<querySpec>${entity}<maxSample>3</maxSample><metricId><counterId>${usage.key}</counterId><instance></instance></metricId><intervalId>20</intervalId><format>${format}</format></querySpec>`;
  const [numbers] = await call('QueryPerf', spec('normal'));
  expect(numbers.sampleInfo).toHaveLength(3);
  const values = numbers.value.value.map(Number);
  expect(values.every((value: number) => value >= 0 && value <= 10_000)).toBe(true);
  const [text] = await call('QueryPerf', spec('csv'));
  expect(text.value.value.split(',')).toHaveLength(3);
  await expect(call('QueryPerf', spec('csv').replace('>20<', '>21<'))).rejects.toMatchObject({
    code: 'InvalidArgument',
  });
});
