// The server catalog of a vCenter: every machine with its place, hardware and findings, page by page.
import { describeCause } from '../../model/fault.ts';
import { type CatalogServer, catalogServerSchema, unreadableServer } from '../../model/server.ts';
import { BLOCKING_TROUBLES } from './devices.ts';
import { guestArchitecture, guestFamily } from './guest-system.ts';
import { type DatastoreFacts, Places } from './places.ts';
import { type ObjectProperties, readAll, readObject, readObjects } from './properties.ts';
import { findings } from './readiness.ts';
import type { VimSession } from './session.ts';
import { VimFault } from './soap.ts';
import { EXTRA_CONFIG, needsExtraConfig, readVm, unescapeName, VM_PATHS, type VmRecord } from './vm-record.ts';
import { AnswerError } from './xml/xml-node.ts';

/** Machines a page: their hardware makes pages large. */
const INVENTORY_PAGE_SIZE = 100;

/** All servers that the account may see, templates left out. */
export async function* readInventory(
  session: VimSession,
  signal: AbortSignal,
  pageSize = INVENTORY_PAGE_SIZE,
): AsyncGenerator<CatalogServer[]> {
  const places = await new Places().learnAll(session, signal);
  for await (const page of readAll(session, { VirtualMachine: VM_PATHS }, pageSize, signal)) {
    const complete = await withExtraConfig(session, page, signal);
    const servers = complete.flatMap((one) => catalogRow(one, places) ?? []);
    if (servers.length > 0) yield servers;
  }
}

/** The row of a machine, null for a template. What is odd about one machine costs its own row only. */
export function catalogRow(found: ObjectProperties, places: Places): CatalogServer | null {
  let why: string;
  try {
    const vm = readVm(found);
    if (vm.template) return null;
    const read = catalogServerSchema.safeParse(catalogServer(vm, places));
    if (read.success) return read.data;
    why = read.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('; ');
  } catch (error) {
    why = describeCause(error);
  }
  const vmId = found.object.value;
  const name = unescapeName(found.properties.get('name')?.text || vmId);
  return unreadableServer({ vmId, name }, `What vCenter gives of it cannot be understood: ${why}`);
}

/**
 * With the options of their .vmx those of which only they can tell the boot disk; what has gone meanwhile, or cannot be read,
 * stays without.
 */
async function withExtraConfig(
  session: VimSession,
  page: readonly ObjectProperties[],
  signal: AbortSignal,
): Promise<ObjectProperties[]> {
  const read = async (some: readonly ObjectProperties[]) =>
    readObjects(
      session,
      some.map(({ object }) => object),
      { VirtualMachine: [EXTRA_CONFIG] },
      signal,
    );
  const wanted = page.filter(needsExtraConfig);
  // One that is gone fails the call for all of them, and so do options (guestinfo.userdata) that are larger than an answer may be.
  const mayBeOfOne = (error: unknown) => isGone(error) || error instanceof AnswerError;
  const found = await read(wanted).catch(async (error: unknown) => {
    if (!mayBeOfOne(error)) throw error;
    const each: ObjectProperties[] = [];
    for (const one of wanted) {
      each.push(...(await read([one]).catch((alone: unknown) => (mayBeOfOne(alone) ? [] : Promise.reject(alone)))));
    }
    return each;
  });
  const options = new Map(found.map(({ object, properties }) => [object.value, properties]));
  return page.map((one) => {
    const more = options.get(one.object.value);
    return more ? { ...one, properties: new Map([...one.properties, ...more]) } : one;
  });
}

function isGone(error: unknown): boolean {
  return error instanceof VimFault && error.type === 'ManagedObjectNotFound';
}

/** One server as it is now. A template is given too, with a finding that says so. */
export async function readServer(session: VimSession, vmId: string, signal: AbortSignal): Promise<CatalogServer> {
  const vm = await readVmRecord(session, vmId, signal);
  const places = await new Places().learn(session, [vm.parent, vm.host, ...vm.datastores], signal);
  // Port groups are known by key only; a list of all of them is read when the machine hangs on one.
  if (vm.devices.nics.some((nic) => nic.portgroupKey)) await places.learnAll(session, signal);
  return catalogServer(vm, places);
}

async function readVmRecord(session: VimSession, vmId: string, signal: AbortSignal): Promise<VmRecord> {
  const found = await readObject(session, { type: 'VirtualMachine', value: vmId }, VM_PATHS, signal);
  const [complete] = await withExtraConfig(session, [found], signal);
  return readVm(complete ?? found);
}

function catalogServer(vm: VmRecord, places: Places): CatalogServer {
  const datastores = vm.datastores
    .map((one) => places.datastore(one))
    .filter((one): one is DatastoreFacts => one !== null);
  const nics = vm.devices.nics.map((nic) => {
    const guest = vm.guestNics.find((one) => one.deviceKey === nic.key);
    const portgroup = nic.portgroupKey ? places.portgroup(nic.portgroupKey) : null;
    return {
      label: nic.label,
      mac: nic.mac,
      network: portgroup ?? nic.networkName ?? guest?.network ?? '',
      addresses: guest?.addresses ?? [],
    };
  });
  const reported = [vm.primaryAddress ?? '', ...vm.guestNics.flatMap((nic) => nic.addresses)];
  return {
    vmId: vm.vmId,
    uuid: vm.instanceUuid,
    name: vm.name,
    path: places.path(vm.parent, escapeName(vm.name)),
    power: vm.power,
    guestId: vm.guestId,
    guestName: vm.guestName,
    guestFamily: guestFamily(vm),
    architecture: guestArchitecture(vm),
    firmware: vm.firmware,
    secureBoot: vm.secureBoot,
    vcpus: vm.vcpus,
    memoryMiB: vm.memoryMiB,
    host: places.name(vm.host),
    addresses: [...new Set(reported)].filter((address) => address !== '' && !isLinkLocal(address)),
    hostName: vm.hostName,
    disks: vm.devices.disks.map((disk) => ({
      id: disk.id,
      key: disk.key,
      label: disk.label,
      capacityBytes: disk.capacityBytes,
      kind: disk.kind,
      datastore: (disk.datastoreRef && places.datastore(disk.datastoreRef)?.name) || unescapeName(disk.datastore),
      fileName: disk.fileName,
      order: disk.order,
      replicable: !disk.trouble.some((trouble) => BLOCKING_TROUBLES.includes(trouble)),
    })),
    nics,
    tools: vm.tools,
    hardwareVersion: vm.hardwareVersion,
    findings: findings(vm, datastores),
  };
}

function isLinkLocal(address: string): boolean {
  return /^(fe[89ab].:|169\.254\.)/i.test(address);
}

function escapeName(name: string): string {
  return name.replace(/[%/\\]/g, (found) => `%${found.charCodeAt(0).toString(16)}`);
}
