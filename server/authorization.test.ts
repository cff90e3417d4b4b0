// Who may do what, tried on every procedure and verb, and written down in docs/authorization.md: each role, nobody, a session that
// was ended, access keys, and the administrator of another workspace, for whom rows of this one are as good as none. What is expected stands
// in testing-procedures.ts. No cell depends on another: what a call does is taken back.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayVerb } from '../replication/wire/gateway.ts';
import { may, type Permission, ROLES } from './access/permissions.ts';
import { handleTrpc } from './api/handle.ts';
import { appRouter } from './api/root.ts';
import {
  type Answer,
  busy,
  CALLER_LABELS,
  CALLERS,
  type Caller,
  call,
  contentsOf,
  cookies,
  ELSEWHERE,
  NOWHERE,
  ORIGIN,
  openSite,
  requestOf,
  rows,
  site,
  tried,
} from './api/testing-callers.ts';
import { ENTRIES, type Entry, type NamedRows, PROCEDURES } from './api/testing-procedures.ts';
import { handleGateway } from './gateway/gateway.ts';
import { health } from './health.ts';

beforeAll(async () => {
  await openSite();
  // A refusal is noted once in ten minutes: as if all of them had been, what is refused has nothing to write.
  const paths = sql.param(procedures.map(({ path }) => path));
  await site.db.execute(sql`insert into audit
      (workspace_id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject_name)
    select workspace_id, 'member', m.id, 'Somebody', 'access.refused', 'procedure', path, path
    from members m, unnest(${paths}::text[]) path`);
}, 60_000);
afterAll(() => site.close());

const REFUSALS = [
  'not-signed-in',
  'permission-denied',
  'access-key-expired',
  'access-key-refused',
  'access-key-not-here',
];

const namesRows = ({ input }: Entry) => input && JSON.stringify(input(rows)) !== JSON.stringify(input(NOWHERE));

function expected({ needs, says = undefined, ...entry }: Entry, caller: Caller): string {
  if (caller === 'expired-key') return 'access-key-expired';
  if (caller === 'revoked-key') return 'access-key-refused';
  if (needs === 'link') return says ?? 'done';
  if (caller === 'key')
    return entry.sessionOnly ? 'access-key-not-here' : expected({ needs, says, ...entry }, 'administrator');
  if (caller === 'anonymous' || caller === 'ended') return 'not-signed-in';
  if (caller === 'elsewhere') {
    if (!namesRows({ needs, ...entry })) return says ?? 'done';
    const { elsewhere = 'not-found' } = entry;
    return elsewhere === 'nothing' ? 'done' : elsewhere;
  }
  return may(caller, needs) ? (says ?? 'done') : (entry.otherwise ?? 'permission-denied');
}

/** What must not stand in an answer for somebody of another workspace. */
const leaked = () =>
  new RegExp(
    `${site.workspaceId}|${site.connectorId}|${site.targetId}|server-\\d|(ami|i|s|launch|cutover|sms-(job|run))-\\d`,
  );

it('asks every member at the procedure for the least that its verb asks for', () => {
  const asked = appRouter._def.procedures as object as Record<string, { _def: { meta?: { needs?: Permission } } }>;
  for (const [path, given] of Object.entries(PROCEDURES)) {
    const entries = [given as Entry | Entry[]].flat();
    const needs = asked[path]?._def.meta?.needs ?? 'link';
    expect(
      entries.map((entry) => entry.needs),
      path,
    ).toContain(needs);
    const also = (entry: Entry) =>
      needs === 'link' ||
      entry.needs === 'link' ||
      ROLES.every((role) => may(role, needs) || !may(role, entry.needs as Permission));
    expect(
      entries.filter((entry) => !also(entry)),
      path,
    ).toEqual([]);
  }
});

const seen = new Map<string, string>();
const lineOf = (path: string, { when }: Entry) => (when ? `${path} (${when})` : path);

const procedures = ENTRIES.filter(({ path }) => path !== 'events.follow');
const titles = procedures.map(({ path, entry }) => ({ title: lineOf(path, entry), path, entry }));

