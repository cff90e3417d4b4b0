// From a fact to somebody who is told: over a real database and queue, to a real HTTP receiver and SMTP server.
import { createHmac, randomBytes } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import { simpleParser } from 'mailparser';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import {
  connectors,
  notificationChannels,
  notificationDeliveries,
  notificationIncidents,
  replicationRuns,
  servers,
  tallies,
} from '../../../db/schema/index.ts';
import { fault } from '../../../replication/model/fault.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { type SmtpSink, smtpSink } from '../../mail/testing-smtp.ts';
import { onDelivery, stopQueue } from '../../queue/queue.ts';
import type { ProgramContext, ServiceContext } from '../context.ts';
import { createJobs } from '../jobs/create.ts';
import { startRun } from '../jobs/start-run.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { createChannel, deleteChannel, listChannels, updateChannel } from './channels.ts';
import { deliver, deliverOverdue } from './deliver.ts';
import { MOST_ATTEMPTS, trimDeliveries } from './deliveries.ts';
import { listDeliveries, replayDelivery, testChannel } from './log.ts';
import { ownChannel, saveOwnChannel } from './own.ts';
import { tendNotifications } from './tend.ts';
import { type Receiver, receiver } from './testing-receiver.ts';

let site: TestWorkspace;
let ctx: ProgramContext;
let hook: Receiver;
let sink: SmtpSink;
let jobs: string[];
/** The clock of everything here. */
let now: Date;

const MINUTE = 60_000;
const requestId = () => randomBytes(16).toString('hex');
const after = (minutes: number) => {
  now = new Date(now.getTime() + minutes * MINUTE);
};
const admin = () => ({ ...site.as('administrator'), now: () => now });

beforeAll(async () => {
  site = await testWorkspace();
  hook = await receiver();
  sink = await smtpSink();
  Object.assign(process.env, {
    LANDFALL_NOTIFY_PRIVATE: '1',
    LANDFALL_SMTP_URL: sink.url,
    LANDFALL_MAIL_FROM: 'landfall@example.com',
    LANDFALL_PUBLIC_URL: 'https://landfall.example.com/moves',
  });
  ctx = { ...site.ctx, now: () => now };
  await site.importServers(Array.from({ length: 12 }, (_, at) => catalogServer(`vm-${at}`)));
  const rows = await site.db.select({ serverId: servers.id }).from(servers);
  const settings = { everyHours: 24, seedAt: null, description: '', keepImages: null };
  jobs = (await createJobs(site.ctx, { servers: rows, settings })).jobIds;
  await site.db.delete(replicationRuns);
}, 120_000);

beforeEach(() => {
  now = new Date('2026-12-01T10:00:00Z');
  hook.got.length = 0;
  hook.answers.length = 0;
  sink.mails.length = 0;
  process.env.LANDFALL_NOTIFY_PRIVATE = '1';
});

afterEach(async () => {
  await stopQueue();
  await site.db.delete(replicationRuns);
  await site.db.update(connectors).set({ status: 'healthy', lastSeenAt: new Date() });
  for (const table of [notificationChannels, notificationDeliveries, notificationIncidents])
    await site.db.delete(table);
  await site.db.execute(sql`delete from notification_outbox`);
});

afterAll(async () => {
  await hook.close();
  await sink.close();
  await site.close();
});

const webhook = async (more: object = {}) => {
  const draft = {
    kind: 'webhook' as const,
    name: 'Hook',
    destination: hook.url,
    kinds: ['run-failed' as const],
    ...more,
  };
  return createChannel(admin(), { requestId: requestId(), ...draft });
};

/** A run of a job that has come to this; its id. */
async function run(at: number, set: Partial<typeof replicationRuns.$inferInsert>): Promise<string> {
  const jobId = jobs[at] as string;
  await startRun(site.ctx, { jobId });
  const [row] = await site.db
    .update(replicationRuns)
    .set({ ...set, waitingFor: null, waitingKind: null })
    .where(and(eq(replicationRuns.jobId, jobId), eq(replicationRuns.state, 'pending')))
    .returning({ id: replicationRuns.id });
  return row?.id as string;
}

