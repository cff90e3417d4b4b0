// The connectors' gateway: parses, authenticates, calls the verbs of the services. The route hands every request over.
import { describeCause, type Fault, FaultError, fault } from '../../replication/model/fault.ts';
import { wellFormedJson } from '../../replication/model/foreign-text.ts';
import {
  type GatewayRequest,
  type GatewayResponse,
  type GatewayVerb,
  gatewayVerbs,
} from '../../replication/wire/gateway.ts';
import { log } from '../log.ts';
import { confirmArtifacts, declareArtifacts } from '../services/artifacts/ledger.ts';
import { receiveCatalogPage } from '../services/catalog/import.ts';
import { lendToRun } from '../services/cloud/lend.ts';
import { authenticateConnector, enrolConnector } from '../services/connectors/enrol.ts';
import { beginSession, checkSession, holderOf, reportHealth } from '../services/connectors/report.ts';
import type { ConnectorHead } from '../services/connectors/status.ts';
import { type ProgramContext, parseInput, processContext } from '../services/context.ts';
import { faultOf } from '../services/database-faults.ts';
import { giveBack } from '../services/leases/lease.ts';
import { checkpointTask, extendTask } from '../services/tasks/extend.ts';
import { settleTask } from '../services/tasks/settle.ts';
import { bandwidthNow, waitForTasks } from './wait-for-tasks.ts';

const CONNECTOR_LEASE_SECONDS = 20;
const HEALTH_EVERY_SECONDS = 10;
/** A page of 500 servers is the largest message. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

interface Call {
  ctx: ProgramContext;
  connector: ConnectorHead;
  signal: AbortSignal;
}

type Handlers = {
  [V in Exclude<GatewayVerb, 'enrol'>]: (call: Call, input: GatewayRequest<V>) => Promise<GatewayResponse<V>>;
};

const held = (call: Call, input: { taskId: string; fence: number }) => ({
  taskId: input.taskId,
  fence: input.fence,
  holder: holderOf(call.connector.id, call.connector.session),
});

const HANDLERS: Handlers = {
  hello: async ({ ctx, connector }, input) => ({
    session: await beginSession(ctx, connector, input),
    serverTime: ctx.now().toISOString(),
    healthEverySeconds: HEALTH_EVERY_SECONDS,
    leaseSeconds: CONNECTOR_LEASE_SECONDS,
  }),
  claim: async ({ ctx, connector, signal }, input) => {
    checkSession(connector, input.session);
    return waitForTasks(ctx, connector, { ...input, leaseSeconds: CONNECTOR_LEASE_SECONDS }, signal);
  },
  extend: async (call, input) => ({
    ...(await extendTask(call.ctx, call.connector.workspaceId, held(call, input), CONNECTOR_LEASE_SECONDS, input)),
    leaseSeconds: CONNECTOR_LEASE_SECONDS,
    bytesPerSecond: bandwidthNow(call.ctx, call.connector),
  }),
  declare: async (call, input) => {
    const { workspaceId } = call.connector;
    const rows = await declareArtifacts(call.ctx, workspaceId, held(call, input), input.artifacts);
    return { artifactIds: rows.map(({ id }) => id) };
  },
  confirm: async (call, input) => {
    await confirmArtifacts(call.ctx, call.connector.workspaceId, held(call, input), input.artifacts);
    return {};
  },
  lend: async (call, input) => lendToRun(call.ctx, call.connector.workspaceId, held(call, input)),
  checkpoint: async (call, input) => {
    await checkpointTask(call.ctx, call.connector.workspaceId, held(call, input), input.checkpoint);
    return {};
  },
  catalog: async (call, input) => {
    await receiveCatalogPage(call.ctx, call.connector.workspaceId, held(call, input), input);
    return {};
  },
  settle: async (call, input) => {
    await settleTask(call.ctx, call.connector.workspaceId, held(call, input), input.outcome, input);
    return {};
  },
  'give-back': async (call, input) => {
    await giveBack(call.ctx.db, held(call, input));
    return {};
  },
  'report-health': async ({ ctx, connector }, input) => {
    await reportHealth(ctx, connector, input);
    return {};
  },
};

/** Answers one request to /api/connector/v1/<verb>. */
export async function handleGateway(request: Request, verb: string): Promise<Response> {
  try {
    if (!Object.hasOwn(gatewayVerbs, verb))
      return answer(404, { fault: fault('not-found', { message: `The gateway has no verb ${verb}.` }) });
    refusePlainHttp(request);
    const body = await readMessage(request);
    const ctx = processContext('Connector gateway');
    if (verb === 'enrol') {
      return answer(200, await enrolConnector(ctx, parseInput(gatewayVerbs.enrol.request, body)));
    }
    const name = verb as Exclude<GatewayVerb, 'enrol'>;
    const token = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
    const { connector, principal } = await authenticateConnector(ctx, token);
    const input = parseInput(gatewayVerbs[name].request as never, body) as never;
    const handler = HANDLERS[name] as (call: Call, given: never) => Promise<unknown>;
    return answer(200, await handler({ ctx: { ...ctx, principal }, connector, signal: request.signal }, input));
  } catch (error) {
    const theFault = faultOf(error);
    if (theFault.code === 'internal') log().error({ error, verb }, 'gateway failed');
    else if (!(error instanceof FaultError)) log().warn({ verb, cause: describeCause(error) }, theFault.message);
    return answer(statusOf(theFault), { fault: theFault.code === 'internal' ? fault('internal') : theFault });
  }
}

/** The JSON of a message; undefined when it is none. Throws when it is larger than any message of ours. */
async function readMessage(request: Request): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (request.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new FaultError(fault('input-invalid', { message: 'The message is too large.' }));
    chunks.push(chunk);
  }
  try {
    // Texts of a platform come with it: what no database takes is taken out here, once for all verbs.
    return wellFormedJson(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Tokens never cross a network in clear: plain HTTP is for loopback only, unless a proxy says that it ended TLS. */
function refusePlainHttp(request: Request): void {
  const url = new URL(request.url);
  const host = (request.headers.get('host') ?? url.host).replace(/:\d+$/, '');
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(host);
  const secure = url.protocol === 'https:' || request.headers.get('x-forwarded-proto') === 'https';
  if (loopback || secure) return;
  throw new FaultError(
    fault('connector-refused', {
      message: 'The gateway takes HTTPS only.',
      remedy: 'Give the connector the https:// address of the console.',
    }),
  );
}

function statusOf(theFault: Fault): number {
  switch (theFault.code) {
    case 'connector-refused':
      return 401;
    case 'permission-denied':
      return 403;
    case 'not-found':
      return 404;
    case 'lease-lost':
    case 'connector-superseded':
    case 'connector-session-unknown':
    case 'conflict':
    case 'lending-impossible':
      return 409;
    case 'input-invalid':
      return 400;
    case 'console-database-away':
    case 'being-changed':
      return 503;
    default:
      return 500;
  }
}

function answer(status: number, body: unknown): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}
