// What the server catalog knows of a server, whatever platform it stands on. Pure.
import { z } from 'zod';
import { foreignString, MOST } from './foreign-text.ts';

const name = foreignString(MOST.name);

/** Something that was found about a server before a run: blocking stops the run, a warning only informs. */
export const findingSchema = z.object({
  code: z.string(),
  level: z.enum(['blocking', 'warning']),
  /** What was found. */
  title: foreignString(),
  /** Why it matters. */
  why: foreignString(),
  /** What to do. */
  remedy: foreignString(),
});
export type Finding = z.infer<typeof findingSchema>;

const catalogDiskSchema = z.object({
  /** Stable over snapshots and moves (vSphere: backing uuid); what the baseline will be kept under. */
  id: z.string(),
  /** The platform's handle within the machine (vSphere: device key). */
  key: z.string(),
  label: name,
  capacityBytes: z.number().int().nonnegative(),
  /** Thin, thick, raw device mapping…, in the platform's words. */
  kind: name,
  datastore: name,
  fileName: foreignString(MOST.path),
  /** 0 is the disk that the machine boots from. */
  order: z.number().int(),
  replicable: z.boolean(),
});

export const catalogServerSchema = z.object({
  /** The platform's id within its VM manager (vSphere: managed object id). */
  vmId: z.string(),
  /** Stays with the machine when it is moved (vSphere: instanceUuid). */
  uuid: z.string(),
  name,
  /** Inventory path, `/Datacenters/DC1/vm/Folder/name`. */
  path: foreignString(MOST.path),
  power: z.enum(['on', 'off', 'suspended']),
  guestId: name,
  guestName: name,
  guestFamily: z.enum(['linux', 'windows-server', 'windows-client', 'other']),
  architecture: z.enum(['x86_64', 'i386', 'arm64']),
  firmware: z.enum(['bios', 'uefi']),
  secureBoot: z.boolean(),
  vcpus: z.int32().nonnegative(),
  memoryMiB: z.int32().nonnegative(),
  host: name,
  addresses: z.array(name),
  hostName: name.nullable(),
  disks: z.array(catalogDiskSchema),
  nics: z.array(z.object({ label: name, mac: name, network: name, addresses: z.array(name) })),
  tools: z.enum(['running', 'not-running', 'not-installed']),
  hardwareVersion: name,
  findings: z.array(findingSchema),
});
export type CatalogServer = z.infer<typeof catalogServerSchema>;

/** The row of a server that could not be read: known by its handle and name, blocked, and saying why. */
export function unreadableServer(known: { vmId: string; uuid?: string; name: string }, why: string): CatalogServer {
  return {
    vmId: known.vmId,
    uuid: known.uuid ?? known.vmId,
    name: known.name || known.vmId,
    path: `/${known.name || known.vmId}`,
    power: 'off',
    guestId: '',
    guestName: '',
    guestFamily: 'other',
    architecture: 'x86_64',
    firmware: 'bios',
    secureBoot: false,
    vcpus: 0,
    memoryMiB: 0,
    host: '',
    addresses: [],
    hostName: null,
    disks: [],
    nics: [],
    tools: 'not-installed',
    hardwareVersion: '',
    findings: [
      {
        code: 'not-readable',
        level: 'blocking',
        title: 'The server could not be read.',
        why,
        remedy:
          'Look at the settings of the server in its VM manager, then import the catalog again. Report it with this text if they are fine.',
      },
    ],
  };
}

export function readiness(findings: readonly Finding[]): 'ready' | 'warnings' | 'blocked' {
  if (findings.some((finding) => finding.level === 'blocking')) return 'blocked';
  return findings.length > 0 ? 'warnings' : 'ready';
}
