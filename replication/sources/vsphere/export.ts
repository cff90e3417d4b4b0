// Opens a snapshot's disks for reading, over the transport that fits: a stream by NFC, or ranges of the datastore's files.
// For sources/vsphere only.
import { faultError } from '../../model/fault.ts';
import type { SourceExport, Transport } from '../source.ts';
import { openFolderExport } from './folder-export.ts';
import { openNfcExport } from './nfc-export.ts';
import type { VimSession } from './session.ts';

/**
 * NFC always works, so it is taken wherever the files of the datastore cannot be read by ranges; the export says why.
 * @throws FaultError `input-invalid` for NBD, which this source does not offer
 */
export async function openExport(
  session: VimSession,
  vmId: string,
  snapshotId: string,
  options: { transport: 'auto' | Transport; seek: boolean },
  signal: AbortSignal,
): Promise<SourceExport> {
  const { transport, seek } = options;
  const stream = (why: string) => openNfcExport(session, vmId, snapshotId, why, signal);
  if (transport === 'nbd') {
    throw faultError('input-invalid', {
      message: 'This connector cannot read disks over NBD.',
      remedy: 'Choose another transport: automatic, NFC or datastore files.',
    });
  }
  if (transport === 'nfc') return stream('The transport was chosen: NFC.');
  if (transport === 'auto' && !seek) return stream('The disks are read whole.');
  const why = transport === 'folder' ? 'The transport was chosen: datastore files.' : 'Little of the disks is read.';
  const opened = await openFolderExport(session, vmId, snapshotId, why, signal);
  return 'refusal' in opened ? stream(opened.refusal) : opened;
}
