// Over real sockets: what a request is made to say before anything of ours reads it.
import { type IncomingHttpHeaders, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type FrontOptions, plainFront, redirectFront } from './front.ts';
import { TrustedProxies } from './trusted-proxies.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A front whose handler answers with the headers that it was handed. */
function start(options: Partial<FrontOptions> & { trusted?: string } = {}): Promise<number> {
  const front = plainFront({
    handler: (asked, response) => response.end(JSON.stringify(asked.headers)),
    proxies: new TrustedProxies(options.trusted),
    publicUrl: new URL('https://landfall.example.com'),
    anyHost: false,
    ...options,
  });
  return listen(front);
}

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  text: string;
  seen: IncomingHttpHeaders;
}

function ask(port: number, headers: Record<string, string | string[]>, path = '/', method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => {
        const seen = text.startsWith('{') ? JSON.parse(text) : {};
        resolve({ status: response.statusCode, headers: response.headers, text, seen });
      });
    })
      .on('error', reject)
      .end();
  });
}

const FORGED = {
  host: 'landfall.example.com',
  'x-forwarded-for': ['198.51.100.1', '203.0.113.5'],
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'other.example',
  'x-forwarded-port': '1',
  'x-forwarded-prefix': '/evil',
  'x-real-ip': '198.51.100.1',
  forwarded: 'for=198.51.100.1',
  'x-original-url': '/evil',
};

describe('what a client says of its way', () => {
  it('counts for nothing where its proxy is not named', async () => {
    const noticed = vi.fn();
    const { seen } = await ask(await start({ noticed }), FORGED);
    expect(seen).toMatchObject({
      host: 'landfall.example.com',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'landfall.example.com',
    });
    for (const name of ['x-forwarded-port', 'x-forwarded-prefix', 'x-real-ip', 'forwarded', 'x-original-url'])
      expect(seen).not.toHaveProperty(name);
    expect(noticed).toHaveBeenCalledWith('unnamed-proxy', '127.0.0.1');
  });

  it('counts as far as a named proxy vouches for it', async () => {
    const port = await start({ trusted: '127.0.0.1' });
    const { seen } = await ask(port, { ...FORGED, host: 'inner:3000', 'x-forwarded-host': 'landfall.example.com' });
    expect(seen).toMatchObject({
      host: 'landfall.example.com',
      'x-forwarded-for': '203.0.113.5',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'landfall.example.com',
    });
  });
});

describe('the name in Host', () => {
  it.each([
    ['landfall.example.com', 200],
    ['LANDFALL.example.com', 200],
    ['landfall.example.com:443', 200],
    ['localhost:3000', 200],
    ['127.0.0.1:3000', 200],
    ['10.0.0.5', 200],
    ['[::1]:3000', 200],
    ['evil.example', 421],
    ['landfall.example.com.evil.example', 421],
    ['landfall.example.com:444', 421],
    ['localhost.evil.example', 421],
    ['landfall.example.com@evil.example', 400],
    ['landfall.example.com/evil', 400],
  ])('%s is answered with %d', async (host, status) => {
    const noticed = vi.fn();
    const answer = await ask(await start({ noticed }), { host });
    expect(answer.status).toBe(status);
    expect(noticed.mock.calls).toEqual(status === 421 ? [['wrong-host', host]] : []);
  });

  it('may be any for who only asks whether the console is well, and where nobody has named it', async () => {
    expect((await ask(await start(), { host: 'evil.example' }, '/api/health')).status).toBe(200);
    expect((await ask(await start({ anyHost: true }), { host: 'mybox.lan' })).status).toBe(200);
  });

  it('stands beside no second one', async () => {
    const port = await start();
    expect((await ask(port, { host: 'localhost' }, 'http://evil.example/')).status).toBe(400);
    expect(await raw(port, 'GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(await raw(port, 'GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });
});

it('asks browsers to stay with HTTPS only where they came by it', async () => {
  const https = { host: 'landfall.example.com', 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.5' };
  const named = await start({ trusted: '127.0.0.1' });
  expect((await ask(named, https)).headers['strict-transport-security']).toBe('max-age=31536000');
  expect((await ask(named, { host: 'localhost' })).headers).not.toHaveProperty('strict-transport-security');
  expect((await ask(await start(), https)).headers).not.toHaveProperty('strict-transport-security');
  const http = await start({ trusted: '127.0.0.1', publicUrl: new URL('http://landfall.example.com') });
  expect((await ask(http, https)).headers).not.toHaveProperty('strict-transport-security');
});

it('leads from the root to the path under which the console lies', async () => {
  const port = await start({ publicUrl: new URL('https://landfall.example.com/landfall') });
  expect(await ask(port, { host: 'landfall.example.com' })).toMatchObject({
    status: 307,
    headers: { location: '/landfall/' },
  });
  expect((await ask(port, { host: 'landfall.example.com' }, '/landfall/')).status).toBe(200);
});

describe('the port for plain HTTP', () => {
  it.each([
    ['/landfall/jobs?a=b', 'https://it.example:8443/landfall/jobs?a=b'],
    ['//evil.example/', 'https://it.example:8443//evil.example/'],
  ])('leads %s to the public address, whatever Host says', async (path, location) => {
    const port = await listen(redirectFront(new URL('https://it.example:8443/landfall')));
    const answer = await ask(port, { host: 'evil.example' }, path);
    expect(answer).toMatchObject({ status: 308, headers: { location } });
  });

  it('takes nothing that was not to be sent in clear', async () => {
    const port = await listen(redirectFront(new URL('https://it.example')));
    expect((await ask(port, { host: 'it.example' }, '/api/auth/callback/credentials', 'POST')).status).toBe(400);
    expect((await ask(port, { host: 'it.example' }, '@evil.example/')).status).toBe(400);
  });
});

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (piece) => {
      said += piece;
    });
    socket.on('close', () => resolve(said)).on('error', reject);
  });
}
