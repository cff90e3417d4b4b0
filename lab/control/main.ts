// The lab's control server: plain HTTP and JSON on loopback, by which tests and people steer the lab from behind.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ZodError, z } from 'zod';
import type { FaultRules } from '../faults/rules.ts';

export type ControlCalls = Record<string, (input: unknown) => Promise<unknown>>;

export interface LabControlOptions {
  vcenter?: { control: ControlCalls };
  aws?: { control: ControlCalls };
  faults: FaultRules;
  /** 0 takes a free one. */
  port?: number;
}

export interface LabControl {
  /** `http://127.0.0.1:PORT` */
  url: string;
  port: number;
  close(): Promise<void>;
}

const effect = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('fail'),
    code: z.string(),
    message: z.string().optional(),
    status: z.number().int().optional(),
  }),
  z.object({ kind: z.literal('delay'), ms: z.number().min(0) }),
  z.object({ kind: z.literal('rate'), bytesPerSecond: z.number().positive() }),
  z.object({ kind: z.literal('cut'), afterBytes: z.number().int().min(0) }),
  z.object({ kind: z.literal('hang') }),
]);
const rule = z
  .object({
    id: z.string().optional(),
    side: z.enum(['vcenter', 'aws']),
    operation: z.string(),
    match: z.record(z.string(), z.string()).optional(),
    skip: z.number().int().min(0).optional(),
    count: z.number().int().positive().optional(),
    effect,
  })
  .strict();

const MAX_BODY_BYTES = 256 * 1024 * 1024;

/**
 * Serves `POST /vcenter/<call>`, `POST /aws/<call>`, `GET|POST|DELETE /faults[/<id>]` and `GET /state`.
 * Answers 400 with `{error}` for wrong input, 404 for an unknown call.
 */
export async function startLabControl(options: LabControlOptions): Promise<LabControl> {
  const server = createServer((request, response) => {
    answer(options, request)
      .catch(failure)
      .then(({ status, body }) => {
        const text = JSON.stringify(body ?? {});
        response.writeHead(status, { 'content-type': 'application/json' }).end(text);
      })
      .catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answer {
  status: number;
  body: unknown;
}

async function answer(options: LabControlOptions, request: IncomingMessage): Promise<Answer> {
  // A page in a browser must not steer the lab: only clients that name no origin are heard.
  if (request.headers.origin !== undefined) return { status: 403, body: { error: 'Not from a browser' } };
  const [, area = '', name = ''] = new URL(request.url ?? '/', 'http://lab').pathname.split('/');
  const route = `${request.method} /${area}`;
  if (route === 'GET /state') return { status: 200, body: await state(options) };
  if (route === 'GET /faults') return { status: 200, body: { rules: options.faults.list() } };
  if (route === 'POST /faults') return { status: 200, body: options.faults.add(rule.parse(await json(request))) };
  if (route === 'DELETE /faults') {
    if (name === '') options.faults.clear();
    else if (!options.faults.remove(decodeURIComponent(name)))
      return { status: 404, body: { error: `There is no rule ${name}` } };
    return { status: 200, body: {} };
  }
  const calls = area === 'vcenter' ? options.vcenter?.control : area === 'aws' ? options.aws?.control : undefined;
  const call = calls && Object.hasOwn(calls, name) ? calls[name] : undefined;
  if (!call || request.method !== 'POST') return { status: 404, body: { error: `There is no ${route}/${name}` } };
  return { status: 200, body: await call(await json(request)) };
}

/** What is in being on each side: `{vcenter: {snapshots, leases, tasks…}, aws: …}`. */
async function state(options: LabControlOptions): Promise<Record<string, unknown>> {
  return {
    vcenter: await options.vcenter?.control.state?.({}),
    aws: await options.aws?.control.state?.({}),
  };
}

async function json(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new Error('The request is too large');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text.trim() === '' ? {} : JSON.parse(text);
}

function failure(error: unknown): Answer {
  const message =
    error instanceof ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
  return { status: 400, body: { error: message } };
}
