// A vSphere client with nothing in it but fetch and an XML parser, and a small world.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { Agent, fetch } from 'undici';
import { FaultRules } from '../faults/rules.ts';
import { MiB, seededDisk, type Vm, type World } from '../world/world.ts';
import { labCertificate } from './certificate.ts';
import { type LabVcenter, type LabVcenterOptions, startLabVcenter } from './main.ts';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  isArray: (name) =>
    ['returnval', 'objects', 'propSet', 'filterSet', 'objectSet', 'changeSet', 'deviceUrl', 'changedArea'].includes(
      name,
    ),
});

// biome-ignore lint/suspicious/noExplicitAny: parsed XML, looked into by each test as it knows it
export type Xml = any;

export class SoapFault extends Error {
  readonly code: string;
  readonly detail: Xml;

  constructor(code: string, message: string, detail: Xml) {
    super(`${code}: ${message}`);
    this.code = code;
    this.detail = detail;
  }
}

export class TestClient implements AsyncDisposable {
  readonly agent = new Agent({ connect: { rejectUnauthorized: false } });
  readonly url: string;
  cookie: string | undefined;
  sessionKey = '';

  constructor(url: string) {
    this.url = url;
  }

  /** The body's inner XML as text. */
  async raw(method: string, type: string, value: string, args = ''): Promise<string> {
    const body = `<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body><${method} xmlns="urn:vim25"><_this type="${type}">${value}</_this>${args}</${method}></e:Body></e:Envelope>`;
    const response = await fetch(`${this.url}/sdk`, {
      method: 'POST',
      body,
      dispatcher: this.agent,
      headers: { 'content-type': 'text/xml', ...(this.cookie ? { cookie: this.cookie } : {}) },
    });
    const set = response.headers.get('set-cookie');
    if (set) this.cookie = set.split(';')[0];
    return response.text();
  }

  /** The returned values; throws a SoapFault. */
  async call(method: string, type: string, value: string, args = ''): Promise<Xml[]> {
    // Without prefixes it would hide the `type` that says what the reference leads to.
    const answer = (await this.raw(method, type, value, args)).replaceAll(' xsi:type="ManagedObjectReference"', '');
    const parsed = parser.parse(answer).Envelope.Body;
    if (parsed.Fault) {
      const [name, detail] = Object.entries(parsed.Fault.detail)[0] as [string, Xml];
      throw new SoapFault(name.replace(/Fault$/, ''), parsed.Fault.faultstring, detail);
    }
    return parsed[`${method}Response`].returnval ?? [];
  }

  async login(password = 'lab'): Promise<void> {
    const args = `<userName>administrator@vsphere.local</userName><password>${password}</password>`;
    const [session] = await this.call('Login', 'SessionManager', 'SessionManager', args);
    this.sessionKey = session.key;
  }

  /** Properties of one object, by path. */
  async properties(type: string, value: string, ...paths: string[]): Promise<Record<string, Xml>> {
    const spec = `<specSet><propSet><type>${type}</type>${paths.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet><objectSet><obj type="${type}">${value}</obj></objectSet></specSet>`;
    const [object] = await this.call('RetrieveProperties', 'PropertyCollector', 'propertyCollector', spec);
    return Object.fromEntries((object.propSet ?? []).map((one: Xml) => [one.name, one.val]));
  }

  /** Starts a task and waits for its end; the task's result, or a SoapFault with its error. */
  async task(method: string, type: string, value: string, args = ''): Promise<Xml> {
    const [task] = await this.call(method, type, value, args);
    return this.taskEnd(task['#text']);
  }

  async taskEnd(id: string): Promise<Xml> {
    const info = await this.until('Task', id, 'info', ({ state }) => state === 'success' || state === 'error');
    if (info.state === 'success') return info.result;
    throw new SoapFault(info.error.fault['@type'], info.error.localizedMessage, info.error.fault);
  }

