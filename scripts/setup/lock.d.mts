// The shapes of lock.mjs, which is plain JavaScript because it runs before anything is installed.

export interface LockHolder {
  pid: number;
  [about: string]: unknown;
}

export function processStart(pid: number): string;

export function tryLock(
  file: string,
  about?: Record<string, unknown>,
): { release: () => void; holder?: undefined } | { holder: LockHolder; release?: undefined };

export function waitForLock(
  file: string,
  options?: { onWait?: (holder: LockHolder) => void; timeoutMs?: number },
): Promise<{ release: () => void }>;
