// The API on a socket, for programs that call it.
import { createServer, type Server } from 'node:http';
import { handleTrpc } from './handle.ts';

/** Answers on a port of 127.0.0.1, each call as a whole. */
export async function listenForCalls(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const headers = new Headers(request.headers as Record<string, string>);
    const body = request.method === 'POST' ? { body: Buffer.concat(pieces) } : {};
    const url = new URL(`http://inside.test${request.url}`);
    // As Next does: it writes queries anew.
    url.search = url.searchParams.toString();
    const asked = new Request(url, {
      method: request.method as string,
      headers,
      ...body,
    });
    const answer = await handleTrpc(asked);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}
