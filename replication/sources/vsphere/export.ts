// Opens a snapshot's disks for reading, over the transport that fits: a stream by NFC, or ranges of the datastore's files.
import { faultError } from '../../model/fault.ts';
import type { SourceExport, Transport } from '../source.ts';
import { openFolderExport } from './folder-export.ts';
import { openNbdExport, type VddkLogin } from './nbd-export.ts';
import { openNfcExport } from './nfc-export.ts';
import type { VimSession } from './session.ts';

/**
 * NFC always works, so it is taken wherever nothing better is there; the export says why. Where the user has VDDK, it
 * reads what is read in parts; else the files of the datastore do, where they can be read by ranges.
 * @throws FaultError `input-invalid` for NBD where this connector has no VDDK
 */
export async function openExport(
  session: VimSession,
  vddk: VddkLogin | null,
  vmId: string,
  snapshotId: string,
  options: { transport: 'auto' | Transport; seek: boolean },
  signal: AbortSignal,
): Promise<SourceExport> {
  const { transport, seek } = options;
  const stream = (why: string) => openNfcExport(session, vmId, snapshotId, why, signal);
  if (transport === 'nbd') {
    if (vddk) return openNbdExport(session, vddk, vmId, snapshotId, 'The transport was chosen: NBD.', signal);
    throw faultError('input-invalid', {
      message: 'This connector cannot read disks over NBD: it has no VDDK.',
      remedy: 'Set LANDFALL_VDDK for the connector (docs/operations.md), or choose another transport.',
    });
  }
  if (transport === 'nfc') return stream('The transport was chosen: NFC.');
  if (transport === 'auto' && !seek) return stream('The disks are read whole.');
  const why = transport === 'folder' ? 'The transport was chosen: datastore files.' : 'Little of the disks is read.';
  if (transport === 'auto' && vddk) return openNbdExport(session, vddk, vmId, snapshotId, why, signal);
  const opened = await openFolderExport(session, vmId, snapshotId, why, signal);
  return 'refusal' in opened ? stream(opened.refusal) : opened;
}