  /** Waits with WaitForUpdatesEx until a property satisfies the test; fails after 20 s. */
  async until(type: string, value: string, path: string, test: (value: Xml) => boolean): Promise<Xml> {
    const [own] = await this.call('CreatePropertyCollector', 'PropertyCollector', 'propertyCollector');
    const collector = own['#text'];
    const spec = `<spec><propSet><type>${type}</type><pathSet>${path}</pathSet></propSet><objectSet><obj type="${type}">${value}</obj></objectSet></spec><partialUpdates>false</partialUpdates>`;
    await this.call('CreateFilter', 'PropertyCollector', collector, spec);
    try {
      const deadline = Date.now() + 20_000;
      for (let version = ''; Date.now() < deadline; ) {
        const args = `<version>${version}</version><options><maxWaitSeconds>5</maxWaitSeconds></options>`;
        const [updates] = await this.call('WaitForUpdatesEx', 'PropertyCollector', collector, args);
        if (!updates) continue;
        version = updates.version;
        for (const { val } of updates.filterSet[0].objectSet[0].changeSet) {
          const found = typeof val === 'object' && '#text' in val ? val['#text'] : val;
          if (test(found)) return found;
        }
      }
      throw new Error(`${type} ${value} ${path} did not come to what was waited for`);
    } finally {
      await this.call('DestroyPropertyCollector', 'PropertyCollector', collector).catch(() => undefined);
    }
  }

  async snapshot(vm: string, name = 'one'): Promise<string> {
    const args = `<name>${name}</name><description>for a test</description><memory>false</memory><quiesce>true</quiesce>`;
    const result = await this.task('CreateSnapshot_Task', 'VirtualMachine', vm, args);
    return result['#text'];
  }

  removeSnapshot(snapshot: string): Promise<Xml> {
    const args = '<removeChildren>false</removeChildren><consolidate>true</consolidate>';
    return this.task('RemoveSnapshot_Task', 'VirtualMachineSnapshot', snapshot, args);
  }

  async enableTracking(vm: string, on = true): Promise<void> {
    const args = `<spec><changeTrackingEnabled>${on}</changeTrackingEnabled></spec>`;
    await this.task('ReconfigVM_Task', 'VirtualMachine', vm, args);
  }

  /** The backings of a snapshot's disks, in the order of the devices. */
  async backings(snapshot: string): Promise<Xml[]> {
    const path = 'config.hardware.device';
    const { [path]: devices } = await this.properties('VirtualMachineSnapshot', snapshot, path);
    return devices.VirtualDevice.filter((one: Xml) => one['@type'] === 'VirtualDisk').map((one: Xml) => ({
      ...one.backing,
      diskObjectId: one.diskObjectId,
      key: Number(one.key),
    }));
  }

  /** One page of QueryChangedDiskAreas, in numbers. */
  async changedAreas(vm: string, snapshot: string | undefined, changeId: string, startOffset = 0, key = 2000) {
    const named = snapshot ? `<snapshot type="VirtualMachineSnapshot">${snapshot}</snapshot>` : '';
    const args = `${named}<deviceKey>${key}</deviceKey><startOffset>${startOffset}</startOffset><changeId>${changeId}</changeId>`;
    const [page] = await this.call('QueryChangedDiskAreas', 'VirtualMachine', vm, args);
    return {
      startOffset: Number(page.startOffset),
      length: Number(page.length),
      areas: ((page.changedArea ?? []) as Xml[]).map(({ start, length }) => [Number(start), Number(length)] as const),
    };
  }

  /** All pages up to the disk's capacity: their areas, and how many pages were empty. */
  async allChangedAreas(vm: string, snapshot: string, changeId: string, capacity: number, key = 2000) {
    const areas: (readonly [start: number, length: number])[] = [];
    let [pages, empty] = [0, 0];
    for (let at = 0; at < capacity; pages += 1) {
      const page = await this.changedAreas(vm, snapshot, changeId, at, key);
      if (page.startOffset !== at || page.length <= 0) throw new Error(`A page at ${at} that leads nowhere`);
      for (const [start, length] of page.areas) {
        if (start < at || start + length > at + page.length) throw new Error(`An area outside of its page at ${at}`);
      }
      areas.push(...page.areas);
      if (page.areas.length === 0) empty += 1;
      at += page.length;
    }
    return { areas, pages, empty };
  }

