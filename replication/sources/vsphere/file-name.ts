// Names of files on datastores: `[NetApp [SATA] 01] web/web.vmdk`. Pure.

/**
 * Datastore and path of a disk's descriptor. The name of a datastore may hold brackets, so the last `] ` ends it; where a
 * folder holds `] ` too, only the backing's reference to its datastore is right.
 */
export const DISK_FILE = /^\[(.+)\] (.+)$/;

/** The path of a file on a datastore whose name is known, or else by the last `] `. */
export function pathOnDatastore(fileName: string, datastore: string | null): string | null {
  const prefix = `[${datastore}] `;
  if (datastore && fileName.startsWith(prefix)) return fileName.slice(prefix.length);
  return DISK_FILE.exec(fileName)?.[2] ?? null;
}
