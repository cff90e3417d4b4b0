// What a guest system is, by the id that vSphere gives it. Pure.
import type { CatalogServer } from '../../model/server.ts';

type GuestFamily = CatalogServer['guestFamily'];

// VirtualMachineGuestOsIdentifier of vim25. Order matters: servers before clients of the same name.
const FAMILIES: readonly [RegExp, GuestFamily][] = [
  // windows9Server64Guest is Windows Server 2016, windows2019srv… 2019, …srvNext… the one after it; winNet… is 2003, winLonghorn… 2008.
  [/^(windows.*(server|srv)|winnet|winlonghorn|win2000(adv)?serv|winnt|windowshyperv)/i, 'windows-server'],
  [/^win/i, 'windows-client'],
  [
    /linux|debian|ubuntu|rhel|redhat|centos|fedora|sles|suse|sjds|oes|nld9|coreos|photon|asianux|mandr|rocky|alma|flatcar|crx(pod|sys)|miracle|kylin|openeuler|pardus|fusionos/i,
    'linux',
  ],
];

/** What vSphere tells of a guest: chosen for the machine, or reported by its tools. */
export interface GuestWords {
  guestId: string;
  guestName: string;
  /** `linuxGuest`, `windowsGuest`…, from tools that run; newer guests have ids that nobody here knows. */
  reportedFamily: string | null;
}

/** Family by guest id (`debian12_64Guest`, `windows2019srv_64Guest`), else by what the tools report, else by the name. */
export function guestFamily({ guestId, guestName, reportedFamily }: GuestWords): GuestFamily {
  const byId = familyOf(guestId);
  if (byId) return byId;
  if (reportedFamily === 'linuxGuest') return 'linux';
  const byName = familyOf(guestName.replace(/^(microsoft|red hat|oracle|vmware) /i, ''));
  if (reportedFamily !== 'windowsGuest') return byName ?? 'other';
  return /server/i.test(guestName) ? 'windows-server' : (byName ?? 'windows-client');
}

function familyOf(words: string): GuestFamily | undefined {
  return FAMILIES.find(([pattern]) => pattern.test(words))?.[1];
}

/** Processor architecture that the guest system was installed for. Ids without `64` are 32-bit systems. */
export function guestArchitecture({ guestId, guestName }: GuestWords): CatalogServer['architecture'] {
  if (/^arm/i.test(guestId) || /\b(arm(64|v8)?|aarch64)\b/i.test(guestName)) return 'arm64';
  // These exist in 64 bits only, but do not say so in their ids.
  if (/^(windowsHyperV|crxPod|vmkernel(65|[7-9])|coreos)/i.test(guestId)) return 'x86_64';
  return /64/.test(guestId) || /64-bit/i.test(guestName) ? 'x86_64' : 'i386';
}
