// A workspace with some of everything, another one beside it, and callers of every kind with their cookies. Each call is made over
// HTTP, in a transaction that can be taken back. Imported by *.test.ts in server only.

import { createHash, randomBytes } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import superjson from 'superjson';
import type { Queries } from '../../db/client.ts';
import { accessKeys, members, sessions, users, workspaces } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { ROLE_LABELS, ROLES, type Role } from '../access/permissions.ts';
import { type Signer, signedHeaders } from '../access/testing-signature.ts';
import { testCookie } from '../auth/testing-cookie.ts';
import { systemContext } from '../services/context.ts';
import { createAccessKey, revokeAccessKey } from '../services/people/access-keys.ts';
import { invite } from '../services/people/invite.ts';
import { createTarget } from '../services/targets/create.ts';
import { type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { fillFleet } from '../services/testing-fleet.ts';
import { handleTrpc } from './handle.ts';
import { appRouter } from './root.ts';
import { away, type NamedRows, type ProcedurePath } from './testing-procedures.ts';

export const ORIGIN = 'http://console.test';
export const ELSEWHERE = 'ws-elsewhere' as WorkspaceId;
const EXPIRES = new Date(Date.now() + 3_600_000);

const KEYS = ['key', 'expired-key', 'revoked-key'] as const;
const isKey = (caller: Caller): caller is (typeof KEYS)[number] => KEYS.some((key) => key === caller);
/** Who calls. */
export const CALLERS = ['anonymous', ...ROLES, 'elsewhere', 'ended', ...KEYS] as const;
export type Caller = (typeof CALLERS)[number];
export const CALLER_LABELS: Record<Caller, string> = {
  anonymous: 'Nobody',
  ...ROLE_LABELS,
  elsewhere: 'Administrator elsewhere',
  ended: 'Ended session',
  key: "Administrator's access key",
  'expired-key': 'Expired key',
  'revoked-key': 'Revoked key',
};

export let site: TestWorkspace;
export let rows: NamedRows;
/** The same kinds of rows in a state in which most is refused: a run and a cutover go on. */
export let busy: NamedRows;
export const NOWHERE: NamedRows = {
  ...{ connector: 'c-none', code: 'code-none', server: 's-none', job: 'sms-job-none', image: 'ami-none' },
  ...{ run: 'sms-run-none', activeRun: 'sms-run-gone', instance: 'launch-none', finalInstance: 'launch-gone' },
  ...{ cutover: 'cutover-none', plannedCutover: 'cutover-gone', leftOver: 'artifact-none', target: 'target-none' },
  ...{ invitation: 'invitation-none', member: 'member-none', session: 'session-none', accessKey: 'LFKANONE' },
  ...{ channel: 'channel-none', delivery: 'dlv-none' },
};
export const cookies = new Map<Caller, string>();
const keys = new Map<Caller, Signer>();

/** The workspace, another one, and somebody of each kind who is signed in. */
export async function openSite(): Promise<void> {
  process.env.NEXTAUTH_URL = ORIGIN;
  process.env.NEXTAUTH_SECRET = randomBytes(32).toString('hex');
  process.env.LANDFALL_LAB = '1';
  // The STS that is believed.
  process.env.LANDFALL_AWS_ENDPOINT_STS = away.sts;
  process.env.LOG_LEVEL = 'silent';
  site = await testWorkspace();
  const { db, workspaceId, connectorId, targetId } = site;
  await fillFleet(db, { workspaceId, connectorId, size: 120 });
  await db.execute(sql`update aws_target_places set endpoints = ${JSON.stringify(away)}::jsonb`);
  await db.execute(sql`update instances set purpose = 'final' where id = 'launch-20'`);
  await db.execute(sql`update artifacts set release_attempts = 9, run_id = 'sms-run-7', release_fault = '{"code": "aws-away"}'
    where id = 'artifact-7'`);
  await db.execute(sql`insert into enrolment_codes (id, workspace_id, code_hash, created_by, expires_at)
    values ('code-1', ${workspaceId}, 'hash', 'somebody', ${EXPIRES.toISOString()})`);
  await db.execute(sql`select rebuild_attention()`);
  const { id: invitation } = await invite(site.as('administrator'), { email: 'i@example.com', role: 'viewer' });
  await db.execute(sql`insert into notification_channels (id, workspace_id, kind, name, destination, kinds, created_by)
    values ('channel-1', ${workspaceId}, 'email', 'Operations', 'ops@example.com', '["run-failed"]', 'somebody')`);
  await db.execute(sql`insert into notification_deliveries (id, workspace_id, channel_id, channel_name, channel_kind, kind, title,
    message, message_id, state) values ('dlv-1', ${workspaceId}, 'channel-1', 'Operations', 'email', 'run-failed', 'Failed', '{}', 'dlv-1', 'failed')`);
  rows = {
    ...{ connector: connectorId, code: 'code-1', server: 's-7', job: 'sms-job-7', image: 'ami-7', run: 'sms-run-7' },
    ...{ activeRun: 'sms-run-1', instance: 'launch-10', finalInstance: 'launch-20', cutover: 'cutover-3' },
    ...{ plannedCutover: 'cutover-4', leftOver: 'artifact-7', target: targetId, session: 'session-colleague' },
    ...{ invitation, member: 'member-c', accessKey: '', channel: 'channel-1', delivery: 'dlv-1' },
  };
  busy = { ...rows, server: 's-3', job: 'sms-job-3', run: 'sms-run-3', image: 'ami-3' };
  await db.insert(workspaces).values({ id: ELSEWHERE, name: 'Elsewhere' });
  await db.insert(users).values({ id: 'user-e', email: 'e@example.com', name: 'Elsewhere', passwordHash: '-' });
  await db.insert(members).values({ id: 'member-e', workspaceId: ELSEWHERE, userId: 'user-e', role: 'administrator' });
  await db.insert(users).values({ id: 'user-c', email: 'c@example.com', name: 'Colleague', passwordHash: '-' });
  // Nobody is the only administrator.
  await db
    .insert(users)
    .values({ id: 'user-d', email: 'd@example.com', name: 'Colleague elsewhere', passwordHash: '-' });
  const role = 'administrator' as const;
  await db.insert(members).values([
    { id: 'member-c', workspaceId, userId: 'user-c', role },
    { id: 'member-d', workspaceId: ELSEWHERE, userId: 'user-d', role },
  ]);
  await db.insert(sessions).values({ id: 'session-colleague', userId: 'user-c', expiresAt: EXPIRES });
  await makeKeys();
  await createTarget(systemContext(db, ELSEWHERE, 'test'), { name: 'Other', region: 'eu-west-1', bucket: 'other' });
  await db.execute(sql`insert into connectors select (jsonb_populate_record(c, ${'{"id": "c-elsewhere", "workspace_id": "ws-elsewhere", "name": "Theirs"}'}::jsonb)).*
    from connectors c where id = ${connectorId}`);
  for (const [id, connector, workspace] of [
    ['task-own', connectorId, workspaceId],
    ['task-elsewhere', 'c-elsewhere', ELSEWHERE],
  ])
    await db.execute(sql`insert into tasks (id, workspace_id, kind, place, connector_id, holder, fence, lease_until)
      values (${id}, ${workspace}, 'import-catalog', 'connector', ${connector}, ${`${connector}/1`}, 1, ${EXPIRES.toISOString()})`);
  await db.execute(sql`insert into tasks (id, workspace_id, kind, place, connector_id, run_id, step_id, holder, fence, lease_until)
    values ('task-run', ${workspaceId}, 'step', 'connector', ${connectorId}, 'sms-run-1', 'copy-disks', ${`${connectorId}/1`}, 1, ${EXPIRES.toISOString()})`);
  await db.execute(sql`update aws_targets set connector_sign_in = 'lent' where id = ${targetId}`);
  await db.execute(sql`update connectors set token_hash = ${createHash('sha256').update('token').digest('hex')}`);
  await db.execute(sql`insert into connectors select (jsonb_populate_record(c, '{"id": "c-gone", "disassociated_at": "2026-01-01", "name": "Gone"}'::jsonb)).*
    from connectors c where id = ${connectorId}`);
  const of = (role: Role) => (site.as(role).principal as { userId: string }).userId;
  for (const caller of CALLERS) {
    if (caller === 'anonymous' || isKey(caller)) continue;
    const userId = caller === 'elsewhere' ? 'user-e' : of(caller === 'ended' ? 'administrator' : caller);
    const sessionId = `session-${caller}`;
    const endedAt = caller === 'ended' ? new Date() : null;
    await db.insert(sessions).values({ id: sessionId, userId, expiresAt: EXPIRES, endedAt });
    const workspace = caller === 'elsewhere' ? ELSEWHERE : workspaceId;
    cookies.set(caller, await testCookie({ sessionId, userId, sessionVersion: 1, workspaceId: workspace }));
  }
}

type Own = Parameters<typeof createAccessKey>[0];
let made = 0;

/** As if it was used after everything here, so that another use has nothing to note. */
async function newKey(ctx: Own): Promise<Signer> {
  made += 1;
  const requestId = String(made).padStart(32, '0');
  const key = await createAccessKey(ctx, { requestId, name: 'Test', role: 'administrator', days: 1 });
  await site.db.update(accessKeys).set({ lastUsedAt: EXPIRES }).where(eq(accessKeys.id, key.id));
  return key;
}

async function makeKeys(): Promise<void> {
  const administrator = site.as('administrator') as Own;
  for (const caller of KEYS) keys.set(caller, await newKey(administrator));
  const [expired, revoked] = [keys.get('expired-key') as Signer, keys.get('revoked-key') as Signer];
  await site.db
    .update(accessKeys)
    .set({ expiresAt: new Date(0) })
    .where(eq(accessKeys.id, expired.id));
  await revokeAccessKey(administrator, { keyId: revoked.id });
  const colleague = { ...administrator.principal, memberId: 'member-c', userId: 'user-c' };
  rows.accessKey = (await newKey({ ...administrator, principal: colleague })).id;
  busy.accessKey = rows.accessKey;
}

export interface Answer {
  /** `done`, or the fault's code. */
  outcome: string;
  text: string;
}

/** A request with the caller's cookie, or signed with the caller's key. */
export async function requestOf(
  caller: Caller,
  url: string,
  { headers = {}, ...more }: { method?: string; body?: string; headers?: Record<string, string>; signal?: AbortSignal },
): Promise<Request> {
  const key = keys.get(caller);
  if (!key) return new Request(url, { ...more, headers: { ...headers, cookie: cookies.get(caller) ?? '' } });
  const { origin, cookie, ...rest } = headers;
  return new Request(url, { ...more, headers: await signedHeaders(url, key, { ...more, headers: rest }) });
}

let calls = 0;

export async function call(caller: Caller, name: ProcedurePath, input: unknown): Promise<Answer> {
  const procedures: object = appRouter._def.procedures;
  const { type } = (procedures as Record<ProcedurePath, { _def: { type: string } }>)[name]._def;
  // Attempts are counted by address.
  calls += 1;
  const headers = {
    'x-forwarded-for': `10.0.${calls >> 8}.${calls & 255}`,
    origin: ORIGIN,
    host: new URL(ORIGIN).host,
  };
  const body = JSON.stringify(superjson.serialize(input));
  const path = `${ORIGIN}/api/trpc/${name}`;
  const [url, more] =
    type === 'mutation'
      ? [path, { method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' } }]
      : [`${path}?input=${encodeURIComponent(body)}`, { method: 'GET', headers }];
  const answer = await handleTrpc(await requestOf(caller, url, more));
  const text = await answer.text();
  const { error } = JSON.parse(text) as { error?: { json: { data: { fault: { code: string } } } } };
  return { outcome: error?.json.data.fault.code ?? 'done', text };
}

const slot = globalThis as { landfallDatabase?: unknown };
const TAKEN_BACK = new Error('taken back');

/** What comes of it, all of whose statements are taken back; and whether it wrote or locked anything. */
export async function tried<T>(work: (tx: Queries) => Promise<T>): Promise<T & { touched: boolean }> {
  let result: (T & { touched: boolean }) | undefined;
  await site.db
    .transaction(async (tx) => {
      // Attempts are counted on a connection of their own, and stay counted.
      slot.landfallDatabase = Object.assign(tx, { $client: site.db.$client });
      const answer = await work(tx);
      const { rows: found } = await tx.execute<{ id: string | null }>(sql`select pg_current_xact_id_if_assigned() id`);
      result = { ...answer, touched: found[0]?.id !== null };
      throw TAKEN_BACK;
    })
    .catch((error) => {
      if (error !== TAKEN_BACK) throw error;
    })
    .finally(() => {
      slot.landfallDatabase = site.db;
    });
  return result as T & { touched: boolean };
}

/** All rows of the workspace as one text, with who holds or changed them last. */
export async function contentsOf(tx: Queries): Promise<string> {
  const { rows: tables } = await tx.execute<{ name: string }>(sql`
    select table_name name from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema = 'public' and column_name = 'workspace_id' and table_type = 'BASE TABLE' order by 1`);
  const hashes: string[] = [];
  for (const { name } of tables) {
    const table = sql.raw(`"${name}"`);
    const { rows: found } = await tx.execute<{ hash: string | null }>(
      sql`select md5(string_agg(text, '|' order by text)) hash
        from (select t.xmin::text || t.xmax || t as text from ${table} t where workspace_id = ${site.workspaceId}) rows`,
    );
    hashes.push(`${name} ${found[0]?.hash}`);
  }
  return hashes.join('\n');
}
