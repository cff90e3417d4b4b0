// The HTTPS front of the lab's vCenter: /sdk, /nfc and /folder, and being down.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Center } from './center.ts';
import type { LabCertificate } from './certificate.ts';
import { serveFolder } from './folder.ts';
import { serveNfc } from './nfc.ts';
import { sessionCookie } from './sessions.ts';
import { answerSoap } from './soap/dispatch.ts';

/** A request larger than this is no SOAP call of ours. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/** How long an idle connection stays open, as in front of a real vCenter (Broadcom KB 437860: 900 s). */
const IDLE_CONNECTION_MS = 900_000;

export class VcenterServer {
  readonly #center: Center;
  readonly #server: Server;
  readonly #host: string;
  readonly #sockets = new Set<Socket>();
  #port: number;
  #upTimer: NodeJS.Timeout | undefined;

  constructor(center: Center, certificate: LabCertificate, host: string, port: number) {
    this.#center = center;
    this.#host = host;
    this.#port = port;
    this.#server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        console.error('lab vCenter:', error);
        response.destroy();
      });
    });
    this.#server.keepAliveTimeout = IDLE_CONNECTION_MS;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // Clients that do not trust the certificate hang up in the handshake; that is theirs to do.
    this.#server.on('tlsClientError', () => undefined);
  }

  get port(): number {
    return this.#port;
  }

  get isUp(): boolean {
    return this.#server.listening;
  }

  /** Listens; after `down` on the same port as before. */
  async up(): Promise<void> {
    clearTimeout(this.#upTimer);
    if (this.#server.listening) return;
    this.#server.listen(this.#port, this.#host);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Refuses connections and drops those that are open; comes back after the seconds, if any are given. */
  async down(seconds?: number): Promise<void> {
    clearTimeout(this.#upTimer);
    if (this.#server.listening) {
      const closed = once(this.#server, 'close');
      this.#server.close();
      for (const socket of this.#sockets) socket.destroy();
      await closed;
    }
    if (seconds !== undefined) {
      this.#upTimer = setTimeout(() => {
        this.up().catch((error: unknown) => console.error('lab vCenter:', error));
      }, seconds * 1000);
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Without Node's hint of how long it stays open, which no vCenter gives.
    response.setHeader('connection', 'keep-alive');
    const path = (request.url ?? '/').split('?')[0]!;
    if (path.startsWith('/folder/')) return serveFolder(this.#center, request, response);
    if (path.startsWith('/nfc/')) return serveNfc(this.#center, request, response);
    if (path === '/sdk/vimServiceVersions.xml') {
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(versionsDocument(this.#center.state.world.apiVersion));
      return;
    }
    if (path !== '/sdk' && path !== '/sdk/' && path !== '/sdk/vimService') {
      response.writeHead(404).end();
      return;
    }
    if (request.method !== 'POST') {
      response.writeHead(405, { allow: 'POST' }).end();
      return;
    }
    const body = await readBody(request);
    if (body === undefined) {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    const gone = new AbortController();
    // After the whole answer nobody listens, and an abort would cost more than the answer.
    response.once('close', () => response.writableFinished || gone.abort());
    const answer = await answerSoap(this.#center, {
      body,
      cookie: sessionCookie(request.headers.cookie),
      address: request.socket.remoteAddress ?? '',
      userAgent: request.headers['user-agent'] ?? '',
      signal: gone.signal,
    });
    if (gone.signal.aborted) return;
    const bytes = Buffer.from(answer.body, 'utf8');
    response.writeHead(answer.status, {
      'content-type': 'text/xml; charset=utf-8',
      'cache-control': 'no-cache',
      'content-length': bytes.length,
      ...(answer.setCookie ? { 'set-cookie': answer.setCookie } : {}),
    });
    if (answer.cutAfter === undefined) response.end(bytes);
    else response.write(bytes.subarray(0, answer.cutAfter), () => response.destroy());
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_REQUEST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function versionsDocument(apiVersion: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<namespaces version="1.0"><namespace><name>urn:vim25</name><version>${apiVersion}</version><priorVersions><version>6.5</version><version>6.0</version><version>5.5</version></priorVersions></namespace></namespaces>
`;
}
