// What the pages of servers share: the words for what the catalog knows.
import type { ListedServer } from './types.ts';

export const GUEST_FAMILIES: Record<ListedServer['guestFamily'], string> = {
  linux: 'Linux',
  'windows-server': 'Windows Server',
  'windows-client': 'Windows client',
  other: 'Other',
};

export const FIRMWARE = { bios: 'BIOS', uefi: 'UEFI' } as const;

export const TOOLS = {
  running: 'Running',
  'not-running': 'Installed, not running',
  'not-installed': 'Not installed',
} as const;

/** The wizard, with these servers chosen. */
export function createJobHref(serverIds: readonly string[]): string {
  return `/jobs/create?servers=${serverIds.map(encodeURIComponent).join(',')}`;
}
