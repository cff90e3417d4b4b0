// What the connector makes of answers that are not the console's own.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { toFault } from '../replication/model/fault.ts';
import { Link } from './link.ts';

it('says in words that the console knows itself by another name', async () => {
  const server = createServer((_, response) => response.writeHead(421).end('not under this name'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const link = new Link(`http://127.0.0.1:${port}`, 'c.secret');
  try {
    const fault = toFault(
      await link
        .call('claim', { session: 's', waitSeconds: 0 } as never, AbortSignal.timeout(10_000))
        .catch((error: unknown) => error),
    );
    expect(fault).toMatchObject({
      code: 'connector-lost',
      message: expect.stringContaining(`does not answer under the name 127.0.0.1:${port}`),
      remedy: expect.stringMatching(/LANDFALL_URL.*LANDFALL_PUBLIC_URL.*LANDFALL_ANY_HOST=1/),
    });
  } finally {
    await link.close();
    server.close();
  }
});