describe.each(titles)('$title', ({ title, path, entry }) => {
  const record = (caller: Caller, { outcome, text, touched }: Answer & { touched: boolean }) => {
    seen.set(`${title} ${caller}`, outcome);
    expect(outcome, text).toBe(expected(entry, caller));
    const refused = REFUSALS.includes(outcome);
    if (refused) expect(touched, 'what is refused writes and locks nothing').toBe(false);
  };

  it.each(CALLERS.filter((caller) => caller !== 'elsewhere'))('%s', async (caller) => {
    record(caller, await tried(() => call(caller, path, entry.input?.(rows))));
  });

  it('elsewhere', async () => {
    for (const named of namesRows(entry) ? [rows, busy] : [rows]) {
      const answer = await tried(async (tx) => {
        const before = await contentsOf(tx);
        const said = await call('elsewhere', path, entry.input?.(named));
        return { ...said, before, after: await contentsOf(tx) };
      });
      record('elsewhere', answer);
      expect(answer.after, 'nothing of the other workspace is changed or locked').toBe(answer.before);
      if (namesRows(entry)) {
        const unknown = await tried(() => call('elsewhere', path, entry.input?.(NOWHERE)));
        expect(anonymized(answer.text, named), 'as an unknown row is answered').toBe(anonymized(unknown.text, NOWHERE));
      } else expect(answer.text).not.toMatch(leaked());
    }
  });
});

/** The text with names in the place of ids. */
function anonymized(text: string, named: NamedRows): string {
  return Object.entries(named).reduce((shorter, [name, id]) => shorter.replaceAll(id, `<${name}>`), text);
}

it('has an entry for every procedure', () => {
  expect(Object.keys(PROCEDURES).sort()).toEqual(Object.keys(appRouter._def.procedures).sort());
});

/** Who comes to the gateway, and with what. */
const VISITORS = ['nobody', 'member', 'own', 'elsewhere', 'gone'] as const;
type Visitor = (typeof VISITORS)[number];
const VISITOR_LABELS: Record<Visitor, string> = {
  nobody: 'No token',
  member: "An administrator's cookie",
  own: 'The connector',
  elsewhere: 'A connector elsewhere',
  gone: 'One disassociated',
};
const work = { taskId: 'task-own', fence: 1 };
const about = { version: '1', host: 'h', addresses: [], vmManager: null };
/** Of every verb what it is told about work of the connector; `lease-lost` is what unknown work is answered with. */
const VERBS: Record<GatewayVerb, { input: unknown; elsewhere: string; own?: string }> = {
  enrol: {
    input: {
      ...about,
      name: 'New',
      code: 'x',
      vmManager: { type: 'vsphere', url: 'u', name: 'n', id: 'i', version: '8' },
    },
    own: 'connector-refused',
    elsewhere: 'connector-refused',
  },
  hello: { input: about, elsewhere: 'done' },
  claim: { input: { session: 1, free: 1, waitSeconds: 0 }, elsewhere: 'done' },
  extend: { input: work, elsewhere: 'lease-lost' },
  declare: {
    input: { ...work, artifacts: [{ kind: 'ebs-snapshot', token: 'new', diskId: null, details: {} }] },
    elsewhere: 'lease-lost',
  },
  confirm: {
    input: { ...work, artifacts: [{ artifactId: 'artifact-8', state: 'created', externalId: 'snap-1' }] },
    elsewhere: 'lease-lost',
  },
  checkpoint: { input: { ...work, checkpoint: {} }, elsewhere: 'lease-lost' },
  catalog: { input: { ...work, servers: [], last: true }, elsewhere: 'lease-lost' },
  settle: { input: { ...work, outcome: { ok: true, result: {} } }, elsewhere: 'lease-lost' },
  'give-back': { input: work, elsewhere: 'done' },
  // For the work of a run; AWS is away here.
  lend: { input: { taskId: 'task-run', fence: 1 }, own: 'aws-unreachable', elsewhere: 'lease-lost' },
  'report-health': { input: { session: 1, checks: [], rateBytesPerSecond: 0 }, elsewhere: 'done' },
};

