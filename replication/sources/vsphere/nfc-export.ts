// An export of a snapshot over NFC: opens the lease, keeps it alive, streams its disks, and ends it in every case.

import { readStreamOptimizedVmdk } from '../../disks/formats/vmdk/read-stream.ts';
import type { DiskReader } from '../../disks/reader.ts';
import { type FaultError, faultError } from '../../model/fault.ts';
import type { SourceExport } from '../source.ts';
import { describeMachine } from './descriptor.ts';
import type { VmDisk } from './devices.ts';
import { asFaultError, stopped } from './faults.ts';
import {
  abortLease,
  completeLease,
  type DeviceUrl,
  isOver,
  type LeaseInfo,
  matchDisks,
  waitForLease,
} from './lease.ts';
import { endLostExports } from './lost-exports.ts';
import { type Download, download } from './nfc-download.ts';
import { released } from './released-reader.ts';
import type { VimSession } from './session.ts';
import { readSnapshotDisks } from './snapshots.ts';
import { VimFault } from './soap.ts';
import { element, type ManagedObject } from './xml/markup.ts';
import { AnswerError, object } from './xml/xml-node.ts';

const ENDING_TIMEOUT_MS = 30_000;
const STREAM_IDLE_MS = 120_000;
/** Between two signs of life: often enough for a fluent percentage, and well within the lease. */
const LONGEST_BEAT_MS = 5_000;

/** Begins an export of the snapshot and waits until its disks can be read. @param why it is read in this way */
export async function openNfcExport(
  session: VimSession,
  vmId: string,
  snapshotId: string,
  why: string,
  signal: AbortSignal,
): Promise<SourceExport> {
  const disks = await readSnapshotDisks(session, snapshotId, signal);
  const snapshot: ManagedObject = { type: 'VirtualMachineSnapshot', value: snapshotId };
  const vm: ManagedObject = { type: 'VirtualMachine', value: vmId };
  const lease = await exportOnce(session, vm, snapshot, signal);
  try {
    const info = await waitForLease(session, lease, signal);
    return new NfcExport(session, vm, lease, info, disks, why);
  } catch (error) {
    await abortLease(session, lease, 'The export was not begun.', AbortSignal.timeout(ENDING_TIMEOUT_MS)).catch(
      () => undefined,
    );
    throw error;
  }
}

/** A lease whose id never arrived would keep the server busy until vCenter ends it, so it is ended, and another one opened. */
async function exportOnce(
  session: VimSession,
  vm: ManagedObject,
  snapshot: ManagedObject,
  signal: AbortSignal,
): Promise<ManagedObject> {
  const begin = async () => {
    const lease = object(await session.make(snapshot, 'ExportSnapshot', [], signal), 'returnval');
    if (!lease) throw new AnswerError('ExportSnapshot gave no lease');
    return lease;
  };
  try {
    return await begin();
  } catch (error) {
    signal.throwIfAborted();
    // What vCenter says is no lost answer: an export that is in the way may be one that is still read.
    if (error instanceof VimFault) throw error;
    if ((await endLostExports(session, vm, signal)) === 0) throw error;
    return begin();
  }
}

class NfcExport implements SourceExport {
  readonly transport = 'nfc';
  readonly transportWhy: string;
  readonly exportId: string;
  readonly #session: VimSession;
  readonly #vm: ManagedObject;
  readonly #lease: ManagedObject;
  readonly #files: Map<string, DeviceUrl>;
  readonly #disks: readonly VmDisk[];
  readonly #ended = new AbortController();
  #percent = 0;
  #beat: NodeJS.Timeout;
  #open: Download | null = null;
  #ending: Promise<void> | null = null;

  constructor(
    session: VimSession,
    vm: ManagedObject,
    lease: ManagedObject,
    info: LeaseInfo,
    disks: readonly VmDisk[],
    why: string,
  ) {
    this.transportWhy = why;
    this.exportId = lease.value;
    this.#session = session;
    this.#vm = vm;
    this.#lease = lease;
    this.#disks = disks;
    this.#files = matchDisks(info.files, disks);
    const beatMs = Math.min(LONGEST_BEAT_MS, (info.timeoutSeconds * 1000) / 4);
    this.#beat = setInterval(() => void this.#keepAlive(beatMs), beatMs);
    this.#beat.unref();
  }

