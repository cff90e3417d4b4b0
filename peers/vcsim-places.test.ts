// The import of a vCenter where things stand in odd places under odd names: datacenters in folders, vApps, pools, clusters of
// datastores, templates. vcsim holds them, govc makes them and says what is right.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CatalogServer } from '../replication/model/server.ts';
import type { Source } from '../replication/sources/source.ts';
import { everyPage, never } from '../replication/sources/testing-readers.ts';
import { openVsphereSource, probeFingerprint } from '../replication/sources/vsphere/index.ts';
import { describeWith, peer } from './installed.ts';
import { output } from './programs.ts';
import { startVcsim, type Vcsim } from './vcsim-process.ts';

const USER = { user: 'landfall', password: 'a <secret> & more' };
// Three datacenters, two of them in a folder each; in each a host and a cluster with a pool and a vApp, a machine in each of the three.
const MODEL = ['-dc', '3', '-folder', '2', '-app', '1', '-pod', '1', '-pool', '1', '-vm', '1'];
const LONG = 'n'.repeat(80);

/** Machines by their first path: what they are called then, and what the catalog shows. */
const renamed: [from: string, to: string, shown: string][] = [
  // `%2f` is how vCenter writes a slash.
  ['/DC0/vm/DC0_H0_VM0', 'a/b%2f [x]', 'a/b/ [x]'],
  ['/F0/DC1/vm/F0/DC1_H0_VM0', 'Büro-Server Ω 😀', 'Büro-Server Ω 😀'],
  ['/F0/DC1/vm/F0/DC1_C0_RP1_VM0', LONG, LONG],
  ['/F0/DC1/vm/F0/DC1_C0_APP0_VM0', 'back\\slash %5c %41', 'back\\slash \\ %41'],
  ['/F1/DC2/vm/F1/DC2_H0_VM0', ' lead trail ', ' lead trail '],
  ['/F1/DC2/vm/F1/DC2_C0_RP1_VM0', '100 % & <b>"q"</b>', '100 % & <b>"q"</b>'],
];

describeWith(['vcsim', 'govc'], 'the import of odd places from vcsim', () => {
  let vcsim: Vcsim;
  let source: Source;
  let servers: CatalogServer[];

  const govc = async (...args: string[]) => {
    const env = {
      GOVC_URL: vcsim.url,
      GOVC_USERNAME: USER.user,
      GOVC_PASSWORD: USER.password,
      GOVC_INSECURE: 'true',
      GOVC_PERSIST_SESSION: 'false',
    };
    // Names may begin and end with spaces.
    return (await output(peer('govc'), args, env)).split('\n').filter((line) => line !== '');
  };

  beforeAll(async () => {
    vcsim = await startVcsim(MODEL, USER);
    for (const [from, to] of renamed) await govc('object.rename', from, to);
    await govc('folder.create', '/DC0/vm/Team A');
    await govc('folder.create', '/DC0/vm/Team A/50%2f50');
    const [inner = ''] = await govc('find', '-i', '-type', 'f', '/DC0/vm', '-name', '50*');
    await govc('object.mv', '/DC0/vm/DC0_C0_RP1_VM0', inner);
    await govc('vm.power', '-off', '/DC0/vm/DC0_C0_APP0_VM0');
    await govc('vm.markastemplate', '/DC0/vm/DC0_C0_APP0_VM0');
    await govc('object.rename', '/F0', 'Übersee & Co');
    await govc('object.rename', '/Übersee & Co/DC1', 'Werk [1]');
    await govc('folder.create', '/Region');
    await govc('folder.create', '/Region/Deep');
    await govc('object.mv', '/F1/DC2', '/Region/Deep');
    const fingerprint = await probeFingerprint(vcsim.url, never);
    source = openVsphereSource({ url: vcsim.url, fingerprint, ...USER });
    servers = (await everyPage(source.inventory(never))).flat();
  });

  afterAll(async () => {
    await source?.close();
    await vcsim?.stop();
  });

  it('lists every machine but the template, under the name that a person gave it', () => {
    const names = servers.map(({ name }) => name).sort();
    expect(names).toEqual([...renamed.map(([, , shown]) => shown), 'DC0_C0_RP1_VM0', 'DC2_C0_APP0_VM0'].sort());
  });

  it('says the same path as govc of each, with the folders above its datacenter', async () => {
    const [ids, paths] = [await govc('find', '-i', '/', '-type', 'm'), await govc('find', '/', '-type', 'm')];
    const right = new Map(ids.map((id, index) => [id.replace(/^VirtualMachine:/, ''), paths[index]]));
    expect(right.size).toBe(servers.length + 1);
    const above = (path: string) => path.slice(0, path.lastIndexOf('/'));
    for (const { vmId, name, path } of servers) {
      const known = right.get(vmId) ?? '';
      // The machine's own name may hold slashes, which are escaped in ours.
      const own = path.slice(path.lastIndexOf('/') + 1);
      expect(unescaped(own)).toBe(name);
      const given = renamed.find(([, , shown]) => shown === name)?.[1] ?? name;
      expect(`${above(path)}/${given}`).toBe(`/Datacenters${known}`);
    }
    const places = new Set(servers.map(({ path }) => above(path)));
    expect([...places].sort()).toEqual([
      '/Datacenters/DC0/vm',
      '/Datacenters/DC0/vm/Team A/50%252f50',
      '/Datacenters/Region/Deep/DC2/vm/F1',
      '/Datacenters/Übersee & Co/Werk [1]/vm/F0',
    ]);
  });

  it('finds hosts, networks and disks of machines in pools and vApps', () => {
    for (const { host, nics, disks } of servers) {
      expect(host).toMatch(/^DC\d_(C0_)?H\d$/);
      expect(nics.map(({ network }) => network)).toEqual([expect.stringMatching(/^DC\d_DVPG0$/)]);
      expect(disks.map(({ datastore }) => datastore)).toEqual(['LocalDS_0']);
    }
  });

  it('looks at each again by itself, and tells a template', async () => {
    for (const server of servers) {
      const again = await source.inspect(server.vmId, never);
      expect(again).toMatchObject({ name: server.name, path: server.path, host: server.host });
    }
    const [template = ''] = await govc('find', '-i', '/DC0/vm', '-type', 'm', '-name', 'DC0_C0_APP0_VM0');
    const found = await source.inspect(template.replace(/^VirtualMachine:/, ''), never);
    expect(found.findings.map(({ code }) => code)).toContain('template');
  });

  it('takes and removes a snapshot of each', async () => {
    for (const { vmId } of servers) {
      const options = { name: `landfall ${vmId}`, description: '', quiesce: false, trackChanges: false };
      const { snapshotId, disks } = await source.takeSnapshot(vmId, options, never);
      expect(disks).toHaveLength(1);
      await source.releaseSnapshot(vmId, { id: snapshotId, name: options.name }, never);
    }
  });
});

/** As vCenter escapes names. */
function unescaped(name: string): string {
  return name.replace(/%(2f|5c|25)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
