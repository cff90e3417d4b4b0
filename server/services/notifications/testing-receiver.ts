// A real HTTP receiver on loopback that keeps what it gets. Imported by *.test.ts only.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Receiver {
  url: string;
  got: { headers: IncomingHttpHeaders; body: string; path: string }[];
  /** How the next ones are answered, one each; `hang` is never. */
  answers: ({ code: number; body?: string; headers?: Record<string, string> } | 'hang')[];
  /** Breaks every connection off. */
  hangUp(): void;
  close(): Promise<void>;
}

export async function receiver(): Promise<Receiver> {
  const got: Receiver['got'] = [];
  const answers: Receiver['answers'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push({ headers: request.headers, body, path: request.url ?? '' });
      const answer = answers.shift() ?? { code: 204 };
      if (answer === 'hang') return;
      response.writeHead(answer.code, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}/hook`, got, answers, hangUp: () => server.closeAllConnections(), close };
}
