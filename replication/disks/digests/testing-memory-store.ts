// Digest sets in memory, with what was asked of them counted.
import type { DigestStore } from './store.ts';

export interface MemoryDigestStore extends DigestStore {
  readonly objects: Map<string, Uint8Array>;
  readonly counts: { gets: number; puts: number; bytesRead: number; bytesWritten: number };
  /** Called before each put; may throw. */
  beforePut?: (key: string) => void;
}

export function createMemoryStore(): MemoryDigestStore {
  const objects = new Map<string, Uint8Array>();
  const counts = { gets: 0, puts: 0, bytesRead: 0, bytesWritten: 0 };
  const store: MemoryDigestStore = {
    objects,
    counts,
    async get(key, signal) {
      signal.throwIfAborted();
      counts.gets += 1;
      await new Promise((resolve) => setImmediate(resolve));
      const bytes = objects.get(key);
      counts.bytesRead += bytes?.length ?? 0;
      return bytes ? new Uint8Array(bytes) : null;
    },
    async put(key, bytes, signal) {
      signal.throwIfAborted();
      counts.puts += 1;
      store.beforePut?.(key);
      const copy = new Uint8Array(bytes);
      await new Promise((resolve) => setImmediate(resolve));
      objects.set(key, copy);
      counts.bytesWritten += bytes.length;
    },
  };
  return store;
}