async function visit(visitor: Visitor, verb: string, input: unknown): Promise<Answer> {
  const connector = { own: site.connectorId, elsewhere: 'c-elsewhere', gone: 'c-gone', nobody: null, member: null }[
    visitor
  ];
  const answer = await handleGateway(
    new Request(`http://127.0.0.1/api/connector/v1/${verb}`, {
      method: 'POST',
      headers: {
        ...(connector && { authorization: `Bearer ${connector}.token` }),
        ...(visitor === 'member' && { cookie: cookies.get('administrator') as string }),
      },
      body: JSON.stringify(input),
    }),
    verb,
  );
  const text = await answer.text();
  const { fault, go } = JSON.parse(text) as { fault?: { code: string }; go?: boolean };
  return { outcome: fault?.code ?? (go === false ? 'lease-lost' : 'done'), text };
}

describe.each(Object.entries(VERBS))('the gateway: %s', (verb, { input, own = 'done', elsewhere }) => {
  it.each(VISITORS)('%s', async (visitor) => {
    const answer = await tried(async (tx) => {
      const before = await contentsOf(tx);
      const said = await visit(visitor, verb, input);
      return { ...said, before, after: await contentsOf(tx) };
    });
    seen.set(`${verb} ${visitor}`, answer.outcome);
    const other = visitor === 'elsewhere' ? elsewhere : 'connector-refused';
    expect(answer.outcome, answer.text).toBe(visitor === 'own' ? own : other);
    if (visitor !== 'own') expect(answer.after, 'nothing of the workspace is changed or locked').toBe(answer.before);
    expect(answer.text).not.toMatch(visitor === 'elsewhere' ? leaked() : /^$/);
  });
});

it('lets a connector confirm nothing of another workspace with work of its own', async () => {
  const confirmed = (artifactId: string) => ({
    ...{ taskId: 'task-elsewhere', fence: 1 },
    artifacts: [{ artifactId, state: 'released', externalId: null }],
  });
  for (const id of ['artifact-8', 'artifact-none']) {
    const answer = await tried(() => visit('elsewhere', 'confirm', confirmed(id)));
    expect(answer.outcome, id).toBe('not-found');
  }
});

describe('events.follow', () => {
  const told = async (caller: Caller) => {
    const stop = new AbortController();
    const answer = await handleTrpc(
      await requestOf(caller, `${ORIGIN}/api/trpc/events.follow?input=${encodeURIComponent('{"json":{"after":0}}')}`, {
        headers: { host: new URL(ORIGIN).host, accept: 'text/event-stream' },
        signal: stop.signal,
      }),
    );
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes('last of')) break;
    }
    stop.abort();
    return text;
  };

  beforeAll(async () => {
    for (const id of [site.workspaceId, ELSEWHERE])
      await site.db.execute(sql`insert into events (workspace_id, topic, kind, subject_id)
        values (${id}, 'runs', 'changed', ${`first of ${id}`}), (${id}, 'runs', 'changed', ${`last of ${id}`})`);
  });

  it.each(CALLERS)('%s', async (caller) => {
    const text = await told(caller);
    const refused = {
      anonymous: 'not-signed-in',
      ended: 'not-signed-in',
      'expired-key': 'access-key-expired',
      'revoked-key': 'access-key-refused',
    }[caller as string];
    seen.set(`events.follow ${caller}`, refused ?? 'done');
    const [own, other] = caller === 'elsewhere' ? [ELSEWHERE, site.workspaceId] : [site.workspaceId, ELSEWHERE];
    if (refused) expect(text).toMatch(new RegExp(`^(?!.* of ws-).*"${refused}"`, 's'));
    else expect(text).toContain(`first of ${own}`);
    expect(text).not.toContain(`of ${other}`);
  });
});

