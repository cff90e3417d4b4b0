// Where vCenter serves the flat file of a frozen disk: https://<vCenter>/folder/<path>?dcPath=…&dsName=…
import type { VmDisk } from './devices.ts';
import { DISK_FILE, pathOnDatastore } from './file-name.ts';

/**
 * Path of the one file that holds every byte of the disk, or a sentence that says why there is none. Only a base disk
 * has such a file; above older snapshots, or where a removal left files behind, the bytes lie in a chain.
 * @param datastore name of the datastore that the backing refers to, escaped as vCenter has it; null when it is not known
 */
export function flatFileOf(
  disk: VmDisk,
  datastore: string | null,
): { datastore: string; path: string } | { refusal: string } {
  const { type, isDelta } = disk.backing;
  const [, base] = /^(.+)\.vmdk$/.exec(pathOnDatastore(disk.fileName, datastore) ?? '') ?? [];
  const store = datastore ?? DISK_FILE.exec(disk.fileName)?.[1];
  if (type !== 'VirtualDiskFlatVer2BackingInfo' || !store || !base) {
    return { refusal: `${disk.label} does not lie in one flat file.` };
  }
  // A number of six digits marks a delta, also where vCenter does not name its parent.
  if (isDelta || /-(\d{6}|delta|sesparse)$/.test(base)) {
    return { refusal: `${disk.label} stands on older snapshots, so no single file holds it.` };
  }
  return { datastore: store, path: `${base}-flat.vmdk` };
}

/**
 * The addresses under which vCenter may know the file. The names in the query are escaped twice, as libvirt and virt-v2v
 * do; once is the other reading, and the same where nothing needs escaping.
 * A name that vCenter has escaped (`a%2fb`) is meant escaped: it is escaped for the query like any other.
 * @param dcPath inventory path of the datacenter: `Europe/East`
 */
export function folderUrls(center: URL, dcPath: string, file: { datastore: string; path: string }): URL[] {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const url = (quoted: (name: string) => string) =>
    `${center.origin}/folder/${path}?dcPath=${quoted(dcPath)}&dsName=${quoted(file.datastore)}`;
  const twice = url((name) => encodeURIComponent(encodeURIComponent(name)));
  return [...new Set([twice, url(encodeURIComponent)])].map((one) => new URL(one));
}
