// Reads ranges of datastore files that vCenter serves under /folder, and a disk made of them.
import { type Agent, type Dispatcher, request } from 'undici';
import type { SeekableDisk } from '../../disks/reader.ts';
import { FaultError, faultError } from '../../model/fault.ts';
import { pinnedAgent } from './certificate.ts';
import { asFaultError, stopped } from './faults.ts';
import type { VimSession } from './session.ts';
import { withDeadline } from './soap.ts';

/** What was answered to a range. `bytes` only when exactly the range that was asked for came. */
export interface RangeAnswer {
  status: number;
  /** Size of the file, as Content-Range says it. */
  total: number | null;
  bytes: Uint8Array | null;
}

const CONNECTIONS = 4;
const READ_TIMEOUT_MS = 60_000;
// What a vCenter, or a proxy before it, says that is only busy.
const BUSY = [429, 502, 503, 504];

export class FolderClient {
  readonly #session: VimSession;
  readonly #agent: Agent;

  constructor(session: VimSession) {
    this.#session = session;
    this.#agent = pinnedAgent({ kind: 'sha256', fingerprint: session.fingerprint }, { connections: CONNECTIONS });
  }

  /**
   * Asks for a range of a file. A session that vCenter has ended is renewed once.
   * @throws FaultError: `export-cut` when the answer breaks off or does not come, those of an unreachable vCenter
   */
  async range(url: URL, offset: number, length: number, signal: AbortSignal): Promise<RangeAnswer> {
    try {
      // The cookie is there once somebody has logged in.
      await this.#session.content(signal);
      const first = await this.#ask(url, offset, length, signal);
      if (first.status !== 401) return first;
      await this.#session.currentTime({ signal });
      return await this.#ask(url, offset, length, signal);
    } catch (error) {
      throw asFaultError(error, { during: 'read', signal });
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #ask(url: URL, offset: number, length: number, signal: AbortSignal): Promise<RangeAnswer> {
    let begun = false;
    try {
      return await withDeadline(signal, READ_TIMEOUT_MS, `GET ${url.pathname}`, async (stop) => {
        const cookie = this.#session.cookie;
        const { statusCode, headers, body } = await request(url, {
          dispatcher: this.#agent,
          signal: stop,
          headersTimeout: 0,
          bodyTimeout: 0,
          headers: { range: `bytes=${offset}-${offset + length - 1}`, ...(cookie ? { cookie } : {}) },
        });
        begun = true;
        const range = readContentRange(headers['content-range']);
        const isAsked = range?.first === offset && range.last === offset + length - 1;
        const isWhole = statusCode === 206 && isAsked;
        if (!isWhole) discard(body);
        const total = statusCode === 206 ? (range?.total ?? null) : null;
        return { status: statusCode, total, bytes: isWhole ? await readExactly(body, length) : null };
      });
    } catch (error) {
      const brokeOff = begun || asFaultError(error, { during: 'stream' }).fault.code === 'export-cut';
      if (signal.aborted || error instanceof FaultError || !brokeOff) throw error;
      throw faultError('export-cut', { message: `vCenter broke off while it sent ${url.pathname}.` }, error);
    }
  }
}

/** What a datastore said in the middle of a disk instead of the bytes. */
export class RangeRefused extends Error {
  override readonly name = 'RangeRefused';
  readonly isBusy: boolean;

  constructor(answer: RangeAnswer, url: URL) {
    super(`${url.pathname}: ${inWords(answer)}`);
    this.isBusy = BUSY.includes(answer.status);
  }
}

/** A frozen disk as the ranges of one file. Each read is one request. */
export class FolderDisk implements SeekableDisk {
  readonly capacityBytes: number;
  readonly #client: FolderClient;
  readonly #url: URL;
  readonly #closed = new AbortController();

  constructor(client: FolderClient, url: URL, capacityBytes: number) {
    this.#client = client;
    this.#url = url;
    this.capacityBytes = capacityBytes;
  }

  async read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const stop = AbortSignal.any([signal, this.#closed.signal]);
    try {
      const answer = await this.#client.range(this.#url, offset, length, stop);
      if (answer.bytes && answer.total === this.capacityBytes) return answer.bytes;
      throw faultError(
        'export-cut',
        {
          message: `The datastore no longer serves the disk: it ${inWords(answer)}.`,
          remedy: 'Nothing to do: the disk is read again as a stream.',
        },
        new RangeRefused(answer, this.#url),
      );
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw this.#closed.signal.aborted ? stopped(this.#closed.signal) : error;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(faultError('internal', { message: 'The disk was closed while it was read.' }));
  }
}

/** `answered 200 instead of 206`… */
export function inWords({ status, total, bytes }: RangeAnswer): string {
  if (status === 403) {
    return 'answered 403 instead of 206; the account may lack Datastore.Browse or Datastore.FileManagement';
  }
  if (status !== 206) return `answered ${status} instead of 206`;
  return bytes ? `gave a file of ${total ?? 'unknown'} bytes` : 'gave another range than was asked for';
}

function readContentRange(header: string | string[] | undefined) {
  const found = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec([header ?? ''].flat()[0]?.trim() ?? '');
  if (!found) return null;
  return { first: Number(found[1]), last: Number(found[2]), total: found[3] === '*' ? null : Number(found[3]) };
}

async function readExactly(body: AsyncIterable<Buffer>, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const piece of body) {
    if (at + piece.length > length) throw new Error(`more than ${length} bytes came`);
    bytes.set(piece, at);
    at += piece.length;
  }
  if (at < length) throw new Error(`${at} of ${length} bytes came`);
  return bytes;
}

/** Nobody reads on: it may be the whole disk. */
function discard(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined);
  body.destroy();
}