/** Runs of these jobs, failed of one cause. */
async function fail(which: number[], code: 'vcenter-unreachable' | 'aws-credentials-refused' = 'vcenter-unreachable') {
  for (const at of which) {
    await run(at, { state: 'failed', fault: fault(code), endedAt: now });
  }
}

/** The clock goes on by so much, the tick comes, and everything that is due is sent. */
async function tend(minutes = 0) {
  after(minutes);
  await tendNotifications(ctx);
  await tendNotifications(ctx);
  const due = await site.db
    .select({ id: notificationDeliveries.id })
    .from(notificationDeliveries)
    .where(sql`state = 'waiting' and due_at <= ${now}`)
    .orderBy(notificationDeliveries.createdAt);
  for (const { id } of due) await deliver(ctx, id);
}

const bodies = () => hook.got.map(({ body }) => JSON.parse(body));
const told = () => bodies().map(({ data }) => [data.phase, data.count]);
const deliveries = () => site.db.select().from(notificationDeliveries).orderBy(notificationDeliveries.createdAt);

it('tells of one cause once, with the count, again while it grows, and when it is over', async () => {
  await webhook();
  await fail([0, 1, 2]);
  await tend();
  expect(told(), 'what is gathered').toEqual([]);
  await fail([3]);
  await tend(0.6);
  expect(told()).toEqual([['opened', 4]]);
  expect(bodies()[0]).toMatchObject({
    type: 'run-failed',
    data: {
      title: 'The latest run of 4 replication jobs failed: The connector cannot reach vCenter.',
      link: 'https://landfall.example.com/moves/jobs',
      workspace: { name: 'Test' },
    },
  });
  await fail([4, 5, 6, 7]);
  await tend(5);
  expect(told(), 'within a quarter of an hour').toHaveLength(1);
  await tend(11);
  expect(told().at(-1)).toEqual(['changed', 8]);
  await fail([8]);
  await tend(30);
  expect(told(), 'within the hour').toHaveLength(2);
  await tend(40);
  expect(told().at(-1)).toEqual(['changed', 9]);
  await site.db.delete(replicationRuns);
  await tend(1);
  expect(told(), 'it may come back').toHaveLength(3);
  await tend(3);
  expect(told().at(-1)).toEqual(['over', 9]);
  await tend(600);
  expect(told()).toHaveLength(4);
});

it('goes on with what comes back before it was over, and tells nothing of what passes by itself', async () => {
  await webhook();
  await fail([0]);
  await site.db.delete(replicationRuns);
  await tend(1);
  await fail([0]);
  await tend(0);
  await tend(1);
  await site.db.delete(replicationRuns);
  await tend(1);
  await fail([0]);
  await tend(1);
  await tend(5);
  expect(told()).toEqual([['opened', 1]]);
});

it('does not tell each time of what comes and goes', async () => {
  await webhook();
  for (let times = 0; times < 20; times += 1) {
    await fail([0]);
    await tend();
    await tend(1);
    await site.db.delete(replicationRuns);
    await tend();
    await tend(2);
  }
  // An hour of it: at its beginning, after a quarter of an hour, and each time when it was over.
  const phases = told().map(([phase]) => phase);
  expect(phases).toEqual(['opened', 'over', 'opened', 'over']);
  await tend(61);
  await tend(1);
  expect(await site.db.select().from(notificationIncidents)).toEqual([]);
});

it('drops what could not be delivered yet when there is something newer to tell of the same', async () => {
  await webhook();
  hook.answers.push({ code: 500 }, { code: 500 });
  await fail([0]);
  await tend();
  await tend(1);
  await tend(0.2);
  expect(await deliveries()).toMatchObject([{ state: 'waiting', attempts: 2 }]);
  await site.db.delete(replicationRuns);
  await tendNotifications(ctx);
  after(3);
  await tendNotifications(ctx);
  expect((await deliveries()).map(({ state }) => state)).toEqual(['dropped', 'waiting']);
  await tend(60);
  expect(told().map(([phase]) => phase)).toEqual(['opened', 'opened', 'over']);
});

