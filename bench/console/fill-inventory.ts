// SQL for what connectors found: themselves, and the servers of their catalogs.
import type { CatalogServer, Finding } from '../../replication/model/server.ts';
import type { Check } from '../../replication/wire/gateway.ts';
import { neighbourServers, type Sizes } from './sizes.ts';
import { json, literal, literals, sqlOf, text } from './template.ts';

export interface FillInput {
  sizes: Sizes;
  /** The first workspace, which holds nearly everything, and its neighbour. */
  workspaceId: string;
  neighbourId: string;
  /** The moment that everything is told from, ISO 8601. */
  now: string;
}

/** Only this server has the name, for the filter that finds one row. */
export const LONELY_SERVER = 'lonely-heron-01';
const ROLES =
  'web app db api auth batch cache ci crm dc erp file git intranet mail mon ntp print proxy queue report sap sql vdi';
const SITES = ['fra', 'ber', 'muc', 'lon', 'ams', 'par', 'mad', 'waw'];

interface Guest {
  id: string;
  name: string;
  family: CatalogServer['guestFamily'];
}
/** As often as they stand here. */
const GUESTS: Guest[] = [
  ...Array<Guest>(5).fill({ id: 'debian12_64Guest', name: 'Debian GNU/Linux 12 (64-bit)', family: 'linux' }),
  ...Array<Guest>(4).fill({ id: 'ubuntu64Guest', name: 'Ubuntu Linux (64-bit)', family: 'linux' }),
  ...Array<Guest>(3).fill({ id: 'rhel9_64Guest', name: 'Red Hat Enterprise Linux 9 (64-bit)', family: 'linux' }),
  ...Array<Guest>(4).fill({
    id: 'windows2019srv_64Guest',
    name: 'Microsoft Windows Server 2019 (64-bit)',
    family: 'windows-server',
  }),
  ...Array<Guest>(2).fill({
    id: 'windows2022srvNext_64Guest',
    name: 'Microsoft Windows Server 2022 (64-bit)',
    family: 'windows-server',
  }),
  { id: 'windows9_64Guest', name: 'Microsoft Windows 10 (64-bit)', family: 'windows-client' },
  { id: 'otherGuest64', name: 'Other (64-bit)', family: 'other' },
];

const SECURE_BOOT: Finding = {
  code: 'secure-boot',
  level: 'warning',
  title: 'UEFI Secure Boot is on.',
  why: 'The keys of its firmware are not copied; the AMI starts with Secure Boot off.',
  remedy: 'Nothing, if that is acceptable. Otherwise set up the keys on the AMI after the cutover.',
};
const INDEPENDENT: Finding = {
  code: 'disk-independent',
  level: 'blocking',
  title: 'Hard disk 1 is independent of snapshots.',
  why: 'vSphere leaves it out of every snapshot, so it cannot be read while the server runs.',
  remedy: 'Power the server off, change the mode of the disk to Dependent in its settings, and power it on.',
};

/** Disks 1 to 3; their values stand in bench.server. */
const disk = (at: number): CatalogServer['disks'][number] => ({
  id: text(`disk${at}`),
  key: String(2000 + at),
  label: `Hard disk ${at + 1}`,
  capacityBytes: json(`capacity${at}`),
  kind: 'thin',
  datastore: text('datastore'),
  fileName: `[${text('datastore')}] ${text('name')}/${text('name')}${at === 0 ? '' : `_${at}`}.vmdk`,
  order: at,
  replicable: true,
});

const record = (disks: number): CatalogServer => ({
  vmId: text('vmId'),
  uuid: text('uuid'),
  name: text('name'),
  path: text('path'),
  power: json('powerJson'),
  guestId: text('guestId'),
  guestName: text('guestName'),
  guestFamily: json('familyJson'),
  architecture: 'x86_64',
  firmware: json('firmwareJson'),
  secureBoot: json('secureBoot'),
  vcpus: json('vcpus'),
  memoryMiB: json('memoryMiB'),
  host: text('host'),
  addresses: [text('address')],
  hostName: `${text('name')}.corp.example`,
  disks: Array.from({ length: disks }, (_, at) => disk(at)),
  nics: [{ label: 'Network adapter 1', mac: text('mac'), network: 'VM Network', addresses: [text('address')] }],
  tools: 'running',
  hardwareVersion: 'vmx-19',
  findings: json('findings'),
});

/** What stands in the way of replicating a server, or is to be known before. */
export const FINDINGS_SQL = `case readiness when 'blocked' then ${literal(JSON.stringify([INDEPENDENT]))}
    when 'warnings' then ${literal(JSON.stringify([SECURE_BOOT]))} else '[]' end`;

