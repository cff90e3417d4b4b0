// The front door of the lab's AWS: one HTTP port for all services. Tells the service from the signature's scope, checks the signature,
// applies faults to the streams, renders errors. Made by main.ts.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AbsentService, refuseAbsent } from './absent-services.ts';
import { authenticate, claimOf } from './authenticate.ts';
import type { LabAwsContext } from './context.ts';
import { renderError, type ServiceName } from './errors.ts';
import type { Directory } from './iam/directory.ts';
import { decodedBody, paced, readSmallBody } from './request-body.ts';
import type { RequestCounts } from './request-counts.ts';
import { attachState, type RequestState, type StreamFaults } from './request-state.ts';
import { AwsError, type AwsRequest, type AwsResponse, type AwsService } from './service.ts';
import type { SignedParts } from './sigv4.ts';

const LARGEST_BUFFERED_BODY = 4 * 1024 * 1024;
/** How long the rest of a refused upload is still taken, so that its client can read the answer. */
const DRAIN_MS = 20_000;

export interface FrontDoor {
  context: LabAwsContext;
  directory: Directory;
  services: Record<ServiceName, AwsService>;
  counts: RequestCounts;
}

/** An HTTP server that does not listen yet. `stopping` ends every request that is under way. */
export function createFrontDoor(door: FrontDoor, stopping: AbortSignal): Server {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000, highWaterMark: 256 * 1024 });
  const take = (req: IncomingMessage, res: ServerResponse, continues: boolean): void => {
    new Exchange(door, req, res, continues, stopping).run().catch((error: unknown) => {
      door.context.log(`aws ${req.method} ${req.url}: ${String(error)}`);
      req.socket.destroy();
    });
  };
  server.on('request', (req, res) => take(req, res, false));
  server.on('checkContinue', (req, res) => take(req, res, true));
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

