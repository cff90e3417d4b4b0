import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, whoListens, whyNotListen } from './ports.ts';

test('a free port can be listened on; once it is taken, the one who took it is named', async () => {
  const port = await freePort();
  expect(await whyNotListen(port, '127.0.0.1')).toBeUndefined();
  expect(whoListens(port)).toBeUndefined();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  try {
    expect(await whyNotListen(port, '127.0.0.1')).toBe('EADDRINUSE');
    expect(whoListens(port)).toMatch(new RegExp(`\\(process ${process.pid}\\)$`));
  } finally {
    server.close();
  }
});

test('an address that is not of this machine is told apart from a taken port', async () => {
  expect(await whyNotListen(await freePort(), '192.0.2.1')).toBe('EADDRNOTAVAIL');
});