it('looks again in a minute, and not at each tick, at what is counted and cannot be named', async () => {
  const { workspaceId } = site;
  const counted = { name: 'attention' as const, bucket: 'failed-runs/vcenter-unreachable', readBytes: 0, sentBytes: 0 };
  await site.db.insert(tallies).values({ ...counted, workspaceId, count: 1 });
  const cause = { workspaceId, about: 'failed-runs', cause: 'vcenter-unreachable' };
  await site.db.insert(notificationIncidents).values({ ...cause, openedAt: now, lookAt: now });
  await tendNotifications(ctx);
  await site.db.insert(tallies).values({ ...counted, workspaceId, count: -1 });
  const [row] = await site.db.select().from(notificationIncidents);
  expect(row?.lookAt).toEqual(new Date(now.getTime() + MINUTE));
});

it('writes nothing while nobody may be told', async () => {
  await fail([0]);
  const { rows } = await site.db.execute(sql`select * from notification_outbox`);
  expect(rows).toEqual([]);
});

it('keeps the fact with its transaction: what is rolled back is not told, and a death before the tick loses nothing', async () => {
  await webhook();
  await site.db
    .transaction(async (tx) => {
      await tx.update(connectors).set({ status: 'unhealthy' });
      throw new Error('the change failed');
    })
    .catch(() => {});
  const outbox = async () => (await site.db.execute(sql`select about from notification_outbox`)).rows;
  expect(await outbox()).toEqual([]);
  await fail([0]);
  // Whoever did that is gone; another worker comes later.
  await stopQueue();
  expect(await outbox()).not.toEqual([]);
  await tend();
  await tend(1);
  expect(told()).toEqual([['opened', 1]]);
});

it('is sent by the queue, also where the worker died between writing the delivery and sending it', async () => {
  await webhook();
  await fail([0]);
  await tendNotifications(ctx);
  after(1);
  await tendNotifications(ctx);
  await stopQueue();
  expect(hook.got).toEqual([]);
  await onDelivery((id) => deliver(ctx, id));
  await vi.waitFor(() => expect(told()).toEqual([['opened', 1]]), 20_000);
});