/** What answers without the API and the gateway, and to whom. */
const ROUTES: Record<string, string> = {
  'activity/export': 'members who may read the activity (`activity.read`), of their own workspace',
  'auth/[...nextauth]': 'everybody: signing in and out, with a token against forged forms',
  'connector/v1/[verb]': 'connectors: see above',
  health: 'everybody: whether the console and its database answer, and nothing of a workspace',
  'trpc/[trpc]': 'members: see above',
};

it('knows every route', async () => {
  const folder = path.resolve(import.meta.dirname, '../app/api');
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('route.ts'));
  expect(found.map((file) => path.dirname(file)).sort()).toEqual(Object.keys(ROUTES).sort());
  expect(await (await health()).text()).not.toMatch(leaked());
});

const WORDS: Record<string, string> = {
  done: 'yes',
  'permission-denied': 'no',
  'not-signed-in': 'sign in',
  'connector-refused': 'refused',
  'access-key-expired': 'expired',
  'access-key-refused': 'refused',
  'access-key-not-here': 'sign in',
  'not-found': 'not found',
  'lease-lost': 'not found',
  // For the state that things are in.
  conflict: 'yes',
  // It got as far as AWS, which is not there in this test.
  'aws-unreachable': 'yes',
};

it('is what docs/authorization.md says', async () => {
  const table = (head: string[], lines: string[][]) =>
    [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const cell = (entry: Entry, caller: Caller, outcome = '?') => {
    if (caller === 'elsewhere' && namesRows(entry)) return outcome === 'not-found' ? 'not found' : 'as unknown';
    if (caller === 'elsewhere' && entry.needs !== 'link') return 'own only';
    return outcome === entry.says ? 'yes' : (WORDS[outcome] ?? outcome);
  };
  const lines = ENTRIES.map(({ path: name, entry }) => [
    lineOf(name, entry),
    entry.needs === 'link' ? '(a link)' : entry.needs,
    ...CALLERS.map((caller) => cell(entry, caller, seen.get(`${lineOf(name, entry)} ${caller}`))),
  ]);
  const verbs = Object.keys(VERBS).map((verb) => [
    verb,
    ...VISITORS.map((visitor) => {
      const outcome = seen.get(`${verb} ${visitor}`) ?? '?';
      return visitor === 'elsewhere' && outcome === 'done' ? 'own only' : (WORDS[outcome] ?? outcome);
    }),
  ]);
  await expect(`# Who may do what

Written by \`server/authorization.test.ts\`, which calls every procedure and every verb in each of these roles and compares what
happens with what \`server/api/testing-procedures.ts\` and the [table of permissions](../server/access/permissions.ts) say. All
${ENTRIES.length * CALLERS.length + verbs.length * VISITORS.length} cells were seen as they stand here. To write it anew: \`npx vitest run server/authorization.test.ts -u\`.

- **yes**: done, or refused for the state that things are in. **no**: \`permission-denied\`, and nothing is written or locked.
- **sign in**: nobody is signed in, or the session was ended; nothing is written or locked.
- **expired**, **refused**: the access key that signed the request has ended; nothing is written or locked. A key that has not may
  what its role may, but not what is for browsers alone: there it says **sign in** too.
- **not found**: rows of another workspace are answered word for word as rows that are nowhere, nothing of the other workspace is
  changed or locked. **as unknown**: the same for what answers about several rows at once, which says so in its own way or leaves them out.
- **own only**: the call names no rows, and answers with those of the caller's own workspace.

## The API
${table(['Procedure', 'Permission', ...CALLERS.map((caller) => CALLER_LABELS[caller])], lines)}

\`events.follow\` is the live stream: each caller reads the events of the own workspace, and it ends when the session does.

## The connectors' gateway
${table(['Verb', ...VISITORS.map((visitor) => VISITOR_LABELS[visitor])], verbs)}

A one-time code is all that \`enrol\` goes by; here it was a wrong one.

## Routes
${table(
  ['Route', 'For'],
  Object.entries(ROUTES).map(([route, who]) => [`/api/${route}`, who]),
)}
`).toMatchFileSnapshot('../docs/authorization.md');
});
