// Listing the files of a datastore.
import { type FileKind, filesOn, type StoredFile } from '../datastore-files.ts';
import { child, childrenNamed, type Element, flagOf, textOf, textsOf } from '../soap/element.ts';
import { invalidArgument, managedObjectNotFound, VimFault } from '../soap/fault.ts';
import { type Data, data, list, long, type MoRef, ref, time, type Value } from '../soap/value.ts';
import { type Call, type Methods, sessionOf } from './method.ts';

export const datastoreBrowserMethods: Methods = {
  SearchDatastore_Task: {
    on: 'HostDatastoreBrowser',
    privilege: 'Datastore.Browse',
    handle: (call) => search(call, 'SearchDatastore_Task', (folder) => results(call, folder)),
  },
  SearchDatastoreSubFolders_Task: {
    on: 'HostDatastoreBrowser',
    privilege: 'Datastore.Browse',
    handle: (call) =>
      search(call, 'SearchDatastoreSubFolders_Task', (folder) => {
        const folders = foldersOf(call).filter(
          (one) => one === folder || folder === '' || one.startsWith(`${folder}/`),
        );
        return list(
          'HostDatastoreBrowserSearchResults',
          [...new Set([folder, ...folders])].map((one) => results(call, one)),
        );
      }),
  },
};

function search(call: Call, name: string, work: (folder: string) => Value): Value {
  const store = storeOf(call);
  const path = textOf(call.args, 'datastorePath') ?? '';
  if (!path.startsWith(`[${store.name}]`)) throw invalidArgument('datastorePath');
  const folder = path
    .slice(store.name.length + 2)
    .trim()
    .replace(/\/+$/, '');
  const description = name === 'SearchDatastore_Task' ? 'searchDatastore' : 'searchDatastoreSubFolders';
  return call.center.tasks.start(
    name,
    `HostDatastoreBrowser.${description}`,
    store.object,
    sessionOf(call).user,
    async () => {
      if (folder !== '' && !foldersOf(call).includes(folder)) {
        throw new VimFault('FileNotFound', `File ${path} was not found`, { file: path });
      }
      return work(folder);
    },
  );
}

function storeOf(call: Call): { object: MoRef; datacenter: string; name: string } {
  const object = ref('Datastore', call.self.value.replace(/^datastoreBrowser-/, ''));
  const store = call.center.inventory.storeAt(object);
  if (!store) throw managedObjectNotFound(call.self);
  return { object, ...store };
}

/** Files with their paths below the datastore. */
function storedFiles(call: Call): { file: StoredFile; folder: string; bare: string }[] {
  const { datacenter, name } = storeOf(call);
  return filesOn(call.center.disks, call.center.state.vms, datacenter, name).map((file) => {
    const path = file.name.slice(name.length + 3);
    const cut = path.lastIndexOf('/');
    return { file, folder: path.slice(0, Math.max(0, cut)), bare: path.slice(cut + 1) };
  });
}

/** Paths of all folders, parents before children. */
function foldersOf(call: Call): string[] {
  const all = new Set<string>();
  for (const { folder } of storedFiles(call)) {
    const steps = folder.split('/');
    for (let depth = 1; depth <= steps.length; depth += 1) all.add(steps.slice(0, depth).join('/'));
  }
  all.delete('');
  return [...all].sort();
}

const kinds: Record<FileKind, { type: string; query: string }> = {
  config: { type: 'VmConfigFileInfo', query: 'VmConfigFileQuery' },
  nvram: { type: 'VmNvramFileInfo', query: 'VmNvramFileQuery' },
  diskDescriptor: { type: 'VmDiskFileInfo', query: 'VmDiskFileQuery' },
  iso: { type: 'IsoImageFileInfo', query: 'IsoImageFileQuery' },
  snapshotList: { type: 'FileInfo', query: 'FileQuery' },
  diskExtent: { type: 'FileInfo', query: 'FileQuery' },
};

/** What lies directly in a folder. Without a query every file is listed as it is; a disk that was asked for hides its extent. */
function results(call: Call, folder: string): Data {
  const spec = child(call.args, 'searchSpec');
  const queries = childrenNamed(spec, 'query').map((query) => query.xsiType ?? 'FileQuery');
  const patterns = textsOf(spec, 'matchPattern').map(expression);
  const details = child(spec, 'details');
  const matches = (name: string) => patterns.length === 0 || patterns.some((pattern) => pattern.test(name));
  const here = storedFiles(call).filter((one) => one.folder === folder);
  const files = here.filter(({ file, bare }) => {
    const wanted = queries.length === 0 || queries.includes(kinds[file.kind].query);
    const hidden = file.kind === 'diskExtent' && queries.includes('VmDiskFileQuery');
    return wanted && !hidden && matches(bare);
  });
  const inside = foldersOf(call).filter((path) => path.replace(/(^|\/)[^/]*$/, '') === folder);
  const folders = queries.length === 0 || queries.includes('FolderFileQuery') ? inside : [];
  const { object, name } = storeOf(call);
  return data('HostDatastoreBrowserSearchResults', {
    datastore: object,
    folderPath: folder ? `[${name}] ${folder}/` : `[${name}]`,
    file: list('FileInfo', [
      ...folders
        .map((path) => path.slice(path.lastIndexOf('/') + 1))
        .filter(matches)
        .map((path) => fileInfo('FolderFileInfo', path, 0, details)),
      ...files.map(({ file, bare }) => {
        const extent = here.find((one) => one.bare === bare.replace(/\.vmdk$/, '-flat.vmdk'))?.file;
        const bytes = queries.includes('VmDiskFileQuery') && extent ? extent.bytes() : file.bytes();
        return fileInfo(queries.length === 0 ? 'FileInfo' : kinds[file.kind].type, bare, bytes, details);
      }),
    ]),
  });
}

/** Only the path is told unless more is asked for. */
function fileInfo(type: string, path: string, bytes: number, details: Element | undefined): Data {
  return data(type, {
    path,
    friendlyName: undefined,
    fileSize: flagOf(details, 'fileSize') ? long(bytes) : undefined,
    modification: flagOf(details, 'modification') ? time('2026-01-15T06:00:00Z') : undefined,
    owner: flagOf(details, 'fileOwner') ? 'root' : undefined,
  });
}

/** A pattern with `*` and `?`. */
function expression(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
}
