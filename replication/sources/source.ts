// The port to a platform that servers are copied from. One folder per platform beside this file; contract.ts tests each.
// Imported by the connector and the connector's steps.
import type { DiskReader } from '../disks/reader.ts';
import type { CatalogServer } from '../model/server.ts';

export interface HealthCheck {
  /** `vm-manager-login`, `privilege:VApp.Export`, `dns:esx-01.example`, `clock`… */
  id: string;
  label: string;
  ok: boolean;
  /** What was seen, or what to do when it is not ok. */
  detail: string;
  /** A failing check that is only a warning does not make the connector unhealthy. */
  level: 'required' | 'advice';
}

export interface SourceSnapshot {
  /** The platform's id (vSphere: managed object id of the snapshot). */
  snapshotId: string;
  name: string;
  takenAt: Date;
  quiesced: boolean;
  notQuiescedBecause: string | null;
  disks: { id: string; key: string; label: string; capacityBytes: number; order: number; changeId: string | null }[];
}

/** An open read of a snapshot's disks. Exactly one of `complete` and `abort` ends it. */
export interface SourceExport {
  transport: 'nfc';
  /** The platform's id of what must be released (vSphere: the lease). */
  exportId: string;
  /** Descriptor of the machine as the platform exports it (vSphere: OVF), or null. */
  descriptor(signal: AbortSignal): Promise<string | null>;
  /** Opens one disk by its stable id; one at a time. */
  openDisk(diskId: string, signal: AbortSignal): Promise<DiskReader>;
  /** Told 0–100 as the copy goes on; the platform shows it on its own task and keeps the lease alive. */
  progress(percent: number): void;
  complete(): Promise<void>;
  abort(reason: string): Promise<void>;
}

/** Every method obeys the signal, throws FaultError only, and may be called again after it failed. */
export interface Source {
  readonly platform: 'vsphere';
  /** All checks, also when the first fails: a person wants to see every reason at once. */
  checkHealth(signal: AbortSignal): Promise<HealthCheck[]>;
  /** Identity of the VM manager (vSphere: instanceUuid of vCenter), its name and version. */
  identify(signal: AbortSignal): Promise<{ id: string; name: string; version: string }>;
  /** All servers, page by page. */
  inventory(signal: AbortSignal): AsyncIterable<CatalogServer[]>;
  /** One server as it is now, with its findings. Throws `server-gone`. */
  inspect(vmId: string, signal: AbortSignal): Promise<CatalogServer>;
  /** Takes a snapshot of all disks; a name that is there already (a repeated call) is found and given back. */
  takeSnapshot(
    vmId: string,
    options: { name: string; description: string; quiesce: boolean },
    signal: AbortSignal,
  ): Promise<SourceSnapshot>;
  openExport(vmId: string, snapshotId: string, signal: AbortSignal): Promise<SourceExport>;
  /** Removes a snapshot by id, or by name when the id never became known; waits for consolidation. A missing one is fine. */
  releaseSnapshot(vmId: string, snapshot: { id: string | null; name: string }, signal: AbortSignal): Promise<void>;
  /** Ends an export that a dead process left open. A missing one is fine. */
  releaseExport(exportId: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
