// What a test or an operator may set about the lab's vCenter while it runs.
import type { FolderMode } from '../world/world.ts';
import type { XmlStyle } from './soap/value.ts';

export interface VcenterSettings {
  user: string;
  password: string;
  /** Seconds without a call after which a session ends. */
  sessionIdleSeconds: number;
  /** Seconds without HttpNfcLeaseProgress after which a lease ends; reported to clients as it is. */
  leaseTimeoutSeconds: number;
  /** How long an ordinary task runs. */
  taskMilliseconds: number;
  /** From ShutdownGuest until the machine is off. */
  shutdownMilliseconds: number;
  /** The server never gives more objects a page than this, whatever maxObjects says. 0 is no limit. */
  pageLimit: number;
  xmlStyle: XmlStyle;
  /** Privileges that the user lacks, by id (`VApp.Export`). */
  missingPrivileges: string[];
  /** Blocks that each powered-on guest writes a second, on its disks in use; 0 is none. */
  guestWritesPerSecond: number;
  /** Change tracking begins after the snapshot that stuns the VM for it, which then has no change id; false: with it. */
  trackingNeedsSecondStun: boolean;
  /** Extents in an answer of QueryChangedDiskAreas at most. */
  changedAreasPerPage: number;
  /** Bytes of the disk that an answer describes at most; 0 is no limit. Small ones make short pages and empty pages. */
  changedAreasPageBytes: number;
  /** Varies the pages' lengths, and chooses the false positives. */
  changedAreasSeed: string;
  /** Of a hundred 64 KiB grains that did not change, so many are called changed. */
  changedAreasFalsePercent: number;
  /** What is told for the change id `*`: allocated areas, one extent over everything, or FileFault. */
  changedAreasOfStar: 'allocated' | 'everything' | 'fails';
  /** How a lease says which certificate its hosts show: as up to 8.0, as some later versions, or as 9.0 does. */
  leaseTrust: 'sha1' | 'sha256' | 'certificate';
  /** How datastore files are served where a VM does not say it for itself. */
  folderMode: FolderMode;
  /** Hash each disk of a snapshot before the snapshot is removed, so that tests can ask for it later. */
  keepHashes: boolean;
}

/** @param clockScale multiplies every duration: 0.01 lets 300 s pass in 3 s. */
export function defaultSettings(clockScale: number): VcenterSettings {
  return {
    user: 'administrator@vsphere.local',
    password: 'lab',
    sessionIdleSeconds: Math.max(1, 1800 * clockScale),
    leaseTimeoutSeconds: Math.max(1, Math.round(300 * clockScale)),
    taskMilliseconds: 300 * clockScale,
    shutdownMilliseconds: 2000 * clockScale,
    pageLimit: 0,
    xmlStyle: 'typed-xsi',
    missingPrivileges: [],
    guestWritesPerSecond: 0,
    trackingNeedsSecondStun: false,
    changedAreasPerPage: 2000,
    changedAreasPageBytes: 0,
    changedAreasSeed: '',
    changedAreasFalsePercent: 0,
    changedAreasOfStar: 'allocated',
    leaseTrust: 'sha1',
    folderMode: 'ranges',
    keepHashes: false,
  };
}
