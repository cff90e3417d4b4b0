// The web: serves the console's pages and every API. Program: `node server/web.ts -p PORT -H HOST`, once it is built.
import type { Server } from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import nextModule from 'next';
import { readEnvironment } from './env.ts';
import { CertificateError, type Pair, readPair, watchPair } from './front/certificate.ts';
import { plainFront, redirectFront, secureFront } from './front/front.ts';
import { TrustedProxies } from './front/trusted-proxies.ts';
import { log } from './log.ts';
import { publicUrl, subPath } from './public-url.ts';

// Native ESM does not unwrap the CommonJS default.
const next = (nextModule as unknown as { default?: typeof nextModule }).default ?? nextModule;

/** What ends only because its page is closed gets this long to do so by itself. */
const END_MS = 3_000;
/** A name that is wrong is said once, and of many made-up ones only the first. */
const NOTICES = 20;

const root = path.resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    port: { type: 'string', short: 'p', default: process.env.PORT ?? '3000' },
    hostname: { type: 'string', short: 'H' },
  },
});

try {
  await serve(Number(values.port), values.hostname);
} catch (error) {
  if (error instanceof CertificateError || (error as Error).name === 'EnvironmentError') {
    console.error((error as Error).message);
    process.exit(1);
  }
  throw error;
}

async function serve(port: number, hostname: string | undefined): Promise<void> {
  const { LANDFALL_PUBLIC_URL, NEXTAUTH_URL } = process.env;
  const env = readEnvironment('web', { ...process.env, NEXTAUTH_URL: LANDFALL_PUBLIC_URL || NEXTAUTH_URL });
  // next-auth is told its own place in full where the console lies under a path.
  Object.assign(process.env, {
    NODE_ENV: 'production',
    LANDFALL_PUBLIC_URL: publicUrl(),
    NEXTAUTH_URL: publicUrl(subPath() && '/api/auth'),
  });
  const address = new URL(publicUrl());
  const files =
    env.LANDFALL_TLS_CERT && env.LANDFALL_TLS_KEY
      ? { cert: env.LANDFALL_TLS_CERT, key: env.LANDFALL_TLS_KEY }
      : undefined;
  const pair = files && readPair(files);
  const app = next({ dev: false, dir: root, port, ...(hostname && { hostname }) });
  await app.prepare();
  const options = {
    handler: app.getRequestHandler(),
    proxies: new TrustedProxies(env.LANDFALL_TRUSTED_PROXIES),
    publicUrl: address,
    anyHost: env.LANDFALL_ANY_HOST,
    noticed: noticer(),
  };
  const servers: Server[] = [];
  if (files && pair) {
    const server = secureFront(options, pair);
    servers.push(server);
    tellOf(pair, address);
    watchPair(files, {
      renewed: (renewed) => {
        server.setSecureContext({ ...renewed, minVersion: 'TLSv1.2' });
        log().info({ until: renewed.validTo }, 'the certificate was read anew');
        tellOf(renewed, address);
      },
      refused: (error) => log().warn({ error }, 'the certificate that is in use is kept'),
    });
  } else servers.push(plainFront(options));
  await listening(servers[0] as Server, port, hostname);
  if (env.LANDFALL_HTTP_REDIRECT_PORT) {
    const server = redirectFront(address);
    servers.push(server);
    await listening(server, env.LANDFALL_HTTP_REDIRECT_PORT, hostname);
  }
  log().info({ port, hostname, tls: pair !== undefined, address: address.href }, 'web started');
  endOnSignal(servers, () => app.close());
}

function listening(server: Server, port: number, hostname: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function endOnSignal(servers: Server[], close: () => Promise<unknown>): void {
  let ending = false;
  const end = async (code: number) => {
    if (ending) return;
    ending = true;
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    setTimeout(() => {
      for (const server of servers) server.closeAllConnections();
    }, END_MS);
    await Promise.all(closed);
    await close().catch((error: unknown) => log().warn({ error }, 'the web did not end cleanly'));
    process.exit(code);
  };
  process.on('SIGTERM', () => void end(143));
  process.on('SIGINT', () => void end(130));
}

/** Says what an operator would wonder about, once for each name. */
function noticer(): (what: 'wrong-host' | 'unnamed-proxy', of: string) => void {
  const told = new Set<string>();
  return (what, of) => {
    if (told.size >= NOTICES || told.has(what + of)) return;
    told.add(what + of);
    if (what === 'wrong-host') log().warn({ host: of }, 'asked under a name that is not that of LANDFALL_PUBLIC_URL');
    else log().warn({ peer: of }, 'says whom it forwards for, but LANDFALL_TRUSTED_PROXIES does not name it');
  };
}

/** What a browser would refuse is better known from the log. */
function tellOf(pair: Pair, address: URL): void {
  const until = pair.validTo;
  if (until.getTime() < Date.now()) log().warn({ until }, 'the certificate has run out');
  if (!pair.covers(address.hostname)) log().warn({ host: address.hostname }, 'the certificate is not for this name');
}
