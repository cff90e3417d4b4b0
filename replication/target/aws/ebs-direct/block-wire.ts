// PutSnapshotBlock and GetSnapshotBlock without the SDK, which spends 2 ms of CPU on each block: signed here, sent
// through a pool of kept connections. One attempt a call, errors in the SDK's shape.
import { type Dispatcher, Pool } from 'undici';
import { DISK_BLOCK_BYTES } from '../../../disks/block.ts';
import type { AwsClients } from '../clients.ts';
import {
  type AwsKeys,
  EMPTY_PAYLOAD_HASH,
  percentEncoded,
  RequestSigner,
  type SignableRequest,
} from './sign-request.ts';

export interface BlockWireOptions {
  region: string;
  connections: number;
  /** Time for one attempt to be answered, and a time without a byte after which a connection is given up. */
  attemptSeconds: number;
}

export interface BlockAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** An attempt in which something still moves may take so many times `attemptSeconds`, and no longer. */
const LONGEST_ATTEMPT = 10;
/** Answers are a block or an error; nothing longer is read. */
const LARGEST_ANSWER = 2 * DISK_BLOCK_BYTES;

interface Opened {
  pool: Pool;
  host: string;
  basePath: string;
  /** The SDK's own provider: it caches, and refreshes before the keys expire. */
  credentials: (options?: { forceRefresh?: boolean }) => Promise<AwsKeys>;
}

export class BlockWire {
  readonly #clients: AwsClients;
  readonly #options: BlockWireOptions;
  readonly #signer: RequestSigner;
  #opened: Promise<Opened> | null = null;
  #refreshing: Promise<void> | null = null;
  #lastKey = '';
  #clockOffsetMs = 0;

  constructor(clients: AwsClients, options: BlockWireOptions) {
    this.#clients = clients;
    this.#options = options;
    this.#signer = new RequestSigner(options.region, 'ebs');
  }

  /** `bytes` is a whole block, `digest` its SHA-256. */
  async put(
    snapshotId: string,
    index: number,
    bytes: Uint8Array,
    digest: Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    const sum = Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength);
    const headers = {
      'x-amz-checksum': sum.toString('base64'),
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amz-data-length': String(bytes.length),
    };
    await this.#send(
      {
        method: 'PUT',
        path: `/snapshots/${snapshotId}/blocks/${index}`,
        query: '',
        headers,
        payloadHash: sum.toString('hex'),
      },
      bytes,
      signal,
    );
  }

  /** The block as AWS sent it, not yet proven, and the checksum that came along. */
  async get(snapshotId: string, index: number, token: string, signal: AbortSignal): Promise<BlockAnswer> {
    return this.#send(
      {
        method: 'GET',
        path: `/snapshots/${snapshotId}/blocks/${index}`,
        query: `blockToken=${percentEncoded(token)}`,
        headers: {},
        payloadHash: EMPTY_PAYLOAD_HASH,
      },
      null,
      signal,
    );
  }

  /** Whether there are other keys than `oldKey` now; asks the provider once for all calls that wait for it. */
  async refreshKeys(oldKey: string): Promise<boolean> {
    const { credentials } = await this.#open();
    if (this.#lastKey === oldKey) {
      this.#refreshing ??= credentials({ forceRefresh: true })
        .then((keys) => {
          this.#lastKey = identityOf(keys);
        })
        .finally(() => {
          this.#refreshing = null;
        });
      await this.#refreshing;
    }
    return this.#lastKey !== oldKey;
  }

  /** What the keys of the next call are told apart by. */
  async keysInUse(): Promise<string> {
    const { credentials } = await this.#open();
    this.#lastKey = identityOf(await credentials());
    return this.#lastKey;
  }

  /** Signs by AWS's clock from now on, as an answer told it. */
  learnClock(date: unknown): boolean {
    const theirs = Date.parse(String(date));
    if (Number.isNaN(theirs)) return false;
    this.#clockOffsetMs = theirs - Date.now();
    return true;
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => null);
    await opened?.pool.destroy(new Error('The AWS target was closed.'));
  }

  async #send(
    request: Omit<SignableRequest, 'host'>,
    body: Uint8Array | null,
    signal: AbortSignal,
  ): Promise<BlockAnswer> {
    const { pool, host, basePath, credentials } = await this.#open();
    const path = basePath + request.path;
    const at = new Date(Date.now() + this.#clockOffsetMs);
    const headers = this.#signer.sign(await credentials(), { ...request, path, host }, at);
    if (body) headers['content-type'] = 'application/octet-stream';
    const answer = await exchange(
      pool,
      { method: request.method, path: request.query ? `${path}?${request.query}` : path, headers, body },
      this.#options.attemptSeconds * LONGEST_ATTEMPT,
      signal,
    );
    if (answer.status >= 300) throw answerError(answer);
    return answer;
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#connect().catch((error) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }

  async #connect(): Promise<Opened> {
    const config = await this.#clients.ebs(
      'ebs:PutSnapshotBlock',
      new AbortController().signal,
      async (ebs) => ebs.config,
    );
    const { useFipsEndpoint: fips, useDualstackEndpoint: dualStack } = config;
    const own = await config.endpoint?.();
    const url = own
      ? new URL(`${own.protocol}//${own.hostname}${own.port ? `:${own.port}` : ''}${own.path}`)
      : config.endpointProvider({
          Region: this.#options.region,
          UseFIPS: await fips(),
          UseDualStack: await dualStack(),
        }).url;
    const timeout = this.#options.attemptSeconds * 1000;
    const pool = new Pool(url.origin, {
      connections: this.#options.connections,
      pipelining: 1,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      keepAliveTimeout: 15_000,
      connect: { timeout: Math.min(timeout, 5000) },
    });
    return {
      pool,
      host: url.host,
      basePath: url.pathname.replace(/\/$/, ''),
      credentials: (options) => config.credentials(options),
    };
  }
}