const RECORD_VALUES: Record<string, string> = {
  vmId: 'vm_id',
  uuid: 'uuid',
  name: 'name',
  path: 'path',
  powerJson: 'to_json(power)',
  guestId: 'guest_id',
  guestName: 'guest_name',
  familyJson: 'to_json(family)',
  firmwareJson: `case when secure then '"uefi"' else '"bios"' end`,
  secureBoot: 'secure::text',
  vcpus: 'vcpus',
  memoryMiB: 'memory',
  host: 'host',
  address: 'address',
  datastore: 'datastore',
  mac: 'mac',
  findings: FINDINGS_SQL,
  disk0: 'disk_ids[1]',
  disk1: 'disk_ids[2]',
  disk2: 'disk_ids[3]',
  capacity0: 'capacities[1]',
  capacity1: 'capacities[2]',
  capacity2: 'capacities[3]',
};

/** What a connector tells of a server, as JSON text, from a row of its outline. */
export const RECORD_SQL = `case disks ${[1, 2, 3].map((disks) => `when ${disks} then ${sqlOf(record(disks), RECORD_VALUES)}`).join('\n')} end`;

const CHECKS: Check[] = [
  {
    id: 'vm-manager-login',
    label: 'vCenter login',
    ok: true,
    level: 'required',
    detail: 'Logged in at VMware vCenter Server 8.0.2 build-22617221.',
  },
  { id: 'certificate', label: 'Certificate of vCenter', ok: true, level: 'required', detail: 'Trusted.' },
  { id: 'clock', label: 'Clock', ok: true, level: 'required', detail: '0 s apart from vCenter.' },
  ...['VirtualMachine.State.CreateSnapshot', 'VirtualMachine.State.RemoveSnapshot', 'VApp.Export'].map(
    (privilege): Check => ({
      id: `privilege:${privilege}`,
      label: `Privilege ${privilege}`,
      ok: true,
      level: 'required',
      detail: 'Granted.',
    }),
  ),
  ...Array.from(
    { length: 8 },
    (_, host): Check => ({
      id: `dns:esx-${host + 1}`,
      label: `Name of ESXi host esx-${host + 1}.corp.example`,
      ok: true,
      level: 'required',
      detail: 'It resolves.',
    }),
  ),
  {
    id: 's3',
    label: 'Staging bucket in Amazon S3',
    ok: true,
    level: 'required',
    detail: 'Objects under landfall/ were written, read and deleted.',
  },
  {
    id: 'ebs-direct',
    label: 'EBS direct',
    ok: true,
    level: 'advice',
    detail: 'EBS direct answers and takes the access key.',
  },
  { id: 'disk', label: 'Free disk', ok: true, level: 'required', detail: '70.2 GiB free.' },
];

/** Connectors 1 to n, the last of them silent for a day, and the neighbour's. */
export function connectorsSql({ sizes, workspaceId, neighbourId, now }: FillInput): string {
  const at = `${literal(now)}::timestamptz`;
  return `
create unlogged table bench.connector as
  select c, 'c-' || bench.hex17(c, 1) id, 'vc-' || lpad(c::text, 2, '0') as name,
    case when c > ${sizes.connectors} then ${literal(neighbourId)} else ${literal(workspaceId)} end ws,
    c = ${sizes.connectors} silent
  from generate_series(1, ${sizes.connectors} + 1) c;
insert into connectors (id, workspace_id, name, version, host, addresses, vm_manager_type, vm_manager_name, vm_manager_id,
    vm_manager_url, vm_manager_version, token_hash, session, checks, checked_at, max_runs, rate_bytes_per_second, last_seen_at,
    status, status_reason, catalog_state, catalog_at, catalog_summary, associated_at)
  select id, ws, name, '0.1.0', name || '-connector', jsonb_build_array('10.0.' || c || '.5'), 'vsphere', name || '.corp.example',
    bench.uuid(c, 2), 'https://' || name || '.corp.example', '8.0.2', md5(id) || md5('t' || id), 3, ${literal(JSON.stringify(CHECKS))}::jsonb,
    ${at} - case when silent then interval '1 day' else interval '2 seconds' end, 4, 1e7 * bench.unit(c, 3),
    ${at} - case when silent then interval '1 day' else interval '1 second' end,
    case when silent then 'unhealthy' else 'healthy' end, case when silent then 'it no longer answers' end,
    case when c = ${sizes.connectors - 1} then 'failed' else 'available' end, ${at} - interval '3 hours',
    jsonb_build_object('found', ${Math.floor(sizes.servers / sizes.connectors)}, 'added', 12, 'changed', 80, 'gone', 5),
    ${at} - interval '90 days'
  from bench.connector;
update connectors set catalog_fault = '{"code":"vcenter-unreachable","message":"The connector cannot reach vCenter.","remedy":"Check that vCenter is up and that the connector may reach it on port 443.","blame":"source","retry":"now"}'
  where catalog_state = 'failed';`;
}

