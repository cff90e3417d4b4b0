// Exports: HttpNfcLease objects with their state, time-out, device URLs, and how much was really served.
import { randomUUID } from 'node:crypto';
import type { Center } from './center.ts';
import { ISO_BYTES } from './datastore-files.ts';
import type { ManagedObject } from './inventory/managed-object.ts';
import { diskControllers } from './inventory/vm-config.ts';
import { invalidState, taskInProgress, VimFault } from './soap/fault.ts';
import { type Data, data, list, long, type MoRef, member, ref, type Value } from './soap/value.ts';
import type { VmState } from './state.ts';
import type { Task } from './tasks.ts';

export interface LeaseFile {
  /** `/vm-101/ParaVirtualSCSIController0:0`. */
  key: string;
  /** `disk-0.vmdk`, `file-1.iso`. */
  name: string;
  /** Index of the disk in the VM; undefined for the ISO image. */
  disk?: number;
  capacity: number;
  /** Bytes of the disk that lie behind the furthest download. */
  position: number;
  /** Set when one download came to its end. */
  served?: { sha1: string; size: number; populated: number };
}

export interface Lease {
  id: string;
  vm: VmState;
  /** Id of the exported snapshot; undefined for the export of the VM itself. */
  view?: string;
  ticket: string;
  state: 'initializing' | 'ready' | 'done' | 'error';
  error?: VimFault;
  files: LeaseFile[];
  task: Task;
  /** What the client said last by HttpNfcLeaseProgress. */
  claimedPercent: number;
  timer?: NodeJS.Timeout;
  /** Aborted when the lease ends, however it ends: cuts the downloads. */
  ended: AbortController;
}

/** Ended leases that can still be asked about. */
const REMEMBERED = 50;

export class Leases {
  readonly #center: Center;
  readonly #leases = new Map<string, Lease>();

  constructor(center: Center) {
    this.#center = center;
  }

  /** Begins an export. TaskInProgress when the VM is being exported or worked on already. */
  open(vm: VmState, view: string | undefined, disks: number[], user: string): MoRef {
    const entity = ref('VirtualMachine', vm.vm.id);
    const busy = this.#center.tasks.runningOn(entity);
    if (busy) throw taskInProgress(ref('Task', busy.id));
    const name = view === undefined ? 'ExportVm' : 'ExportSnapshot';
    const lease: Lease = {
      id: `session[${randomUUID()}]${randomUUID()}`,
      vm,
      view,
      ticket: randomUUID(),
      state: 'initializing',
      files: leaseFiles(vm, disks),
      task: this.#center.tasks.open(
        name,
        view === undefined ? 'VirtualMachine.exportVm' : 'vm.Snapshot.exportSnapshot',
        entity,
        user,
      ),
      claimedPercent: 0,
      ended: new AbortController(),
    };
    lease.task.cancel = () => this.abort(lease);
    this.#leases.set(lease.id, lease);
    lease.timer = setTimeout(() => this.#ready(lease), this.#center.settings.taskMilliseconds);
    for (const old of this.#leases.values()) {
      if (this.#leases.size <= REMEMBERED) break;
      if (old.ended.signal.aborted) this.#leases.delete(old.id);
    }
    return ref('HttpNfcLease', lease.id);
  }

  get(id: string): Lease {
    const lease = this.#leases.get(id);
    if (!lease) throw new VimFault('ManagedObjectNotFound', 'The lease is gone', { obj: ref('HttpNfcLease', id) });
    return lease;
  }

  all(): Lease[] {
    return [...this.#leases.values()];
  }

  byTicket(ticket: string): Lease | undefined {
    return this.all().find((lease) => lease.ticket === ticket);
  }

  /** The client is alive: the time-out starts again. */
  progress(lease: Lease, percent: number): void {
    this.#demandReady(lease);
    lease.claimedPercent = percent;
    this.#startTimeout(lease);
    this.#center.changed();
  }

  complete(lease: Lease): void {
    this.#demandReady(lease);
    this.#end(lease, 'done');
    this.#center.tasks.finish(lease.task, {});
  }

  abort(lease: Lease, fault = new VimFault('RequestCanceled', 'The task was canceled by a user.')): void {
    if (lease.ended.signal.aborted) throw invalidState();
    this.#end(lease, 'error', fault);
    this.#center.tasks.finish(lease.task, { error: fault });
  }

  /** A download got this far. The export's task shows the share of all disks that was really served. */
  served(lease: Lease, file: LeaseFile, position: number): void {
    file.position = Math.max(file.position, position);
    const disks = lease.files.filter((candidate) => candidate.disk !== undefined);
    const total = disks.reduce((sum, disk) => sum + disk.capacity, 0);
    const done = disks.reduce((sum, disk) => sum + disk.position, 0);
    this.#center.tasks.progress(lease.task, total === 0 ? 100 : (done / total) * 100);
  }

  find(id: string): ManagedObject | undefined {
    const lease = this.#leases.get(id);
    if (!lease) return undefined;
    return {
      ref: ref('HttpNfcLease', id),
      properties: {
        initializeProgress: () => (lease.state === 'initializing' ? 0 : 100),
        transferProgress: () => lease.claimedPercent,
        mode: () => 'pushOrGet',
        capabilities: () => data('HttpNfcLeaseCapabilities', { pullModeSupported: false, corsSupported: false }),
        info: () => (lease.state === 'ready' ? this.#info(lease) : undefined),
        state: () => member('HttpNfcLeaseState', lease.state),
        error: () => lease.error?.localized(),
      },
    };
  }

  /** SHA-1, size and populated bytes of each file that was downloaded whole. */
  manifest(lease: Lease): Value {
    this.#demandReady(lease);
    const entries = lease.files.flatMap((file) =>
      file.served
        ? [
            data('HttpNfcLeaseManifestEntry', {
              key: file.key,
              sha1: file.served.sha1,
              checksum: file.served.sha1,
              checksumType: 'sha1',
              size: long(file.served.size),
              disk: file.disk !== undefined,
              capacity: file.disk === undefined ? undefined : long(file.capacity),
              populatedSize: file.disk === undefined ? undefined : long(file.served.populated),
            }),
          ]
        : [],
    );
    return list('HttpNfcLeaseManifestEntry', entries);
  }

  close(): void {
    for (const lease of this.#leases.values()) {
      if (!lease.ended.signal.aborted)
        this.#end(lease, 'error', new VimFault('SystemError', 'The server is going down'));
    }
  }

  #ready(lease: Lease): void {
    lease.state = 'ready';
    this.#startTimeout(lease);
    this.#center.changed();
  }

  #startTimeout(lease: Lease): void {
    clearTimeout(lease.timer);
    lease.timer = setTimeout(() => {
      this.abort(lease, new VimFault('Timedout', 'Operation timed out.'));
    }, this.#center.settings.leaseTimeoutSeconds * 1000).unref();
  }

  #demandReady(lease: Lease): void {
    if (lease.state !== 'ready') throw invalidState();
  }

  #end(lease: Lease, state: 'done' | 'error', error?: VimFault): void {
    clearTimeout(lease.timer);
    lease.state = state;
    lease.error = error;
    lease.ended.abort();
    this.#center.changed();
  }

