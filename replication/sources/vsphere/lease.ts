// The NFC lease behind an export: what it says of itself, and which of its files is which disk.

import { pause } from '../../disks/pause.ts';
import { faultError } from '../../model/fault.ts';
import { foreignText } from '../../model/foreign-text.ts';
import type { VmDisk } from './devices.ts';
import { readObject } from './properties.ts';
import type { VimSession } from './session.ts';
import { localizedFault, VimFault } from './soap.ts';
import { pollDelay, TaskDeadline } from './tasks.ts';
import { element, type ManagedObject } from './xml/markup.ts';
import { amount, child, children, flag, text, type XmlNode } from './xml/xml-node.ts';

/** One file that the lease offers. */
export interface DeviceUrl {
  /** `/vm-42/ParaVirtualSCSIController0:1`. */
  key: string;
  importKey: string;
  targetId: string;
  /** May have `*` for its host: the one that we are connected to. */
  url: string;
  /** Fingerprint of the certificate of the host in the url, SHA-1 or (newer versions) SHA-256, or empty. */
  thumbprint: string;
  /** The certificate itself as PEM, as vSphere 9 gives it, or empty. */
  certificate: string;
  /** False for ISO images and NVRAM. */
  isDisk: boolean;
  fileSize: number;
}

export interface LeaseInfo {
  /** Seconds without a sign of life after which the lease ends. */
  timeoutSeconds: number;
  files: DeviceUrl[];
}

const READY_TIMEOUT_MS = 5 * 60_000;
const DEFAULT_LEASE_SECONDS = 300;
const MOST_LEASE_SECONDS = 3600;

/** Waits until the lease is ready. @throws VimFault of the lease, TaskDeadline, the signal's reason */
export async function waitForLease(session: VimSession, lease: ManagedObject, signal: AbortSignal): Promise<LeaseInfo> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (let look = 0; ; look += 1) {
    const { properties } = await readObject(session, lease, ['state', 'error', 'info'], signal);
    const state = properties.get('state')?.text;
    const info = properties.get('info');
    const error = properties.get('error');
    if (state === 'ready' && info) return readInfo(info);
    if (state === 'error') throw error ? localizedFault(error) : new VimFault('SystemError', 'The export failed.');
    if (state === 'done') throw new VimFault('InvalidState', 'The export was ended by somebody else.');
    if (Date.now() >= deadline)
      throw new TaskDeadline(`the export is still ${state} after ${READY_TIMEOUT_MS / 1000} s`);
    await pause(pollDelay(look), signal);
  }
}

function readInfo(info: XmlNode): LeaseInfo {
  return {
    // 0, or years, would both be a lease that nobody keeps alive.
    timeoutSeconds: amount(MOST_LEASE_SECONDS, info, 'leaseTimeout') || DEFAULT_LEASE_SECONDS,
    files: children(info, 'deviceUrl').map((file) => ({
      key: text(file, 'key') ?? '',
      importKey: text(file, 'importKey') ?? '',
      targetId: text(file, 'targetId') ?? '',
      url: text(file, 'url') ?? '',
      thumbprint: text(file, 'sslThumbprint') ?? '',
      certificate: text(file, 'sslCertificate') ?? '',
      isDisk: child(file, 'disk') ? flag(file, 'disk') : /\.vmdk$/i.test(text(file, 'url') ?? ''),
      fileSize: amount(Number.MAX_SAFE_INTEGER, file, 'fileSize') ?? 0,
    })),
  };
}

const COMPLETE_TRIES = 4;

/** Ends the lease as done. When only the answer was lost, the lease itself tells; one that is gone was ended. */
export async function completeLease(session: VimSession, lease: ManagedObject, signal: AbortSignal): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await session.call(lease, 'HttpNfcLeaseComplete', [], { signal });
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof VimFault && !isOver(error)) throw error;
      const state = await leaseState(session, lease, signal).catch(() => null);
      if (state === 'done' || state === 'gone') return;
      if (state === 'error' || tries >= COMPLETE_TRIES) throw error;
      await pause(pollDelay(tries), signal);
    }
  }
}

async function leaseState(session: VimSession, lease: ManagedObject, signal: AbortSignal): Promise<string | null> {
  try {
    return (await readObject(session, lease, ['state'], signal)).properties.get('state')?.text ?? null;
  } catch (error) {
    if (error instanceof VimFault && error.type === 'ManagedObjectNotFound') return 'gone';
    throw error;
  }
}

/** Ends the lease as failed. One that is over, or unknown, is fine. */
export async function abortLease(
  session: VimSession,
  lease: ManagedObject,
  reason: string,
  signal: AbortSignal,
): Promise<void> {
  // XML takes no NUL, and the end of a lease must not fail for the words of its reason.
  const why = foreignText(reason, 1000);
  const fault = element('fault', [
    element('fault', [element('reason', why)], { 'xsi:type': 'SystemError' }),
    element('localizedMessage', why),
  ]);
  try {
    await session.call(lease, 'HttpNfcLeaseAbort', [fault], { signal });
  } catch (error) {
    if (!isOver(error)) throw error;
  }
}

/** Whether the fault says that the lease has ended already. */
export function isOver(error: unknown): boolean {
  return error instanceof VimFault && ['ManagedObjectNotFound', 'InvalidState', 'Timedout'].includes(error.type);
}

/**
 * Which file is which disk, by the place on the controller that the keys name, or by a device key in them.
 * A single file is the single disk. Anything that stays unclear is a fault: a wrong guess would swap disks.
 */
export function matchDisks(files: readonly DeviceUrl[], disks: readonly VmDisk[]): Map<string, DeviceUrl> {
  const offered = files.filter((file) => file.isDisk);
  const matched = new Map<string, DeviceUrl>();
  for (const disk of disks) {
    const fitting = offered.filter((file) => namesDisk(file, disk));
    const only = offered.length === 1 && disks.length === 1 ? offered : fitting;
    if (only.length === 1 && only[0]) matched.set(disk.id, only[0]);
  }
  if (matched.size === disks.length && new Set(matched.values()).size === disks.length) return matched;
  throw faultError('export-refused', {
    message: `vSphere offers ${offered.length} disks (${offered.map(({ key }) => key).join(', ')}), and it is not clear which is which of the snapshot's ${disks.length}.`,
    remedy: 'Start the run again. If it fails again, report it with this text.',
    retry: 'later',
  });
}

function namesDisk(file: DeviceUrl, disk: VmDisk): boolean {
  return [file.key, file.importKey].some((key) => namesPlace(key, disk)) || namesKey(file.targetId, disk);
}

function namesPlace(key: string, disk: VmDisk): boolean {
  const place = /(?:^|\/)([A-Za-z]+)(\d+):(\d+)$/.exec(key);
  if (!place) return namesKey(key, disk);
  const { controller, bus, unit } = disk.place;
  return place[1] === controller && Number(place[2]) === bus && Number(place[3]) === unit;
}

/** `2000` or `disk-2000`, where 2000 is the device key; small numbers are running numbers and say nothing. */
function namesKey(key: string, disk: VmDisk): boolean {
  const number = /(?:^|[/-])(\d{4,})$/.exec(key)?.[1];
  return number !== undefined && number === disk.key;
}
