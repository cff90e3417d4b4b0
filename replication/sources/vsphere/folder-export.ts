// An export of a snapshot that reads the flat files of its disks from the datastore by ranges, through vCenter.
// Nothing is open at vCenter but the session.
import type { DiskReader, SeekableDisk } from '../../disks/reader.ts';
import { openSeekReader } from '../../disks/seek-reader.ts';
import { withReadRetry } from '../../disks/with-retry.ts';
import type { Extent } from '../../model/extent.ts';
import { FaultError, faultError } from '../../model/fault.ts';
import type { SourceExport } from '../source.ts';
import { describeMachine } from './descriptor.ts';
import type { VmDisk } from './devices.ts';
import { asFaultError, stopped } from './faults.ts';
import { flatFileOf, folderUrls } from './folder-address.ts';
import { FolderClient, FolderDisk, inWords, RangeRefused } from './folder-client.ts';
import { Places } from './places.ts';
import { readObject } from './properties.ts';
import { released } from './released-reader.ts';
import type { VimSession } from './session.ts';
import { readSnapshotDisks } from './snapshots.ts';
import { readSnapshots, referenceOf } from './vm-record.ts';
import type { ManagedObject } from './xml/markup.ts';

/** How the ids of these exports begin: there is nothing at vCenter that has one. */
export const FOLDER_EXPORT = 'folder:';

const PROBE_BYTES = 512;
const READ_TRIES = 5;

interface FrozenFile {
  disk: VmDisk;
  url: URL;
}

/**
 * Looks whether every disk of the snapshot can be read by ranges, and opens them if so; otherwise says, as a sentence,
 * what was seen. Trouble with vCenter itself is thrown, as anywhere.
 */
