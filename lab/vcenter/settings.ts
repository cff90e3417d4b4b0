// What a test or an operator may set about the lab's vCenter while it runs. For lab/ only.
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
    keepHashes: false,
  };
}
