// The lab's vCenter: vim25 over HTTPS in front of disks with real bytes. `startLabVcenter` starts it.
// For lab/main.ts, lab/control and tests.
import { mkdirSync } from 'node:fs';
import type { FaultRules } from '../faults/rules.ts';
import { defaultWorld } from '../world/default.ts';
import type { World } from '../world/world.ts';
import { Center } from './center.ts';
import { labCertificate } from './certificate.ts';
import { type ControlCalls, vcenterControl } from './control.ts';
import { startGuestActivity } from './guest-activity.ts';
import { VcenterServer } from './server.ts';
import type { VcenterSettings } from './settings.ts';
import { takeForeignSnapshots } from './snapshots.ts';

export interface LabVcenterOptions {
  /** Certificate, state and disks are kept here; the same folder gives the same vCenter again. */
  dataDir: string;
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  faults: FaultRules;
  /** Used when the folder holds no state yet, and for VMs that the state does not know. */
  world?: World;
  /** Multiplies every duration of the lab: 0.01 lets a lease of 300 s end after 3 s. */
  clockScale?: number;
  settings?: Partial<VcenterSettings>;
}

export interface LabVcenter {
  /** `https://127.0.0.1:PORT`; the API is at `/sdk`. */
  url: string;
  port: number;
  /** SHA-256 of the certificate, `AB:CD:…`. */
  fingerprint: string;
  control: ControlCalls;
  close(): Promise<void>;
}

export async function startLabVcenter(options: LabVcenterOptions): Promise<LabVcenter> {
  const host = options.host ?? '127.0.0.1';
  mkdirSync(options.dataDir, { recursive: true });
  const certificate = await labCertificate(options.dataDir);
  const center = new Center({
    dataDir: options.dataDir,
    faults: options.faults,
    world: options.world ?? defaultWorld(),
    clockScale: options.clockScale ?? 1,
    settings: options.settings,
  });
  const server = new VcenterServer(center, certificate, host, options.port ?? 0);
  try {
    await takeForeignSnapshots(center);
    await center.disks.openFrozen(center.state.vms);
    await server.up();
  } catch (error) {
    await center.close();
    throw error;
  }
  const { thumbprint, fingerprint, cert } = certificate;
  center.address = { port: server.port, thumbprint, fingerprint, certificate: cert };
  const stopGuests = startGuestActivity(center);
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    port: server.port,
    fingerprint: certificate.fingerprint,
    control: vcenterControl(center, server),
    close: async () => {
      stopGuests();
      center.closing.abort();
      await server.down();
      await center.close();
    },
  };
}