it('takes over what a worker that died had in its hands, with the same id, and not while another has it', async () => {
  await webhook();
  await fail([0]);
  await tend();
  hook.answers.push('hang');
  after(1);
  await tendNotifications(ctx);
  const [row] = await deliveries();
  // It was sent, and the process died before it could write down the answer.
  const dying = deliver(ctx, row?.id as string);
  await vi.waitFor(() => expect(hook.got).toHaveLength(1));
  await deliver(ctx, row?.id as string);
  await deliverOverdue(ctx);
  expect(hook.got).toHaveLength(1);
  after(2);
  await deliverOverdue(ctx);
  expect(hook.got).toHaveLength(2);
  expect(new Set(hook.got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(await deliveries()).toMatchObject([{ state: 'delivered', attempts: 2 }]);
  // The first one's end comes late and changes nothing.
  hook.hangUp();
  await dying;
  expect(await deliveries()).toMatchObject([{ state: 'delivered', attempts: 2, answerCode: 204 }]);
}, 30_000);

it('tries again after 503, no sooner than the receiver asks, and gives up in the end', async () => {
  await webhook();
  hook.answers.push({ code: 503, body: 'come back later', headers: { 'retry-after': '120' } });
  await fail([0]);
  await tend();
  await tend(1);
  expect(await deliveries()).toMatchObject([{ state: 'waiting', answerCode: 503, answer: 'come back later' }]);
  await tend(1);
  expect(hook.got).toHaveLength(1);
  await tend(1.1);
  expect(await deliveries()).toMatchObject([{ state: 'delivered', attempts: 2, answerCode: 204 }]);
  const [one] = await deliveries();
  hook.answers.push(...Array.from({ length: MOST_ATTEMPTS }, () => ({ code: 500 })));
  await replayDelivery(admin(), { deliveryId: one?.id as string, requestId: requestId() });
  for (let at = 0; at < MOST_ATTEMPTS + 3; at += 1) await tend(600);
  expect((await deliveries()).find(({ id }) => id !== one?.id)).toMatchObject({
    ...{ state: 'failed', attempts: MOST_ATTEMPTS, answerCode: 500, error: 'It answered 500.' },
  });
});

it('signs by Standard Webhooks, and a replay has the same id', async () => {
  const { id, secret } = await webhook();
  await fail([0]);
  await tend();
  await tend(1);
  const [one] = await deliveries();
  const again = { deliveryId: one?.id as string, requestId: requestId() };
  await replayDelivery(admin(), again);
  await replayDelivery(admin(), again);
  await tend(1);
  expect(hook.got).toHaveLength(2);
  expect(hook.got[0]?.body).toBe(hook.got[1]?.body);
  for (const { headers, body } of hook.got) {
    const key = Buffer.from(String(secret).slice('whsec_'.length), 'base64');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(headers['webhook-id']).toBe(one?.messageId);
  }
  const { rows } = await site.db.execute(sql`select secret::text from notification_channels`);
  expect(JSON.stringify(rows)).not.toContain(String(secret).slice(6));
  await deleteChannel(admin(), { channelId: id });
  const { rows: trail } = await site.db.execute(sql`select before, after from audit where subject_id = ${id}`);
  expect(JSON.stringify(trail)).not.toContain(String(secret).slice(6));
  // The rest of the address may be as good as a key, and everybody reads the trail.
  expect(JSON.stringify(trail)).toContain(`${new URL(hook.url).origin}/…`);
  expect(JSON.stringify(trail)).not.toContain('/hook');
});

it('follows no redirect and goes to no address that is refused', async () => {
  hook.answers.push({ code: 302, headers: { location: `${hook.url}/elsewhere` } });
  const { id } = await webhook();
  const first = await testChannel(admin(), { channelId: id, requestId: requestId() });
  expect(first).toMatchObject({ state: 'failed', answerCode: 302 });
  expect(hook.got.map(({ path }) => path)).toEqual(['/hook']);
  process.env.LANDFALL_NOTIFY_PRIVATE = '10.0.0.0/8';
  const second = await testChannel(admin(), { channelId: id, requestId: requestId() });
  expect(second).toMatchObject({ state: 'failed', answerCode: null });
  expect(second.error).toContain('LANDFALL_NOTIFY_PRIVATE');
  expect(hook.got).toHaveLength(1);
});

it('holds everything in quiet hours but what is urgent, and tells then how things are', async () => {
  const quietHours = { from: '22:00', to: '07:00', zone: 'Europe/Berlin', exceptUrgent: true };
  await webhook({ quietHours, kinds: ['run-failed', 'cutover-waits'] });
  now = new Date('2026-12-01T21:30:00Z');
  await fail([0, 1]);
  await tend();
  await tend(1);
  await fail([2]);
  await tend(70);
  expect(told()).toEqual([]);
  expect(await deliveries()).toMatchObject([{ state: 'waiting', held: true, dueAt: new Date('2026-12-02T06:00:00Z') }]);
  await site.db.execute(sql`insert into cutovers (id, workspace_id, job_id, server_name, step, created_by, options, state, start_at, question)
    values ('cutover-q', ${site.workspaceId}, ${jobs[9]}, 'vm-9', 'check', 'me', '{}', 'active', now(),
      ${JSON.stringify({ number: 1, text: 'Go on?', detail: null, choices: [], askedAt: now.toISOString() })}::jsonb)`);
  await tend();
  expect(bodies().map(({ type }) => type)).toEqual(['cutover-waits']);
  now = new Date('2026-12-02T06:00:10Z');
  await tend();
  expect(told().slice(1)).toEqual([['changed', 3]]);
  await site.db.execute(sql`delete from cutovers`);
});

it('tells of a connector and of a target that runs fail of', async () => {
  await webhook({ kinds: ['connector-unhealthy', 'target-out-of-order'] });
  await site.db.update(connectors).set({ status: 'unhealthy', statusReason: 'it no longer answers' });
  await fail([0, 1], 'aws-credentials-refused');
  await tend();
  await tend(1);
  expect(
    bodies()
      .map(({ type, data }) => `${type}: ${data.title}`)
      .sort(),
  ).toEqual([
    'connector-unhealthy: Connector North is unhealthy',
    'target-out-of-order: AWS target Main is out of order',
  ]);
});

it("tells machines of each job's change of state, in SMS's own shape", async () => {
  await webhook({ kinds: ['job-state-change'] });
  await fail([0]);
  const runId = await run(1, { state: 'completed', imageId: 'ami-0123456789abcdef0' });
  await tend();
  expect(bodies().map(({ data }) => data.sms.detail)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ state: 'Failed', 'replication-job-id': jobs[0], version: '1.0' }),
      {
        ...{ state: 'Completed', 'replication-job-id': jobs[1], 'replication-run-id': runId },
        ...{ 'ami-id': 'ami-0123456789abcdef0', version: '1.0' },
      },
    ]),
  );
  expect(
    await faultCode(
      createChannel(admin(), {
        requestId: requestId(),
        kind: 'slack',
        name: 'S',
        destination: hook.url,
        kinds: ['job-state-change'],
      }),
    ),
  ).toBe('input-invalid');
});