/** The outline of the servers, from which their rows and much of their runs are made. */
export function serverOutlineSql({ sizes }: FillInput): string {
  const own = sizes.servers;
  const all = own + neighbourServers(own);
  const guests = (field: keyof Guest) => literals(GUESTS.map((guest) => guest[field]));
  return `
create unlogged table bench.server as
  select n, c.id connector_id, c.ws, case when n = ${Math.ceil(own / 3)} then ${literal(LONELY_SERVER)}
      else role || '-' || site || '-' || lpad(n::text, 6, '0') end as name,
    '/Datacenters/' || upper(site) || '/vm/' || bench.pick(array['Production', 'Production', 'Test', 'Development'], n, 11)
      || '/' || initcap(role) || '/' || role || '-' || site || '-' || lpad(n::text, 6, '0') as path,
    's-' || bench.hex8(n) id, 'vm-' || n vm_id, bench.uuid(n, 12) uuid,
    case when bench.unit(n, 13) < 0.88 then 'on' when bench.unit(n, 13) < 0.99 then 'off' else 'suspended' end power,
    (${guests('id')})[guest] guest_id, (${guests('name')})[guest] guest_name, (${guests('family')})[guest] family,
    bench.unit(n, 14) < 0.2 secure, (array[1, 2, 2, 4, 4, 8, 16])[1 + bench.up_to(n, 15, 7)] vcpus,
    1024 * (array[1, 2, 4, 4, 8, 16, 32, 64])[1 + bench.up_to(n, 16, 8)] memory,
    'esx-' || 1 + bench.up_to(n, 17, 8) || '.' || site || '.corp.example' host,
    '10.' || n / 62500 || '.' || n / 250 % 250 || '.' || 1 + n % 250 address,
    'vmfs-' || site || '-' || lpad((1 + bench.up_to(n, 18, 40))::text, 2, '0') datastore,
    '00:50:56:' || substr(bench.hex8(n), 1, 2) || ':' || substr(bench.hex8(n), 3, 2) || ':' || substr(bench.hex8(n), 5, 2) mac,
    disks, (select array_agg('6000C29F-' || upper(substr(bench.uuid(n, 20 + d), 10))) from generate_series(0, disks - 1) d) disk_ids,
    (select array_agg(1073741824 * (array[20, 40, 40, 60, 100, 200, 500])[1 + bench.up_to(n, 30 + d, 7)]::bigint) from generate_series(0, disks - 1) d) capacities,
    case when bench.unit(n, 19) < 0.04 then 'blocked' when bench.unit(n, 14) < 0.2 then 'warnings' else 'ready' end readiness,
    bench.unit(n, 40) < 0.01 gone, bench.unit(n, 41) < 0.004 cleared
  from (select n, bench.pick(string_to_array(${literal(ROLES)}, ' '), n, 50) role, bench.pick(${literals(SITES)}, n, 51) site,
      1 + bench.up_to(n, 52, ${GUESTS.length})::int guest,
      case when bench.unit(n, 53) < 0.6 then 1 when bench.unit(n, 53) < 0.93 then 2 else 3 end disks
    from generate_series(1, ${all}) n) one
  join bench.connector c on c.c = case when n > ${own} then ${sizes.connectors} + 1 else 1 + (n - 1) * ${sizes.connectors} / ${own} end;
create unique index on bench.server (n);
analyze bench.server;`;
}

/** After the outline of the jobs, whose states stand with their servers. */
export function serversSql({ now }: FillInput): string {
  const at = `${literal(now)}::timestamptz`;
  return `
insert into servers (id, workspace_id, connector_id, connector_name, replication_state, vm_id, uuid, name, path, power, guest_name, guest_family,
    vcpus, memory_mi_b, disk_count, disk_bytes, address, host, readiness, record, first_seen_at, last_seen_at, gone_at, cleared_at)
  select s.id, ws, connector_id, connector_name, coalesce(job_state, 'none'), vm_id, uuid, name, path, power, guest_name, family,
    vcpus, memory, disks, (select sum(capacity) from unnest(capacities) capacity), address, host, readiness, (${RECORD_SQL})::jsonb,
    ${at} - interval '90 days' + interval '60 days' * bench.unit(s.n, 60), ${at} - interval '3 hours' - case when gone then interval '10 days' else interval '0' end,
    case when gone then ${at} - interval '9 days' end, case when cleared then ${at} - interval '2 days' end
  from bench.server s join (select id, name connector_name from bench.connector) c on c.id = s.connector_id
  left join (select n, state job_state from bench.job where state <> 'deleted') job on job.n = s.n;`;
}
