import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readPair, watchPair } from './certificate.ts';
import { secureFront } from './front.ts';
import { TrustedProxies } from './trusted-proxies.ts';

let folder: string;
let files: { cert: string; key: string };
const ends: (() => void)[] = [];

async function write(name: string, which = files): Promise<void> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  });
  writeFileSync(which.cert, made.cert);
  writeFileSync(which.key, made.private);
}

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'certificate-'));
  files = { cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
  await write('one.example');
});

afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(folder, { recursive: true, force: true });
});

describe('a pair of files', () => {
  it('is read, with what it is for', () => {
    const pair = readPair(files);
    expect([pair.covers('one.example'), pair.covers('two.example'), pair.covers('127.0.0.1')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(pair.validTo.getTime()).toBeGreaterThan(Date.now());
  });

  it.each([
    ['there is no such file', () => rmSync(files.cert), /LANDFALL_TLS_CERT: .* is not there/],
    [
      'the certificate is none',
      () => writeFileSync(files.cert, 'x'),
      /LANDFALL_TLS_CERT: .* holds no certificate in PEM/,
    ],
    ['the key is none', () => writeFileSync(files.key, 'x'), /LANDFALL_TLS_KEY: .* holds no private key in PEM/],
    [
      'the key is of another one',
      () => write('two.example', { ...files, cert: path.join(folder, 'other.pem') }),
      /LANDFALL_TLS_KEY: .* is not the key of the certificate/,
    ],
  ])('is refused in a sentence when %s', async (_, spoil, sentence) => {
    await spoil();
    expect(() => readPair(files)).toThrow(sentence);
  });
});

it('is taken anew while a connection goes on, once both files fit again', async () => {
  const server = secureFront(
    {
      handler: (_, response) => response.end('here'),
      proxies: new TrustedProxies(),
      publicUrl: new URL('https://one.example'),
      anyHost: true,
    },
    readPair(files),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const refused = vi.fn();
  const renewed = vi.fn((pair) => server.setSecureContext({ ...pair, minVersion: 'TLSv1.2' }));
  ends.push(
    watchPair(files, { renewed, refused, everyMs: 20 }),
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const old = await open(port);
  const next = { cert: path.join(folder, 'next.pem'), key: path.join(folder, 'next-key.pem') };
  await write('two.example', next);
  writeFileSync(files.cert, readPair(next).cert);
  await vi.waitFor(() => expect(refused).toHaveBeenCalled());
  expect(await nameServed(port)).toBe('one.example');
  writeFileSync(files.key, readPair(next).key);
  await vi.waitFor(() => expect(renewed).toHaveBeenCalled());
  expect(await nameServed(port)).toBe('two.example');
  expect(await ask(old)).toMatch(/^HTTP\/1\.1 200 [\s\S]*here$/);
});

it('speaks no TLS older than 1.2', async () => {
  const server = secureFront(
    {
      handler: (_, response) => response.end(),
      proxies: new TrustedProxies(),
      publicUrl: new URL('https://one.example'),
      anyHost: true,
    },
    readPair(files),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  // A greeting in TLS 1.1 by hand: OpenSSL no longer makes one. The server's word for it is the alert protocol_version.
  const suites = Buffer.from('0008c013c009002f00ff0100', 'hex');
  const greeting = Buffer.concat([Buffer.from('0302', 'hex'), Buffer.alloc(32, 7), Buffer.from([0]), suites]);
  const handshake = Buffer.concat([Buffer.from([1, 0, 0, greeting.length]), greeting]);
  const record = Buffer.concat([Buffer.from([22, 3, 1, 0, handshake.length]), handshake]);
  const socket = connectPlain(port, '127.0.0.1', () => socket.write(record));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  expect([answer[0], answer.at(-1)]).toEqual([21, 70]);
});

function open(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => resolve(socket));
    socket.on('error', reject);
    ends.push(() => socket.destroy());
  });
}

async function nameServed(port: number): Promise<string | undefined> {
  return (await open(port)).getPeerCertificate().subject.CN as string | undefined;
}

function ask(socket: TLSSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (piece) => {
      text += piece;
    });
    socket.on('end', () => resolve(text)).on('error', reject);
    socket.write('GET / HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n');
  });
}
