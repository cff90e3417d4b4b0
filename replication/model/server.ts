// What the server catalog knows of a server, whatever platform it stands on. Pure.
import { z } from 'zod';

/** Something that was found about a server before a run: blocking stops the run, a warning only informs. */
export const findingSchema = z.object({
  code: z.string(),
  level: z.enum(['blocking', 'warning']),
  /** What was found. */
  title: z.string(),
  /** Why it matters. */
  why: z.string(),
  /** What to do. */
  remedy: z.string(),
});
export type Finding = z.infer<typeof findingSchema>;

export const catalogDiskSchema = z.object({
  /** Stable over snapshots and moves (vSphere: backing uuid); what the baseline will be kept under. */
  id: z.string(),
  /** The platform's handle within the machine (vSphere: device key). */
  key: z.string(),
  label: z.string(),
  capacityBytes: z.number().int().nonnegative(),
  /** Thin, thick, raw device mapping…, in the platform's words. */
  kind: z.string(),
  datastore: z.string(),
  fileName: z.string(),
  /** 0 is the disk that the machine boots from. */
  order: z.number().int(),
  replicable: z.boolean(),
});
export type CatalogDisk = z.infer<typeof catalogDiskSchema>;

export const catalogServerSchema = z.object({
  /** The platform's id within its VM manager (vSphere: managed object id). */
  vmId: z.string(),
  /** Stays with the machine when it is moved (vSphere: instanceUuid). */
  uuid: z.string(),
  name: z.string(),
  /** Inventory path, `/Datacenters/DC1/vm/Folder/name`. */
  path: z.string(),
  power: z.enum(['on', 'off', 'suspended']),
  guestId: z.string(),
  guestName: z.string(),
  guestFamily: z.enum(['linux', 'windows-server', 'windows-client', 'other']),
  architecture: z.enum(['x86_64', 'i386', 'arm64']),
  firmware: z.enum(['bios', 'uefi']),
  secureBoot: z.boolean(),
  vcpus: z.number().int(),
  memoryMiB: z.number().int(),
  host: z.string(),
  addresses: z.array(z.string()),
  hostName: z.string().nullable(),
  disks: z.array(catalogDiskSchema),
  nics: z.array(z.object({ label: z.string(), mac: z.string(), network: z.string(), addresses: z.array(z.string()) })),
  tools: z.enum(['running', 'not-running', 'not-installed']),
  hardwareVersion: z.string(),
  findings: z.array(findingSchema),
});
export type CatalogServer = z.infer<typeof catalogServerSchema>;

export function readiness(findings: readonly Finding[]): 'ready' | 'warnings' | 'blocked' {
  if (findings.some((finding) => finding.level === 'blocking')) return 'blocked';
  return findings.length > 0 ? 'warnings' : 'ready';
}
