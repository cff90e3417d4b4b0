// HEAD and GET /folder/<path>?dcPath=…&dsName=…: the files of datastores, as far as they belong to the lab's machines.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FolderMode } from '../world/world.ts';
import type { Center } from './center.ts';
import { filesOf, isoImage, type StoredFile } from './datastore-files.ts';
import type { LabDisk } from './disks/disk.ts';
import { GRAIN } from './disks/grain-map.ts';
import { isGranted } from './privileges.ts';
import { sessionCookie } from './sessions.ts';
import { Cut, drained, Shaper } from './shaped-stream.ts';
import { chainOf, type VmState } from './state.ts';

/** What is read of a disk at a time. */
const PIECE = 16 * GRAIN;

/** A file that can be downloaded. */
interface DatastoreFile {
  vm: VmState;
  disk: number;
  /** `[store] alpha/alpha-flat.vmdk` */
  name: string;
  /** Bytes of the whole file. */
  size: number;
  /** A running machine writes to it. */
  locked: boolean;
  read(offset: number, length: number): Promise<Buffer>;
}

export async function serveFolder(center: Center, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const user = userOf(center, request);
  if (user === undefined) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="VMware HTTP server"' }).end();
    return;
  }
  const missing = ['Datastore.Browse', 'Datastore.FileManagement'].find((one) => !isGranted(center.settings, one));
  if (missing) return refuse(response, 403, 'Forbidden');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Method Not Allowed');
  const file = await fileAt(center, request.url ?? '');
  const mode = file?.vm.vm.folderMode ?? center.settings.folderMode;
  if (!file || mode === 'not-found') return refuse(response, 404, 'Not Found');
  const attributes = { vm: file.vm.vm.id, file: file.name, user };
  const effects = center.faults.take('vcenter', `folder:${request.method}`, attributes);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, center.closing.signal]);
  try {
    for (const effect of effects) {
      if (effect.kind === 'fail') return refuse(response, effect.status ?? 500, effect.message ?? effect.code);
      if (effect.kind === 'hang') await sleep(2 ** 31 - 1, undefined, { signal });
    }
    if (file.locked || mode === 'locked') return refuse(response, 500, 'Internal Server Error');
    const part = answerHead(response, request, file, mode);
    if (!part) return;
    center.traffic.request('folder', file.vm.vm.id, file.disk);
    if (request.method === 'GET') await send(center, file, part, response, new Shaper(effects, signal), signal);
    response.end();
  } catch (error) {
    if (!signal.aborted && !(error instanceof Cut)) console.error('lab vCenter:', error);
    response.destroy();
  }
}

interface Part {
  start: number;
  length: number;
}

/** Writes status and headers; the bytes to send, or undefined when the answer is complete. */
function answerHead(
  response: ServerResponse,
  request: IncomingMessage,
  file: DatastoreFile,
  mode: FolderMode,
): Part | undefined {
  const asked = mode === 'ignores-range' ? undefined : request.headers.range;
  const headers: Record<string, string | number> = { 'content-type': 'application/octet-stream' };
  if (mode !== 'ignores-range') headers['accept-ranges'] = 'bytes';
  if (asked === undefined) {
    response.writeHead(200, { ...headers, 'content-length': file.size });
    return { start: 0, length: file.size };
  }
  const part = mode === 'no-ranges' ? undefined : rangeOf(asked, file.size);
  if (!part) {
    response.writeHead(416, { 'content-range': `bytes */${file.size}`, 'content-length': 0 }).end();
    return undefined;
  }
  const total = mode === 'wrong-total' ? file.size + GRAIN : file.size;
  headers['content-range'] = `bytes ${part.start}-${part.start + part.length - 1}/${total}`;
  response.writeHead(206, { ...headers, 'content-length': part.length });
  return part;
}

/** One range of HTTP, cut at the file's end; undefined when it holds no byte of the file. */
function rangeOf(text: string, size: number): Part | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(text.trim()) ?? [];
  if (first === '') {
    const length = Math.min(size, Number(last || 0));
    return length > 0 ? { start: size - length, length } : undefined;
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(size - 1, Number(last));
  return start <= end ? { start, length: end - start + 1 } : undefined;
}

async function send(
  center: Center,
  file: DatastoreFile,
  part: Part,
  response: ServerResponse,
  shaper: Shaper,
  signal: AbortSignal,
): Promise<void> {
  const end = part.start + part.length;
  for (let at = part.start; at < end; at += PIECE) {
    const bytes = await file.read(at, Math.min(PIECE, end - at));
    for await (const piece of shaper.shape(bytes)) {
      signal.throwIfAborted();
      center.traffic.sent('folder', file.vm.vm.id, file.disk, piece.length);
      if (!response.write(piece)) await drained(response, signal);
    }
  }
}

/** By the cookie of a session, or by name and password. */
function userOf(center: Center, request: IncomingMessage): string | undefined {
  const session = center.sessions.use(sessionCookie(request.headers.cookie));
  if (session) return session.user;
  const [, basic] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  const { user, password } = center.settings;
  return Buffer.from(basic ?? '', 'base64').toString('utf8') === `${user}:${password}` ? user : undefined;
}

/** The file that an address names. Clients escape the names of datacenter and datastore once or twice. */
async function fileAt(center: Center, address: string): Promise<DatastoreFile | undefined> {
  const url = new URL(address, 'https://vcenter.lab');
  const path = unescaped(url.pathname.slice('/folder/'.length));
  const named = (wanted: string, name: string) => wanted === name || unescaped(wanted) === name;
  const dcPath = (url.searchParams.get('dcPath') ?? '').replace(/^\//, '');
  const dsName = url.searchParams.get('dsName') ?? '';
  const datacenter = center.state.world.datacenters.find(({ name }) => named(dcPath, name));
  const datastore = datacenter?.datastores.find(({ name }) => named(dsName, name));
  if (!datacenter || !datastore || datastore.type === 'vsan') return undefined;
  const name = `[${datastore.name}] ${path}`;
  for (const vm of center.state.vms) {
    if (vm.vm.datacenter !== datacenter.name) continue;
    const found = filesOf(center.disks, vm).find((file) => file.name === name);
    if (found) return openFile(center, vm, found);
  }
  return undefined;
}

/**
 * The flat file of a disk's base holds the bytes of the oldest snapshot, or what the guest writes to while there is none.
 * The files of deltas are there too, but nobody can read a disk from them alone.
 */
async function openFile(center: Center, vm: VmState, file: StoredFile): Promise<DatastoreFile> {
  const { name, disk = 0 } = file;
  if (file.kind === 'diskExtent' && name.endsWith('-flat.vmdk')) {
    const bytes: LabDisk = await center.disks.disk(vm, disk);
    const oldest = chainOf(vm).find(({ fileNames }) => fileNames[disk] !== undefined);
    const view = oldest?.id;
    const locked = !oldest && vm.vm.power === 'poweredOn';
    return { vm, disk, name, size: bytes.capacity, locked, read: (at, length) => bytes.read(view, at, length) };
  }
  const bytes = file.kind === 'iso' ? isoImage() : Buffer.from(file.text?.() ?? 'COWD'.padEnd(2048, '\0'));
  const read = async (at: number, length: number) => bytes.subarray(at, at + length);
  return { vm, disk, name, size: bytes.length, locked: false, read };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
}