  async descriptor(signal: AbortSignal): Promise<string | null> {
    const files = [...this.#files].map(([id, { key, fileSize }]) => ({
      deviceId: key,
      fileSize,
      capacityBytes: this.#disks.find((disk) => disk.id === id)?.capacityBytes ?? 0,
    }));
    return describeMachine(this.#session, this.#vm, files, signal);
  }

  async openDisk(diskId: string, signal: AbortSignal): Promise<DiskReader> {
    this.#demandOpen();
    const file = this.#files.get(diskId);
    const disk = this.#disks.find((one) => one.id === diskId);
    if (!file || !disk) throw faultError('disk-unsupported', { message: `The export holds no disk ${diskId}.` });
    if (this.#open) throw faultError('internal', { message: 'A disk of this export is being read already.' });
    const whole = AbortSignal.any([signal, this.#ended.signal]);
    const stream = await download(
      file,
      {
        center: this.#session.url,
        centerFingerprint: this.#session.fingerprint,
        cookie: this.#session.cookie,
        idleMs: STREAM_IDLE_MS,
      },
      whole,
    );
    this.#open = stream;
    const release = async () => {
      if (this.#open === stream) this.#open = null;
      await stream.close();
    };
    try {
      const reader = await readStreamOptimizedVmdk(stream.bytes, { capacityBytes: disk.capacityBytes, signal: whole });
      return released(reader, release);
    } catch (error) {
      await release();
      throw asFaultError(error, { during: 'stream', signal });
    }
  }

  progress(percent: number): void {
    // vCenter takes whole numbers; 100 is said by complete().
    this.#percent = Math.max(this.#percent, Math.min(99, Math.floor(percent)));
  }

  async complete(): Promise<void> {
    this.#demandOpen();
    await this.#end(async (signal) => {
      // For people who look at vCenter's task; the export ends without it too.
      await this.#session
        .call(this.#lease, 'HttpNfcLeaseProgress', [element('percent', 100)], { signal })
        .catch(() => undefined);
      await completeLease(this.#session, this.#lease, signal);
    });
  }

  async abort(reason: string): Promise<void> {
    // After complete(), or a second time, there is nothing left to end.
    if (this.#ending) return this.#ending.catch(() => undefined);
    await this.#end((signal) => abortLease(this.#session, this.#lease, reason, signal));
  }

  #end(how: (signal: AbortSignal) => Promise<void>): Promise<void> {
    clearInterval(this.#beat);
    const ending = (async () => {
      this.#ended.abort(faultError('export-refused', { message: 'The export has ended.' }));
      await this.#open?.close();
      try {
        await how(AbortSignal.timeout(ENDING_TIMEOUT_MS));
      } catch (error) {
        // It did not end as told, so it may be open still: the next abort() tries again.
        this.#ending = null;
        throw asFaultError(error, { during: 'export' });
      }
    })();
    this.#ending = ending;
    return ending;
  }

  async #keepAlive(beatMs: number): Promise<void> {
    const options = { signal: AbortSignal.any([this.#ended.signal, AbortSignal.timeout(Math.max(beatMs, 1_000) * 3)]) };
    try {
      await this.#session.call(this.#lease, 'HttpNfcLeaseProgress', [element('percent', this.#percent)], options);
    } catch (error) {
      // A beat that is lost on the way is made good by the next one; a lease that is over is not.
      if (isOver(error) && !this.#ending) this.#ended.abort(leaseLost(error));
    }
  }

  #demandOpen(): void {
    if (this.#ended.signal.aborted) throw stopped(this.#ended.signal);
  }
}

function leaseLost(error: unknown): FaultError {
  const message = 'vSphere ended the export before the disks were read.';
  return faultError('export-cut', { message, remedy: 'Nothing to do: the export is begun again.' }, error);
}
