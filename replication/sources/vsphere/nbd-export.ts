// An export of a snapshot that reads its disks through nbdkit and VDDK, one server per disk.
import type { DiskReader } from '../../disks/reader.ts';
import { openSeekReader } from '../../disks/seek-reader.ts';
import type { Extent } from '../../model/extent.ts';
import { faultError } from '../../model/fault.ts';
import type { SourceExport } from '../source.ts';
import { bareHost, probeThumbprint } from './certificate.ts';
import { describeMachine } from './descriptor.ts';
import type { VmDisk } from './devices.ts';
import { stopped } from './faults.ts';
import { openVddkDisk, type VddkOptions } from './nbdkit.ts';
import { released } from './released-reader.ts';
import type { VimSession } from './session.ts';
import { readSnapshotDisks } from './snapshots.ts';

/** How the ids of these exports begin: there is nothing at vCenter that has one. */
export const NBD_EXPORT = 'nbd:';

/** vCenter refuses larger reads: "NFC out of memory". */
const LARGEST_READ = 2 * 1024 * 1024;

export interface VddkLogin extends VddkOptions {
  user: string;
  password: string;
}

export async function openNbdExport(
  session: VimSession,
  vddk: VddkLogin,
  vmId: string,
  snapshotId: string,
  why: string,
  signal: AbortSignal,
): Promise<SourceExport> {
  const disks = await readSnapshotDisks(session, snapshotId, signal);
  const thumbprint = await probeThumbprint(session.url.href, session.fingerprint, signal);
  const end = new AbortController();
  let open: DiskReader | null = null;
  const demandOpen = () => {
    if (end.signal.aborted) throw stopped(end.signal);
  };
  const close = async () => {
    end.abort(faultError('export-refused', { message: 'The export has ended.' }));
    await open?.close();
  };
  return {
    transport: 'nbd',
    transportWhy: why,
    exportId: `${NBD_EXPORT}${snapshotId}`,
    descriptor: (stop) =>
      describeMachine(session, { type: 'VirtualMachine', value: vmId }, disks.map(fileOf(vmId)), stop),
    async openDisk(diskId: string, stop: AbortSignal, extents?: readonly Extent[]) {
      demandOpen();
      const disk = disks.find(({ id }) => id === diskId);
      if (!disk) throw faultError('disk-unsupported', { message: `The export holds no disk ${diskId}.` });
      if (open) throw faultError('internal', { message: 'A disk of this export is being read already.' });
      const frozen = {
        server: bareHost(session.url.hostname),
        user: vddk.user,
        password: vddk.password,
        thumbprint,
        vm: vmId,
        snapshot: snapshotId,
        file: disk.fileName,
      };
      const served = await openVddkDisk(vddk, frozen, AbortSignal.any([stop, end.signal]));
      if (served.capacityBytes !== disk.capacityBytes) {
        await served.close();
        const message = `VDDK shows ${served.capacityBytes} bytes for ${disk.label}, vCenter ${disk.capacityBytes}.`;
        throw faultError('export-refused', { message });
      }
      const reader = openSeekReader(served, { largestRead: LARGEST_READ, ...(extents && { extents }) });
      open = reader;
      return released(reader, async () => {
        if (open === reader) open = null;
      });
    },
    progress() {
      // vCenter has no task for this kind of reading that could show it.
    },
    async complete() {
      demandOpen();
      await close();
    },
    abort: close,
  };
}

/** As the files of an NFC lease are called. */
function fileOf(vmId: string) {
  return ({ place, capacityBytes }: VmDisk) => ({
    deviceId: `/${vmId}/${place.controller}${place.bus}:${place.unit}`,
    fileSize: 0,
    capacityBytes,
  });
}
