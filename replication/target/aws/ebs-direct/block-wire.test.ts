import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createClients } from '../clients.ts';
import { BlockWire } from './block-wire.ts';

it('gives up an answer that goes on byte by byte without an end', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clients = createClients({
    region: 'eu-central-1',
    bucket: 'staging',
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    endpoints: { ebs: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
  });
  // Something comes all the time: silence is not what ends it.
  const wire = new BlockWire(clients, { region: 'eu-central-1', connections: 1, attemptSeconds: 0.3 });
  const signal = AbortSignal.timeout(30_000);
  await expect(wire.get('snap-1', 0, 'token', signal)).rejects.toThrow(/within 3 s/);
  // The connection that it had is free for the next.
  await expect(wire.get('snap-1', 1, 'token', signal)).rejects.toThrow(/within 3 s/);
  await wire.close();
  clients.close();
  server.closeAllConnections();
  server.close();
}, 60_000);