/** One request and its answer. */
class Exchange {
  readonly #door: FrontDoor;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  /** Whether the client waits for 100 Continue. */
  #mustContinue: boolean;
  readonly #gone = new AbortController();
  readonly #stream: StreamFaults = {};
  readonly #requestId = randomBytes(8).toString('hex').toUpperCase();
  readonly #parts: SignedParts;
  #service: ServiceName = 's3';
  #state: RequestState | undefined;
  #body: Readable | undefined;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(door: FrontDoor, req: IncomingMessage, res: ServerResponse, continues: boolean, stopping: AbortSignal) {
    this.#door = door;
    this.#req = req;
    this.#res = res;
    this.#mustContinue = continues;
    this.#parts = partsOf(req);
    const stop = (): void => this.#gone.abort(stopping.reason);
    if (stopping.aborted) stop();
    stopping.addEventListener('abort', stop, { once: true });
    res.once('close', () => {
      stopping.removeEventListener('abort', stop);
      if (!res.writableFinished) this.#gone.abort(new Error('the client went away'));
    });
    req.on('error', () => {});
    res.on('error', () => {});
  }

  async run(): Promise<void> {
    let response: AwsResponse;
    let request: AwsRequest | undefined;
    try {
      request = await this.#enter();
      response = await this.#door.services[request.service](request);
    } catch (error) {
      const expected = error instanceof AwsError || error instanceof AbsentService;
      if (!expected && !this.#gone.signal.aborted)
        this.#door.context.log(
          `aws ${this.#parts.method} ${this.#parts.rawPath}: ${error instanceof Error ? error.stack : error}`,
        );
      response = this.#render(error);
    }
    try {
      await this.#answer(response);
    } finally {
      this.#remember(response.status, request?.accessKeyId ?? '');
    }
  }

  async #enter(): Promise<AwsRequest> {
    const { service, claim } = claimOf(this.#parts);
    this.#service = service;
    let buffered: Buffer | undefined;
    const { directory, context, counts } = this.#door;
    const who = await authenticate(directory, service, claim, this.#parts, context.now(), async () => {
      this.#sayContinue();
      buffered = await readSmallBody(this.#req, LARGEST_BUFFERED_BODY);
      return buffered;
    });
    const { headers, method, rawPath, rawQuery } = this.#parts;
    const body = buffered
      ? Readable.from([buffered], { objectMode: false })
      : decodedBody(
          this.#req,
          {
            headers,
            payloadHash: who.payloadHash,
            signer: who.signer,
            stream: this.#stream,
            signal: this.#gone.signal,
            onStart: () => this.#sayContinue(),
            onBytes: (count) => {
              this.#bytesIn += count;
            },
          },
          () => request,
        );
    body.on('error', () => {});
    this.#body = body;
    const request: AwsRequest = {
      service,
      method,
      path: rawPath,
      query: new URLSearchParams(rawQuery),
      headers,
      body,
      account: who.principal.account,
      region: who.claim.region,
      accessKeyId: who.claim.accessKeyId,
      requestId: this.#requestId,
      signal: this.#gone.signal,
    };
    const state: RequestState = {
      principal: who.principal,
      secureTransport: directory.secureTransport,
      faults: context.faults,
      stream: this.#stream,
      attributes: {},
      onOperation: () => counts.count(state.operation!),
      hangUp: () => this.#req.socket.destroy(),
    };
    this.#state = state;
    attachState(request, state);
    return request;
  }

  #sayContinue(): void {
    if (this.#mustContinue) this.#res.writeContinue();
    this.#mustContinue = false;
  }

  #render(error: unknown): AwsResponse {
    if (error instanceof AbsentService) return refuseAbsent(error, this.#parts, this.#requestId);
    const known =
      error instanceof AwsError
        ? error
        : new AwsError(500, 'InternalError', 'We encountered an internal error. Please try again.');
    return renderError(this.#service, known, this.#requestId, this.#parts.method === 'HEAD');
  }

  async #answer({ status, headers = {}, body }: AwsResponse): Promise<void> {
    const res = this.#res;
    if (res.destroyed || this.#req.socket.destroyed) {
      if (body instanceof Readable) body.destroy();
      return;
    }
    res.sendDate = false;
    res.setHeader('date', this.#door.context.now().toUTCString());
    res.setHeader('x-amz-request-id', this.#requestId);
    res.setHeader('x-amzn-requestid', this.#requestId);
    if (this.#service === 's3') res.setHeader('x-amz-id-2', 'lab');
    // A client that still waits for 100 Continue will not send its body: the connection cannot be used again.
    if (this.#mustContinue) res.setHeader('connection', 'close');
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    res.statusCode = status;
    if (body instanceof Readable) await this.#sendStream(body);
    else await this.#send(body === undefined ? undefined : Buffer.from(body as string));
    this.#dropRest();
  }

  async #send(bytes: Buffer | undefined): Promise<void> {
    const { cutAfterBytes } = this.#stream;
    const head = this.#parts.method === 'HEAD';
    if (!head && this.#res.statusCode !== 204 && this.#res.statusCode !== 304)
      this.#res.setHeader('content-length', bytes?.length ?? 0);
    if (cutAfterBytes !== undefined && (head || !bytes || cutAfterBytes < bytes.length)) {
      if (bytes && !head) await written(this.#res, bytes.subarray(0, cutAfterBytes));
      this.#req.socket.destroy();
      return;
    }
    this.#bytesOut += bytes?.length ?? 0;
    const ended = new Promise<void>((resolve) => {
      this.#res.once('finish', resolve);
      this.#res.once('close', resolve);
    });
    this.#res.end(head ? undefined : bytes);
    await ended;
  }

  async #sendStream(body: Readable): Promise<void> {
    try {
      await pipeline(this.#faulty(body), this.#res);
    } catch (error) {
      body.destroy();
      this.#req.socket.destroy();
      if (!(error instanceof CutByRule) && !this.#gone.signal.aborted)
        this.#door.context.log(`aws ${this.#parts.method} ${this.#parts.rawPath}: ${String(error)}`);
    }
  }

  async *#faulty(body: Readable): AsyncGenerator<Buffer, void, undefined> {
    const { cutAfterBytes, delayMsPerChunk } = this.#stream;
    const { signal } = this.#gone;
    let first = true;
    const count = (bytes: number): void => {
      this.#bytesOut += bytes;
    };
    for await (const bytes of paced(inSlices(body, this.#stream), this.#stream, signal, count)) {
      if (delayMsPerChunk !== undefined && !first) await sleep(delayMsPerChunk, undefined, { signal });
      first = false;
      if (cutAfterBytes !== undefined && this.#bytesOut >= cutAfterBytes) {
        const over = this.#bytesOut - cutAfterBytes;
        await written(this.#res, bytes.subarray(0, bytes.length - over));
        throw new CutByRule();
      }
      yield bytes;
    }
  }

  #dropRest(): void {
    const req = this.#req;
    if (req.complete || req.destroyed) return;
    // Who still reads the request in the name of the body must let go of it first.
    this.#body?.once('close', () => req.resume());
    this.#body?.destroy();
    req.resume();
    const timer = setTimeout(() => req.socket.destroy(), DRAIN_MS);
    timer.unref();
    req.once('close', () => clearTimeout(timer));
    req.once('end', () => clearTimeout(timer));
  }

  #remember(status: number, accessKeyId: string): void {
    this.#door.counts.remember({
      at: this.#door.context.now().toISOString(),
      operation: this.#state?.operation ?? `${this.#service}:?`,
      attributes: this.#state?.attributes ?? {},
      accessKeyId,
      userAgent: this.#parts.headers['user-agent'] ?? '',
      status,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
    });
  }
}

class CutByRule extends Error {}

/** Small slices where a rate is to be kept, so that a slow stream is even and not in bursts. */
async function* inSlices(body: Readable, stream: StreamFaults): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    if (stream.bytesPerSecond === undefined) {
      yield bytes;
      continue;
    }
    const slice = Math.max(1024, Math.min(65_536, Math.floor(stream.bytesPerSecond / 20)));
    for (let at = 0; at < bytes.length; at += slice) yield bytes.subarray(at, at + slice);
  }
}

function written(res: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    res.once('close', resolve);
    res.write(bytes, () => resolve());
  });
}

function partsOf(req: IncomingMessage): SignedParts {
  const url = req.url ?? '/';
  const mark = url.indexOf('?');
  const headers: Record<string, string> = {};
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at]!.toLowerCase();
    const value = req.rawHeaders[at + 1]!;
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  return {
    method: req.method ?? 'GET',
    rawPath: mark < 0 ? url : url.slice(0, mark),
    rawQuery: mark < 0 ? '' : url.slice(mark + 1),
    headers,
  };
}