export async function openFolderExport(
  session: VimSession,
  vmId: string,
  snapshotId: string,
  why: string,
  signal: AbortSignal,
): Promise<SourceExport | { refusal: string }> {
  const vm: ManagedObject = { type: 'VirtualMachine', value: vmId };
  const disks = await readSnapshotDisks(session, snapshotId, signal);
  const { properties } = await readObject(session, vm, ['parent', 'parentVApp', 'snapshot'], signal);
  const [oldest] = readSnapshots(properties.get('snapshot'));
  if (oldest?.ref.value !== snapshotId) {
    return { refusal: 'The server has older snapshots, so no single file holds a disk.' };
  }
  const parent = referenceOf(properties.get('parent')) ?? referenceOf(properties.get('parentVApp'));
  const places = await new Places().learn(session, [parent, ...disks.map(({ datastoreRef }) => datastoreRef)], signal);
  const dcPath = places.datacenterPath(parent);
  if (dcPath === null) return { refusal: 'The account cannot see the datacenter whose datastore holds the disks.' };
  const client = new FolderClient(session);
  try {
    const files = new Map<string, FrozenFile>();
    for (const disk of disks) {
      const datastore = places.rawName(disk.datastoreRef);
      const found = await probe(client, session.url, { dcPath, datastore }, disk, signal);
      if ('refusal' in found) {
        await client.close();
        return found;
      }
      files.set(disk.id, { disk, url: found.url });
    }
    return new FolderExport(session, vm, snapshotId, client, files, why);
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Asks for the first sector. Only a true 206 of a file of the disk's size counts; HEAD is not to be relied on. */
async function probe(
  client: FolderClient,
  center: URL,
  { dcPath, datastore }: { dcPath: string; datastore: string | null },
  disk: VmDisk,
  signal: AbortSignal,
): Promise<{ url: URL } | { refusal: string }> {
  const file = flatFileOf(disk, datastore);
  if ('refusal' in file) return file;
  let refusal = '';
  for (const url of folderUrls(center, dcPath, file)) {
    try {
      const answer = await client.range(url, 0, PROBE_BYTES, signal);
      if (answer.bytes && answer.total === disk.capacityBytes) return { url };
      const other = answer.bytes ? ` for a disk of ${disk.capacityBytes}` : '';
      refusal ||= `${disk.label}: /folder ${inWords(answer)}${other}.`;
    } catch (error) {
      if (!(error instanceof FaultError) || error.fault.code !== 'export-cut') throw error;
      refusal ||= `${disk.label}: /folder broke off.`;
    }
  }
  return { refusal };
}

class FolderExport implements SourceExport {
  readonly transport = 'folder';
  readonly transportWhy: string;
  readonly exportId: string;
  readonly #session: VimSession;
  readonly #vm: ManagedObject;
  readonly #snapshotId: string;
  readonly #client: FolderClient;
  readonly #files: ReadonlyMap<string, FrozenFile>;
  readonly #ended = new AbortController();
  #open: DiskReader | null = null;

  constructor(
    session: VimSession,
    vm: ManagedObject,
    snapshotId: string,
    client: FolderClient,
    files: ReadonlyMap<string, FrozenFile>,
    why: string,
  ) {
    this.transportWhy = why;
    this.exportId = `${FOLDER_EXPORT}${snapshotId}`;
    this.#session = session;
    this.#vm = vm;
    this.#snapshotId = snapshotId;
    this.#client = client;
    this.#files = files;
  }

  async descriptor(signal: AbortSignal): Promise<string | null> {
    const files = [...this.#files.values()].map(({ disk: { place, capacityBytes } }) => ({
      // As the files of an NFC lease are called.
      deviceId: `/${this.#vm.value}/${place.controller}${place.bus}:${place.unit}`,
      fileSize: 0,
      capacityBytes,
    }));
    return describeMachine(this.#session, this.#vm, files, signal);
  }

  async openDisk(diskId: string, signal: AbortSignal, extents?: readonly Extent[]): Promise<DiskReader> {
    this.#demandOpen();
    if (signal.aborted) throw stopped(signal);
    const file = this.#files.get(diskId);
    if (!file) throw faultError('disk-unsupported', { message: `The export holds no disk ${diskId}.` });
    if (this.#open) throw faultError('internal', { message: 'A disk of this export is being read already.' });
    const disk = new FolderDisk(this.#client, file.url, file.disk.capacityBytes);
    const retried = withReadRetry(whenVcenterAnswers(disk, this.#session), { attempts: READ_TRIES, when: mayPass });
    const reader = openSeekReader(retried, extents ? { extents } : {});
    this.#open = reader;
    return released(reader, async () => {
      if (this.#open === reader) this.#open = null;
    });
  }

  progress(): void {
    // vCenter has no task for this kind of reading that could show it.
  }

  /** Without a lease nothing keeps others from removing the snapshot: then the files were written to while we read. */
  async complete(): Promise<void> {
    this.#demandOpen();
    await this.#demandFrozen();
    await this.#end();
  }

  async abort(): Promise<void> {
    await this.#end();
  }

  async #demandFrozen(): Promise<void> {
    const signal = this.#ended.signal;
    let now: VmDisk[];
    try {
      now = await readSnapshotDisks(this.#session, this.#snapshotId, signal);
    } catch (error) {
      throw asFaultError(error, { during: 'export', signal });
    }
    const names = new Map(now.map(({ id, fileName }) => [id, fileName]));
    for (const { disk } of this.#files.values()) {
      if (names.get(disk.id) === disk.fileName) continue;
      throw faultError('export-cut', { message: `The file of ${disk.label} was moved while it was read.` });
    }
  }

  async #end(): Promise<void> {
    this.#ended.abort(faultError('export-refused', { message: 'The export has ended.' }));
    await this.#open?.close();
    await this.#client.close();
  }

  #demandOpen(): void {
    if (this.#ended.signal.aborted) throw stopped(this.#ended.signal);
  }
}

/** Before a read that broke off is tried again, vCenter must answer: a vCenter that is away uses no try up. */
function whenVcenterAnswers(disk: SeekableDisk, session: VimSession): SeekableDisk {
  return {
    capacityBytes: disk.capacityBytes,
    async read(offset, length, signal) {
      try {
        return await disk.read(offset, length, signal);
      } catch (error) {
        if (!signal.aborted && mayPass(error)) await session.currentTime({ signal });
        throw error;
      }
    },
    close: () => disk.close(),
  };
}

/** A refusal will not change by asking again; a broken connection or a busy vCenter may. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof FaultError) || error.fault.retry !== 'now') return false;
  return !(error.cause instanceof RangeRefused) || error.cause.isBusy;
}
