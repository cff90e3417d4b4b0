// What a guest system is, by the id that vSphere gives it. Pure; for sources/vsphere only.
import type { CatalogServer } from '../../model/server.ts';

type GuestFamily = CatalogServer['guestFamily'];

// VirtualMachineGuestOsIdentifier of vim25. Order matters: servers before clients of the same name.
const FAMILIES: readonly [RegExp, GuestFamily][] = [
  // windows9Server64Guest is Windows Server 2016, windows2019srv… 2019, …srvNext… the one after it; winNet… is 2003, winLonghorn… 2008.
  [/^(windows.*(server|srv)|winnet|winlonghorn|win2000(adv)?serv|winnt|windowshyperv)/i, 'windows-server'],
  [/^win/i, 'windows-client'],
  [
    /linux|debian|ubuntu|rhel|redhat|centos|fedora|sles|suse|sjds|oes|nld9|coreos|photon|asianux|mandr|rocky|alma|flatcar|crxpod|miracle|kylin|openeuler/i,
    'linux',
  ],
];

/** Family by guest id (`debian12_64Guest`, `windows2019srv_64Guest`). */
export function guestFamily(guestId: string): GuestFamily {
  return FAMILIES.find(([pattern]) => pattern.test(guestId))?.[1] ?? 'other';
}

/** Processor architecture that the guest system was installed for. Ids without `64` are 32-bit systems. */
export function guestArchitecture(guestId: string): CatalogServer['architecture'] {
  if (/^arm/i.test(guestId)) return 'arm64';
  // These exist in 64 bits only, but do not say so in their ids.
  if (/^(windowsHyperV|crxPod|vmkernel(65|[7-9])|coreos)/i.test(guestId)) return 'x86_64';
  return /64/.test(guestId) ? 'x86_64' : 'i386';
}
