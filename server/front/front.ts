// What every request to the web passes first: who sent it is settled here, once, so that nothing behind has to ask whom to believe.
// Behind it, x-forwarded-for is one address, and x-forwarded-proto and x-forwarded-host are what the client spoke and named.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Pair } from './certificate.ts';
import { isHost, type TrustedProxies } from './trusted-proxies.ts';

export interface FrontOptions {
  handler: (request: IncomingMessage, response: ServerResponse) => unknown;
  proxies: TrustedProxies;
  /** Where people find the console. */
  publicUrl: URL;
  /** Whether any name in Host will do: where nobody has said what the console's is. */
  anyHost: boolean;
  /** Called for what is turned away or not believed, with what a person would look for. */
  noticed?: (what: 'wrong-host' | 'unnamed-proxy', of: string) => void;
}

/** A year: browsers then know without asking. */
const STRICT_TRANSPORT = 'max-age=31536000';
/** Longer than proxies keep an idle connection, so that it is the proxy that ends it and no request is lost. */
const KEEP_ALIVE_MS = 75_000;
const HEALTH = '/api/health';

/** Answers requests in clear, for a proxy or for this machine. */
export function plainFront(options: FrontOptions): Server {
  return kept(createServer(listener(options)));
}

/** Answers requests over TLS by itself. `setSecureContext` of the server takes another pair without ending a connection. */
export function secureFront(options: FrontOptions, { cert, key }: Pair): SecureServer {
  return kept(createSecureServer({ cert, key, minVersion: 'TLSv1.2' }, listener(options)));
}

/** Sends whoever comes in clear to the public address, which is the only one it ever names. */
export function redirectFront(publicUrl: URL): Server {
  return kept(
    createServer((request, response) => {
      const reads = request.method === 'GET' || request.method === 'HEAD';
      if (!reads || !isPath(request.url)) {
        return refuse(response, 400, 'This port only leads to the console over HTTPS.');
      }
      response.writeHead(308, { location: publicUrl.origin + request.url, 'cache-control': 'no-store' }).end();
    }),
  );
}

function kept<S extends Server | SecureServer>(server: S): S {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

function listener(options: FrontOptions): RequestListener {
  const { handler, proxies, publicUrl, anyHost, noticed } = options;
  const base = publicUrl.pathname.replace(/\/+$/, '');
  return (request, response) => {
    const { headers, socket } = request;
    const peer = socket.remoteAddress ?? '';
    const origin = proxies.originOf(peer, (socket as TLSSocket).encrypted === true, {
      for: one(headers['x-forwarded-for']),
      proto: one(headers['x-forwarded-proto']),
      host: one(headers['x-forwarded-host']),
    });
    if (headers['x-forwarded-for'] && !proxies.trusts(peer)) noticed?.('unnamed-proxy', origin.address);
    const host = origin.host ?? headers.host ?? '';
    // Another form than a path (`GET http://…`) would name a second host beside the header.
    if (!isPath(request.url) || (headers.host && !isHost(headers.host)) || hostsOf(request) > 1) {
      return refuse(response, 400, 'This request cannot be read.');
    }
    const [path = '/'] = request.url.split('?');
    if (!anyHost && !isOurs(host, publicUrl) && path !== base + HEALTH) {
      noticed?.('wrong-host', host);
      return refuse(response, 421, 'The console does not answer under this name. Its own is in LANDFALL_PUBLIC_URL.');
    }
    for (const name of Object.keys(headers)) if (TOLD_BY_PROXIES.test(name)) delete headers[name];
    headers['x-forwarded-for'] = origin.address;
    headers['x-forwarded-proto'] = origin.protocol;
    headers['x-forwarded-host'] = host;
    headers.host = host;
    if (publicUrl.protocol === 'https:' && origin.protocol === 'https') {
      response.setHeader('Strict-Transport-Security', STRICT_TRANSPORT);
    }
    if (base && path === '/') {
      response.writeHead(307, { location: `${base}/`, 'cache-control': 'no-store' }).end();
      return;
    }
    handler(request, response);
  };
}

const TOLD_BY_PROXIES = /^(forwarded$|x-forwarded-|x-real-ip$|x-client-ip$|x-original-|x-rewrite-)/;

/** Node joins a header that comes twice with commas, but for a few that it takes once. */
const one = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;

/** Node keeps the first of two, and a proxy before us may have looked at the other. */
const hostsOf = ({ rawHeaders }: IncomingMessage): number =>
  rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;

const isPath = (url: string | undefined): url is string => url?.startsWith('/') === true;

/** The public name, or one that no foreign page can be loaded from: this machine's own, or a bare address. */
function isOurs(host: string, publicUrl: URL): boolean {
  if (host.toLowerCase() === publicUrl.host) return true;
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  const standard = publicUrl.protocol === 'https:' ? ':443' : ':80';
  return name === 'localhost' || isIP(name) !== 0 || host.toLowerCase() === publicUrl.host + standard;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'close',
    })
    .end(`${text}\n`);
}
