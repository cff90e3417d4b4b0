// A disk that an NBD server exports (qemu-nbd, nbdkit, libvirt's backup): read at any place, and asked what is in use
// or dirty. Speaks fixed newstyle over TCP, TLS, a unix socket or a stream that was handed in. Sources use it, each for
// its own server; whoever may import replication/disks may import this file and endpoint.ts.

import type { Extent } from '../../model/extent.ts';
import { faultError } from '../../model/fault.ts';
import { SECTOR_BYTES } from '../block.ts';
import type { SeekableDisk } from '../reader.ts';
import { BytesAnswer, StatusAnswer, type StatusExtent } from './answers.ts';
import { blocksWith, wholeStatus } from './block-status.ts';
import { type ConnectOptions, connectNbd } from './connect.ts';
import { NbdConnection } from './connection.ts';
import { checkName, type NbdEndpoint, spellAddress } from './endpoint.ts';
import { NbdLate } from './faults.ts';
import {
  agreeOnStructuredReplies,
  type BlockSizes,
  chooseContexts,
  farewell,
  go,
  listExports,
  type NbdExport,
} from './negotiate.ts';
import { ALLOCATION, dirtyBitmap, STATE_DIRTY, STATE_ZERO } from './protocol.ts';
import type { Wire } from './wire.ts';

export type { StatusExtent } from './answers.ts';
export type { ConnectOptions } from './connect.ts';
export { type NbdEndpoint, parseNbdUri } from './endpoint.ts';
export type { BlockSizes, NbdExport } from './negotiate.ts';
export { ALLOCATION, dirtyBitmap } from './protocol.ts';

export interface NbdOptions extends ConnectOptions {
  /** Metadata contexts to ask for: ALLOCATION, dirtyBitmap(name). Which of them there are, `contexts` says. */
  contexts?: string[];
  /**
   * For one `read` from beginning to end, its wait for a place among the requests under way included; also for each
   * page of `status`. A server that goes on talking without an end to it is given up then. Default 5 min.
   */
  answerTimeoutMs?: number;
  /** For all pages of one `status` together, without the time that its consumer takes. Default 30 min. */
  statusTimeoutMs?: number;
  /** Requests under way at once on the connection; more wait. Default 16. */
  inFlight?: number;
}

export interface NbdDisk extends SeekableDisk {
  readonly blockSizes: BlockSizes;
  /** Those of the contexts asked for that the server has. None at all without structured replies. */
  readonly contexts: ReadonlySet<string>;
  /**
   * The whole disk as a context sees it, ascending, without gaps; neighbours differ in their flags. It is fetched page
   * by page. @throws FaultError `nbd-refused` when the server does not have the context, and those of `read`
   */
  status(context: string, signal: AbortSignal): AsyncIterable<StatusExtent>;
}

/**
 * Connects to the export. `read` splits and widens requests as the server's block sizes demand, and fails with
 * `disk-read-failed` (the server told an error: the disk can still be used), `export-cut` (the connection ended, fell
 * silent or was not done with an answer in time) or `nbd-invalid`. The last two are final, for the server that answers
 * next need not serve the same moment of the disk: whoever made the export opens it anew.
 * @throws FaultError `nbd-unreachable`, `nbd-refused`, `nbd-invalid`, `disk-unsupported`, `input-invalid`
 */
export async function openNbdDisk(endpoint: NbdEndpoint, options: NbdOptions, signal: AbortSignal): Promise<NbdDisk> {
  const { contexts = [], inFlight = 16, answerTimeoutMs = 300_000, statusTimeoutMs = 1_800_000 } = options;
  for (const name of [endpoint.exportName, ...contexts]) checkName(name);
  const wanted = [...new Set(contexts)];
  const agree = async (wire: Wire) => {
    const structured = await agreeOnStructuredReplies(wire);
    const chosen = structured ? await chooseContexts(wire, endpoint.exportName, wanted) : new Map<number, string>();
    const { size, blockSizes } = await go(wire, endpoint.exportName);
    return { structured, chosen, size, blockSizes };
  };
  const where = spellAddress(endpoint.address);
  const { wire, agreed } = await connectNbd(endpoint, options, agree, signal);
  const { structured, chosen, size, blockSizes } = agreed;
  const connection = new NbdConnection(wire, { where, structured, inFlight: Math.max(1, inFlight) });
  if (size === 0 || size % SECTOR_BYTES !== 0) {
    await connection.close();
    const message = `The NBD export has ${size} bytes; a disk has a multiple of ${SECTOR_BYTES}.`;
    throw faultError('disk-unsupported', { message });
  }
  const limits = { answerMs: answerTimeoutMs, statusMs: statusTimeoutMs };
  const ids = new Map([...chosen].map(([id, name]) => [name, id]));
  return new ConnectedDisk(connection, { size, blockSizes, ids, limits });
}

