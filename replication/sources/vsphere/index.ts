// vSphere as a source of servers: everything of the port source.ts, spoken with one vCenter over its SOAP API.
import { ChangesUnknown, type Source } from '../source.ts';
import { changedAreas } from './changed-areas.ts';
import { openExport } from './export.ts';
import { asFaultError, type During } from './faults.ts';
import { FOLDER_EXPORT } from './folder-export.ts';
import { checkHealth } from './health.ts';
import { readInventory, readServer } from './inventory.ts';
import { abortLease } from './lease.ts';
import { endLostExports } from './lost-exports.ts';
import { NBD_EXPORT } from './nbd-export.ts';
import type { VddkOptions } from './nbdkit.ts';
import { setPower } from './power.ts';
import { type SessionOptions, VimSession } from './session.ts';
import { isGone, releaseSnapshot, takeSnapshot } from './snapshots.ts';

export { probeFingerprint } from './certificate.ts';

export interface VsphereSourceOptions extends SessionOptions {
  /** Machines that vCenter is asked for at once. Default 100. */
  pageSize?: number;
  /** nbdkit and VDDK, where the user has them. */
  vddk?: VddkOptions;
}

/**
 * A source over one shared session; nothing is connected before the first call. Close it, or its session stays open
 * at vCenter until it is idle for long enough.
 */
export function openVsphereSource(options: VsphereSourceOptions): Source {
  const session = new VimSession(options);
  const { user, password } = options;
  const vddk = options.vddk ? { ...options.vddk, user, password } : null;

  async function guarded<T>(during: During, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      if (error instanceof ChangesUnknown && !signal.aborted) throw error;
      throw asFaultError(error, { during, signal });
    }
  }

  return {
    platform: 'vsphere',
    checkHealth: (signal) => guarded('read', signal, () => checkHealth(session, signal)),
    identify: (signal) =>
      guarded('read', signal, async () => {
        const { about } = await session.content(signal);
        return { id: about.instanceUuid, name: session.url.hostname, version: about.version };
      }),
    async *inventory(signal) {
      try {
        signal.throwIfAborted();
        yield* readInventory(session, signal, options.pageSize);
      } catch (error) {
        throw asFaultError(error, { during: 'read', signal });
      }
    },
    inspect: (vmId, signal) => guarded('read', signal, () => readServer(session, vmId, signal)),
    takeSnapshot: (vmId, details, signal) =>
      guarded('snapshot', signal, () => takeSnapshot(session, vmId, details, signal)),
    changedAreas: (vmId, snapshotId, diskId, since, signal) =>
      guarded('read', signal, () => changedAreas(session, vmId, snapshotId, diskId, since, signal)),
    openExport: (vmId, snapshotId, choice, signal) =>
      guarded('export', signal, () => openExport(session, vddk, vmId, snapshotId, choice, signal)),
    releaseSnapshot: (vmId, snapshot, signal) =>
      guarded('release', signal, () => releaseSnapshot(session, vmId, snapshot, signal)),
    releaseExport: (exportId, signal) =>
      guarded('export', signal, async () => {
        if (exportId.startsWith(FOLDER_EXPORT) || exportId.startsWith(NBD_EXPORT)) return;
        const lease = { type: 'HttpNfcLease', value: exportId };
        await abortLease(session, lease, 'The process that began the export is gone.', signal);
      }),
    releaseExportsOf: (vmId, signal) =>
      guarded('export', signal, async () => {
        const vm = { type: 'VirtualMachine', value: vmId };
        await endLostExports(session, vm, signal).catch((error) => {
          if (!isGone(error, 'VirtualMachine')) throw error;
        });
      }),
    setPower: (vmId, action, limits, signal) =>
      guarded('power', signal, () => setPower(session, vmId, action, limits, signal)),
    close: () => session.close(),
  };
}