  /** A ready lease and its device URLs. */
  async exportSnapshot(snapshot: string): Promise<{ lease: string; urls: Xml[]; info: Xml }> {
    const [own] = await this.call('ExportSnapshot', 'VirtualMachineSnapshot', snapshot);
    const lease = own['#text'];
    await this.until('HttpNfcLease', lease, 'state', (state) => state === 'ready');
    const { info } = await this.properties('HttpNfcLease', lease, 'info');
    return { lease, info, urls: info.deviceUrl };
  }

  async download(url: string): Promise<Buffer> {
    const response = await fetch(url.replace('*', '127.0.0.1'), { dispatcher: this.agent });
    if (!response.ok) throw new Error(`Status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent.destroy();
  }
}

export interface TestVcenter extends AsyncDisposable {
  vcenter: LabVcenter;
  client: TestClient;
  faults: FaultRules;
  dataDir: string;
  /** A control call. */
  control(name: string, input?: unknown): Promise<Xml>;
  /** Stops and starts it on the same folder, on the same port, and logs in. */
  restart(): Promise<void>;
}

let certificate: Promise<Buffer> | undefined;

/** A vCenter in a folder of its own with a client that is logged in; durations are a hundredth. */
export async function startTestVcenter(options: Partial<LabVcenterOptions> = {}): Promise<TestVcenter> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lab-vcenter-'));
  // One key for all of a file's labs: making one takes longer than most tests.
  certificate ??= labCertificate(dataDir).then(() => readFile(join(dataDir, 'certificate.json')));
  await writeFile(join(dataDir, 'certificate.json'), await certificate);
  const faults = new FaultRules();
  const start = (port = 0) =>
    startLabVcenter({ dataDir, faults, port, world: smallWorld(), clockScale: 0.01, ...options });
  const first = await start();
  const test: TestVcenter = {
    vcenter: first,
    client: new TestClient(first.url),
    faults,
    dataDir,
    control: (name, input = {}) => test.vcenter.control[name]!(input),
    restart: async () => {
      await test.vcenter.close();
      test.vcenter = await start(test.vcenter.port);
      await test.client[Symbol.asyncDispose]();
      test.client = new TestClient(test.vcenter.url);
      await test.client.login();
    },
    [Symbol.asyncDispose]: async () => {
      await test.client[Symbol.asyncDispose]();
      await test.vcenter.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  await test.client.login();
  return test;
}

/** Two machines with small disks, one for each layout; the second has two disks and a CD. */
export function smallWorld(): World {
  const disk = (seed: string, mib: number, unit = 0) => ({ ...seededDisk(seed, 1, 3, unit), capacityBytes: mib * MiB });
  const vm = (id: string, name: string, details: Partial<Vm>): Vm => ({
    id,
    name,
    datacenter: 'East',
    folder: 'Servers',
    host: '127.0.0.21',
    datastore: 'store',
    guestId: 'debian12_64Guest',
    guestFullName: 'Debian GNU/Linux 12 (64-bit)',
    firmware: 'bios',
    cpus: 2,
    memoryMiB: 2048,
    hardwareVersion: 'vmx-19',
    power: 'poweredOn',
    tools: 'running',
    hostName: `${name}.example`,
    nics: [{ network: 'VM Network', adapter: 'VirtualVmxnet3', mac: '00:50:56:00:00:01', ips: ['10.0.0.1'] }],
    disks: [disk(name, 48)],
    vmdkLayout: 'directory-at-end',
    ...details,
  });
  return {
    instanceUuid: '11111111-2222-4333-a444-555555555555',
    apiVersion: '8.0.2.0',
    datacenters: [
      {
        name: 'East',
        folders: ['Servers'],
        clusters: [{ name: 'one', hosts: [{ name: '127.0.0.21', cpuCores: 8, memoryGiB: 64 }] }],
        datastores: [{ name: 'store', type: 'VMFS', capacityGiB: 100, freeGiB: 60 }],
        networks: ['VM Network'],
      },
    ],
    vms: [
      vm('vm-1', 'alpha', {}),
      vm('vm-2', 'beta', {
        vmdkLayout: 'tables-in-front',
        firmware: 'efi',
        iso: { path: 'iso/a.iso', connected: true },
        disks: [disk('beta 0', 96), disk('beta 1', 40, 1)],
      }),
    ],
  };
}