/**
 * The exports that the server tells of; many servers tell of none, and serve them all the same.
 * @throws FaultError as `openNbdDisk`
 */
export async function listNbdExports(
  endpoint: NbdEndpoint,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<NbdExport[]> {
  const { wire, agreed } = await connectNbd(endpoint, options, listExports, signal);
  await wire.finish(farewell(), 1_000, new Error('the exports are listed'));
  return agreed;
}

/**
 * What must be read of a disk for all that is not zeros, in whole blocks; the rest reads as zeros. For
 * `openSeekReader` with `restIsZeros`. Needs the context ALLOCATION. A hole that does not promise zeros is read.
 */
export async function allocatedExtents(disk: NbdDisk, signal: AbortSignal): Promise<Extent[]> {
  return blocksWith(disk.status(ALLOCATION, signal), (flags) => !(flags & STATE_ZERO), disk.capacityBytes);
}

/** What was written since the bitmap was begun, in whole blocks. Needs the context `dirtyBitmap(bitmap)`. */
export async function dirtyExtents(disk: NbdDisk, bitmap: string, signal: AbortSignal): Promise<Extent[]> {
  const isDirty = (flags: number) => (flags & STATE_DIRTY) !== 0;
  return blocksWith(disk.status(dirtyBitmap(bitmap), signal), isDirty, disk.capacityBytes);
}

/** In milliseconds. */
interface Limits {
  answerMs: number;
  statusMs: number;
}

interface Agreement {
  size: number;
  blockSizes: BlockSizes;
  ids: ReadonlyMap<string, number>;
  limits: Limits;
}

class ConnectedDisk implements NbdDisk {
  readonly capacityBytes: number;
  readonly blockSizes: BlockSizes;
  readonly #connection: NbdConnection;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #limits: Limits;

  constructor(connection: NbdConnection, { size, blockSizes, ids, limits }: Agreement) {
    this.capacityBytes = size;
    this.blockSizes = blockSizes;
    this.#connection = connection;
    this.#ids = ids;
    this.#limits = limits;
  }

  get contexts(): ReadonlySet<string> {
    return new Set(this.#ids.keys());
  }

  async read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const within = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
    if (!within || offset + length > this.capacityBytes) {
      throw new RangeError(`${length} bytes at ${offset} are no part of a disk of ${this.capacityBytes} bytes`);
    }
    signal.throwIfAborted();
    const { minimum } = this.blockSizes;
    const from = offset - (offset % minimum);
    const to = Math.min(Math.ceil((offset + length) / minimum) * minimum, this.capacityBytes);
    const bytes = new Uint8Array(to - from);
    const stop = new AbortController();
    const late = this.#notLongerThan(this.#limits.answerMs, `reading ${length} bytes at ${offset}`);
    const any = AbortSignal.any([signal, stop.signal]);
    try {
      await Promise.all(
        this.#pieces(from, to).map((piece) => {
          const target = bytes.subarray(piece.offset - from, piece.offset - from + piece.length);
          return this.#connection.ask({ command: 'read', ...piece }, new BytesAnswer(piece.offset, target), any);
        }),
      );
    } catch (error) {
      // Pieces that were not asked for yet are not asked for any more.
      stop.abort(error);
      throw error;
    } finally {
      clearTimeout(late);
    }
    return bytes.subarray(offset - from, offset - from + length);
  }

  status(context: string, signal: AbortSignal): AsyncIterable<StatusExtent> {
    const id = this.#ids.get(context);
    if (id === undefined) {
      throw faultError('nbd-refused', { message: `The NBD server does not offer ${context} for this disk.` });
    }
    const { answerMs, statusMs } = this.#limits;
    let left = statusMs;
    const ask = async (offset: number, length: number) => {
      const answer = new StatusAnswer(offset, length, id);
      const began = performance.now();
      const late = this.#notLongerThan(Math.min(answerMs, left), `telling ${context} from ${offset} on`);
      try {
        await this.#connection.ask({ command: 'blockStatus', offset, length }, answer, signal);
      } finally {
        clearTimeout(late);
        left -= performance.now() - began;
      }
      return answer.extents;
    };
    return wholeStatus(ask, this.capacityBytes);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #notLongerThan(limitMs: number, what: string): NodeJS.Timeout {
    const error = new NbdLate(`${what} was not done within ${limitMs / 1000} s`);
    return setTimeout(() => this.#connection.giveUp(error), limitMs);
  }

  /** Cut where the server wants it: none longer than its maximum, and each but the first at a preferred place. */
  #pieces(from: number, to: number): Extent[] {
    const { preferred, maximum } = this.blockSizes;
    const pieces: Extent[] = [];
    for (let at = from; at < to; ) {
      const furthest = Math.min(at + maximum, to);
      const even = furthest - (furthest % preferred);
      const end = furthest < to && even > at ? even : furthest;
      pieces.push({ offset: at, length: end - at });
      at = end;
    }
    return pieces;
  }
}
