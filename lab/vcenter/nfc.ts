// GET /nfc/<ticket>/<file>: the bytes of an export. For lab/vcenter only.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultEffect } from '../faults/rules.ts';
import type { Center } from './center.ts';
import type { Lease, LeaseFile } from './leases.ts';
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
    await send(center, lease, file, response, new Shaper(effects, signal), signal);
    response.end();
  } catch (error) {
    if (!signal.aborted && !(error instanceof Cut)) console.error('lab vCenter:', error);
    response.destroy();
  }
}

class Cut extends Error {}

/** Slows a stream down and cuts it, as the rules want. */
class Shaper {
  readonly #delay: number;
  readonly #rate: number;
  readonly #signal: AbortSignal;
  readonly #started = Date.now();
  #left: number;
  #sent = 0;

  constructor(effects: FaultEffect[], signal: AbortSignal) {
    this.#signal = signal;
    const all = <K extends FaultEffect['kind']>(kind: K) =>
      effects.filter((effect): effect is Extract<FaultEffect, { kind: K }> => effect.kind === kind);
    this.#delay = all('delay').reduce((sum, effect) => sum + effect.ms, 0);
    this.#rate = Math.min(Number.POSITIVE_INFINITY, ...all('rate').map((effect) => effect.bytesPerSecond));
    this.#left = Math.min(Number.POSITIVE_INFINITY, ...all('cut').map((effect) => effect.afterBytes));
  }

  async *shape(bytes: Buffer): AsyncGenerator<Buffer> {
    if (this.#delay > 0) await sleep(this.#delay, undefined, { signal: this.#signal });
    const step = Number.isFinite(this.#rate) ? Math.max(512, Math.ceil(this.#rate / 10)) : bytes.length;
    for (let start = 0; start < bytes.length; start += step) {
      const piece = bytes.subarray(start, Math.min(start + step, start + this.#left));
      if (piece.length > 0) yield piece;
      this.#sent += piece.length;
      this.#left -= piece.length;
      if (this.#left <= 0) throw new Cut();
      const early = (this.#sent / this.#rate) * 1000 - (Date.now() - this.#started);
      if (early > 1) await sleep(early, undefined, { signal: this.#signal });
    }
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
      if (!response.write(bytes)) await drained(response, signal);
    }
    populated += piece.populated;
    center.leases.served(lease, file, piece.position);
  }
  file.served = { sha1: sha1.digest('hex'), size, populated };
}

async function* pieces(center: Center, lease: Lease, file: LeaseFile) {
  if (file.disk === undefined) {
    yield { bytes: isoImage(file.capacity), position: file.capacity, populated: 0 };
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

/** An ISO 9660 volume descriptor and nothing else. */
function isoImage(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (const [sector, type] of [
    [16, 1],
    [17, 255],
  ] as const) {
    bytes[sector * 2048] = type;
    bytes.write('CD001\x01', sector * 2048 + 1, 'latin1');
  }
  bytes.write('RESCUE'.padEnd(32), 16 * 2048 + 40, 'latin1');
  return bytes;
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      response.off('drain', go);
      reject(signal.reason);
    };
    const go = () => {
      signal.removeEventListener('abort', stop);
      resolve();
    };
    if (signal.aborted) return stop();
    response.once('drain', go);
    signal.addEventListener('abort', stop, { once: true });
  });
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
}
