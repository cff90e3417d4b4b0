// The connectors' gateway behind a plain HTTP server of this process: taken away and brought back at one address.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { handleGateway } from '../server/gateway/gateway.ts';

export interface Gateway {
  url: string;
  stop(): Promise<void>;
  /** At the same address as before. */
  start(): Promise<void>;
}

export async function startGateway(): Promise<Gateway> {
  let server: Server | null = null;
  let port = 0;
  const start = async () => {
    server = createServer((request, response) => void serve(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as { port: number });
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    start,
    stop: async () => {
      if (!server) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      server = null;
      await closed;
    },
  };
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const gone = new AbortController();
  outgoing.once('close', () => outgoing.writableFinished || gone.abort());
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host}`);
  const answer = await handleGateway(
    new Request(url, {
      method: 'POST',
      headers: incoming.headers as Record<string, string>,
      body: Buffer.concat(chunks),
      signal: gone.signal,
    }),
    url.pathname.split('/').at(-1) ?? '',
  );
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
  outgoing.end(await answer.text());
}