  #info(lease: Lease): Data {
    const { port, ...shown } = this.#center.address;
    const { leaseTrust } = this.#center.settings;
    const host = port === 443 ? '*' : `*:${port}`;
    const disks = lease.files.filter((file) => file.disk !== undefined);
    return data('HttpNfcLeaseInfo', {
      lease: ref('HttpNfcLease', lease.id),
      // The machine, whether it is exported itself or one of its snapshots: a lease covers a VirtualMachine or a vApp.
      entity: ref('VirtualMachine', lease.vm.vm.id),
      deviceUrl: list(
        'HttpNfcLeaseDeviceUrl',
        lease.files.map((file) =>
          data('HttpNfcLeaseDeviceUrl', {
            key: file.key,
            importKey: '',
            url: `https://${host}/nfc/${lease.ticket}/${file.name}`,
            sslThumbprint: { sha1: shown.thumbprint, sha256: shown.fingerprint, certificate: undefined }[leaseTrust],
            sslCertificate: leaseTrust === 'certificate' ? shown.certificate : undefined,
            disk: file.disk !== undefined,
            targetId: file.name,
            datastoreKey: undefined,
            fileSize: file.disk === undefined ? long(file.capacity) : undefined,
          }),
        ),
      ),
      totalDiskCapacityInKB: long(disks.reduce((sum, file) => sum + file.capacity, 0) / 1024),
      leaseTimeout: this.#center.settings.leaseTimeoutSeconds,
      hostMap: list('HttpNfcLeaseDatastoreLeaseInfo', []),
    });
  }
}

function leaseFiles(vm: VmState, disks: number[]): LeaseFile[] {
  const types = new Map(diskControllers(vm.vm).map(({ kind, type }) => [kind, type]));
  const files: LeaseFile[] = disks.map((index) => {
    const disk = vm.vm.disks[index]!;
    return {
      key: `/${vm.vm.id}/${types.get(disk.controller) ?? 'VirtualIDEController'}0:${disk.unit}`,
      name: `disk-${index}.vmdk`,
      disk: index,
      capacity: disk.capacityBytes,
      position: 0,
    };
  });
  if (vm.vm.iso) {
    files.push({
      key: `/${vm.vm.id}/VirtualIDEController1:0`,
      name: `file-${files.length}.iso`,
      capacity: ISO_BYTES,
      position: 0,
    });
  }
  return files;
}