it('sends mail to a workspace’s addresses and to members as they are now', async () => {
  await createChannel(admin(), {
    ...{ requestId: requestId(), kind: 'email', name: 'Ops', destination: 'a@example.com; b@example.com' },
    kinds: ['run-failed'],
  });
  const own = site.as('viewer') as ServiceContext & { principal: MemberPrincipal };
  await saveOwnChannel(own, { enabled: true, kinds: ['run-failed'], quietHours: null });
  expect(await ownChannel(own)).toMatchObject({ enabled: true, kinds: ['run-failed'], email: 'viewer@example.com' });
  await fail([0]);
  await tend();
  await tend(1);
  expect(sink.mails.map(({ to }) => to).sort()).toEqual([['a@example.com', 'b@example.com'], ['viewer@example.com']]);
  const mail = await simpleParser(sink.mails[0]?.raw ?? '');
  expect(mail.subject).toBe('[Test] The latest run of 1 replication job failed: The connector cannot reach vCenter.');
  expect(mail.text).toContain('What to do: Check that vCenter is up');
  const page = { page: 1, pageSize: 10, cursor: null, sort: null, filter: { operation: 'and' as const, tokens: [] } };
  const log = await listDeliveries(admin(), page);
  expect(log.items.map(({ channelName }) => channelName)).toEqual(['Ops']);
});

it('makes one channel of two clicks, keeps its secret address to itself, and drops what waits for one that is gone', async () => {
  const draft = {
    requestId: requestId(),
    kind: 'slack' as const,
    name: 'Slack',
    destination: `${hook.url}?key=hidden-part`,
    kinds: ['run-failed' as const],
  };
  const { id } = await createChannel(admin(), draft);
  await createChannel(admin(), draft);
  const listed = await listChannels(admin());
  expect(listed.channels).toHaveLength(1);
  expect(JSON.stringify(listed)).not.toContain('hidden-part');
  expect(await faultCode(createChannel(admin(), { ...draft, requestId: requestId() }))).toBe('conflict');
  const change = {
    channelId: id,
    version: 1,
    destination: '',
    name: 'Renamed',
    enabled: true,
    quietHours: null,
    kinds: ['run-failed'],
  };
  await updateChannel(admin(), change);
  expect(await faultCode(updateChannel(admin(), change))).toBe('conflict');
  await testChannel(admin(), { channelId: id, requestId: requestId() });
  expect(hook.got.at(-1)?.path).toContain('hidden-part');
  expect(JSON.parse(hook.got.at(-1)?.body ?? '{}').blocks[0].text.text).toBe('Test of a notification channel');
  await fail([0]);
  await tendNotifications(ctx);
  after(1);
  await tendNotifications(ctx);
  await deleteChannel(admin(), { channelId: id });
  expect((await deliveries()).map(({ state }) => state)).toEqual(['delivered', 'dropped']);
});

it('keeps the log for thirty days', async () => {
  const { id } = await webhook();
  await testChannel(admin(), { channelId: id, requestId: requestId() });
  await trimDeliveries(ctx);
  expect(await deliveries()).toHaveLength(1);
  after(31 * 24 * 60);
  await trimDeliveries(ctx);
  expect(await deliveries()).toEqual([]);
});
