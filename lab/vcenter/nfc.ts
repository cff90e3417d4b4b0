// GET /nfc/<ticket>/<file>: the bytes of an export.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Center } from './center.ts';
import { isoImage } from './datastore-files.ts';
import type { Lease, LeaseFile } from './leases.ts';
import { Cut, drained, Shaper } from './shaped-stream.ts';
import { streamVmdk } from './vmdk/stream.ts';

/** Serves one file of a lease. The ticket in the address is all the right that it needs. */
export async function serveNfc(center: Center, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, , ticket = '', name = ''] = (request.url ?? '').split('?')[0]!.split('/');
  const lease = center.leases.byTicket(ticket);
  const file = lease?.files.find((candidate) => candidate.name === name);
  if (!lease || !file || lease.state !== 'ready') return refuse(response, 404, 'There is no such file');
  if (request.method !== 'GET') return refuse(response, 405, 'Only GET');
  const attributes = { vm: lease.vm.vm.id, disk: name, user: lease.task.user };
  const effects = center.faults.take('vcenter', 'nfc:GET', attributes);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, lease.ended.signal, center.closing.signal]);
  try {
    for (const effect of effects) {
      if (effect.kind === 'fail') return refuse(response, effect.status ?? 500, effect.message ?? effect.code);
      if (effect.kind === 'hang') await sleep(2 ** 31 - 1, undefined, { signal });
    }
    const type = file.disk === undefined ? 'application/octet-stream' : 'application/x-vnd.vmware-streamVmdk';
    response.writeHead(200, { 'content-type': type });
    if (file.disk !== undefined) center.traffic.request('nfc', lease.vm.vm.id, file.disk);
    await send(center, lease, file, response, new Shaper(effects, signal), signal);
    response.end();
  } catch (error) {
    if (!signal.aborted && !(error instanceof Cut)) console.error('lab vCenter:', error);
    response.destroy();
  }
}

async function send(
  center: Center,
  lease: Lease,
  file: LeaseFile,
  response: ServerResponse,
  shaper: Shaper,
  signal: AbortSignal,
): Promise<void> {
  const sha1 = createHash('sha1');
  let [size, populated] = [0, 0];
  for await (const piece of pieces(center, lease, file)) {
    for await (const bytes of shaper.shape(piece.bytes)) {
      signal.throwIfAborted();
      sha1.update(bytes);
      size += bytes.length;
      if (file.disk !== undefined) center.traffic.sent('nfc', lease.vm.vm.id, file.disk, bytes.length);
      if (!response.write(bytes)) await drained(response, signal);
    }
    populated += piece.populated;
    center.leases.served(lease, file, piece.position);
  }
  file.served = { sha1: sha1.digest('hex'), size, populated };
}

async function* pieces(center: Center, lease: Lease, file: LeaseFile) {
  if (file.disk === undefined) {
    yield { bytes: isoImage(), position: file.capacity, populated: 0 };
    return;
  }
  const controller = lease.vm.vm.disks[file.disk]!.controller;
  yield* streamVmdk({
    disk: await center.disks.disk(lease.vm, file.disk),
    view: lease.view,
    name: file.name,
    adapter: controller === 'ide' ? 'ide' : 'lsilogic',
    layout: lease.vm.vm.vmdkLayout,
  });
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
}
