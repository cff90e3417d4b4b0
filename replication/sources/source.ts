// The port to a platform that servers are copied from. One folder per platform beside this file; contract.ts tests each.
import type { DiskReader } from '../disks/reader.ts';
import type { Extent } from '../model/extent.ts';
import type { PowerAction, PowerResult } from '../model/power.ts';
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

/** The name of each snapshot that a run takes begins with it, so that ours are known as ours, whichever console took them. */
export const OWN_SNAPSHOT = 'landfall-';

export interface SourceSnapshot {
  /** The platform's id (vSphere: managed object id of the snapshot). */
  snapshotId: string;
  name: string;
  takenAt: Date;
  quiesced: boolean;
  notQuiescedBecause: string | null;
  /** The server was off: there was nothing to quiesce, and its disks are as its guest left them. */
  atRest: boolean;
  disks: {
    /** Identity of the disk: stays through renames, moves and snapshots. */
    id: string;
    key: string;
    label: string;
    capacityBytes: number;
    order: number;
    /** Where the next delta may begin; null when the source does not track the changes of this disk. */
    changeId: string | null;
    /** Why there is no change id, for people; null when there is one. */
    notTrackedBecause: string | null;
  }[];
}

/** How the bytes of a frozen disk are read: the whole stream of an export, or any place of it. */
export const TRANSPORTS = ['nfc', 'folder', 'nbd'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** The source cannot say what changed since a change id; nothing is wrong, but everything has to be read. */
export class ChangesUnknown extends Error {
  /** @param reason a sentence for people: `vCenter no longer knows the change id of the last run.` */
  constructor(reason: string, options?: { cause?: unknown }) {
    super(reason, options);
    this.name = 'ChangesUnknown';
  }
}

/** An open read of a snapshot's disks. Exactly one of `complete` and `abort` ends it. */
export interface SourceExport {
  transport: Transport;
  /** Why this one, for people: a sentence. */
  transportWhy: string;
  /** The platform's id of what must be released (vSphere: the lease, or `folder:…` where nothing is open there). */
  exportId: string;
  /** Descriptor of the machine as the platform exports it (vSphere: OVF), or null. */
  descriptor(signal: AbortSignal): Promise<string | null>;
  /**
   * Opens one disk by its stable id; one at a time. With extents (whole blocks, ascending, disjoint) a seekable
   * transport reads nothing else and its reader yields every block of them; a stream ignores them and covers the disk.
   */
  openDisk(diskId: string, signal: AbortSignal, extents?: readonly Extent[]): Promise<DiskReader>;
  /** Told 0–100 as the copy goes on; the platform shows it on its own task and keeps the lease alive. */
  progress(percent: number): void;
  complete(): Promise<void>;
  abort(reason: string): Promise<void>;
}

/**
 * Every method obeys the signal, throws FaultError only (changedAreas also ChangesUnknown), and may be called again
 * after it failed.
 */
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
  /**
   * Takes a snapshot of all disks; a name that is there already (a repeated call) is found and given back.
   * `trackChanges`: turn change tracking on where it is off and that is safe; else each disk says why it is not tracked.
   */
  takeSnapshot(
    vmId: string,
    options: { name: string; description: string; quiesce: boolean; trackChanges: boolean },
    signal: AbortSignal,
  ): Promise<SourceSnapshot>;
  /**
   * What changed on a disk between the moment of a change id and the snapshot, in bytes, ascending and disjoint; `*`:
   * what is allocated. May name more than changed, never less. Throws ChangesUnknown when it cannot say.
   */
  changedAreas(vmId: string, snapshotId: string, diskId: string, since: string, signal: AbortSignal): Promise<Extent[]>;
  /**
   * `seek`: little of the disks will be read, so a seekable transport is worth looking for. Where none serves every disk
   * the export is a stream after all, and says why; also when another one was asked for by name.
   */
  openExport(
    vmId: string,
    snapshotId: string,
    options: { transport: 'auto' | Transport; seek: boolean },
    signal: AbortSignal,
  ): Promise<SourceExport>;
  /** Removes a snapshot by id, or by name when the id never became known; waits for consolidation. A missing one is fine. */
  releaseSnapshot(vmId: string, snapshot: { id: string | null; name: string }, signal: AbortSignal): Promise<void>;
  /** Ends an export that a dead process left open, by the id of whichever transport. A missing one is fine. */
  releaseExport(exportId: string, signal: AbortSignal): Promise<void>;
  /**
   * Ends the exports of a server's snapshots that this connector's account began and whose ids never arrived here.
   * None is fine.
   */
  releaseExportsOf(vmId: string, signal: AbortSignal): Promise<void>;
  /**
   * Switches a server and waits until it is so, or for `deadlineSeconds`. A guest that refuses or takes too long is no
   * fault: the result says how the server is then, and why. A shutdown that is under way is awaited. Throws
   * `server-gone`, `vcenter-privilege-missing` and what the platform has against it.
   */
  setPower(
    vmId: string,
    action: PowerAction,
    options: { deadlineSeconds: number },
    signal: AbortSignal,
  ): Promise<PowerResult>;
  close(): Promise<void>;
}