function identityOf({ accessKeyId, sessionToken }: AwsKeys): string {
  return `${accessKeyId} ${sessionToken ?? ''}`;
}

/** One request over a connection of the pool; when `signal` is aborted, or it is late, the connection is closed at once. */
function exchange(
  pool: Pool,
  request: { method: 'GET' | 'PUT'; path: string; headers: Record<string, string>; body: Uint8Array | null },
  limitSeconds: number,
  signal: AbortSignal,
): Promise<BlockAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: BlockAnswer['headers'] = {};
    const pieces: Buffer[] = [];
    let length = 0;
    let over: unknown;
    const end = (why: unknown) => {
      over = why;
      controller?.abort(asError(why));
      fail(why);
    };
    const stop = () => end(signal.reason);
    const tooLate = `The block was not through within ${limitSeconds} s.`;
    const late = setTimeout(
      () => end(Object.assign(new Error(tooLate), { name: 'TimeoutError' })),
      limitSeconds * 1000,
    );
    const done = () => {
      clearTimeout(late);
      signal.removeEventListener('abort', stop);
    };
    const fail = (error: unknown) => {
      done();
      reject(signal.aborted ? signal.reason : error);
    };
    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    pool.dispatch(request, {
      onRequestStart(given) {
        controller = given;
        if (over !== undefined) given.abort(asError(over));
      },
      onResponseStart(_, code, received) {
        status = code;
        headers = received;
      },
      onResponseData(given, piece) {
        length += piece.length;
        if (length > LARGEST_ANSWER) given.abort(new Error('The answer is longer than a block.'));
        else pieces.push(piece);
      },
      onResponseEnd() {
        done();
        resolve({ status, headers, body: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length) });
      },
      onResponseError(_, error) {
        fail(asSdkError(error));
      },
    });
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Undici's timeouts by the name that the SDK gives them. */
function asSdkError(error: Error): Error {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || !/^UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT$/.test(code)) return error;
  return Object.assign(new Error(error.message), { name: 'TimeoutError' });
}

/** A refusal in the shape of the SDK's exceptions, so that one table reads both. */
function answerError({ status, headers, body }: BlockAnswer): Error {
  let told: { message?: string; Message?: string; __type?: string; code?: string; Reason?: string } = {};
  try {
    told = JSON.parse(body.toString('utf8')) ?? {};
  } catch {
    // Proxies and load balancers answer in HTML; the status says enough.
  }
  const type = String(headers['x-amzn-errortype'] ?? told.__type ?? told.code ?? 'UnknownError');
  const error = new Error(told.message ?? told.Message ?? `AWS answered with status ${status}.`);
  return Object.assign(error, {
    name: type.replace(/:.*$/s, '').replace(/^.*#/s, ''),
    Reason: told.Reason,
    $metadata: { httpStatusCode: status, requestId: headers['x-amzn-requestid'] },
    $date: headers.date,
  });
}
