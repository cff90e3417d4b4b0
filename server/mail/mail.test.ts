// Mail from the queue to a real SMTP server.
import { sql } from 'drizzle-orm';
import { simpleParser } from 'mailparser';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../db/client.ts';
import { createTestDatabase, type TestDatabase } from '../../db/testing.ts';
import { onMail, stopQueue } from '../queue/queue.ts';
import { mailIsSet, queueMail } from './queue-mail.ts';
import { sendQueuedMail } from './send-queued.ts';
import { MailError, sendBySmtp } from './smtp.ts';
import { type SmtpSink, smtpSink } from './testing-smtp.ts';

let database: TestDatabase;
let db: Database;
let sink: SmtpSink;
const LINK = 'https://landfall.example.com/invitation/a-secret-of-the-link';

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url);
  process.env.DATABASE_URL = database.url;
  process.env.LANDFALL_SECRET_KEY = `test:${'A'.repeat(43)}=`;
  sink = await smtpSink();
  Object.assign(process.env, { LANDFALL_SMTP_URL: sink.url, LANDFALL_MAIL_FROM: 'Landfall <landfall@example.com>' });
}, 60_000);
afterEach(() => stopQueue());
afterAll(async () => {
  await sink.close();
  await db.$client.end();
  await database.drop();
});

const mail = (to: string, text = LINK) => ({ workspaceId: 'ws-mail', to, subject: 'You are invited', text });
const arrived = (to: string) => sink.mails.filter((one) => one.to.includes(to));

it('is sent once the transaction has committed, also where whoever queued it is gone', async () => {
  await db.transaction((tx) => queueMail(tx, mail('ann@example.com')));
  await db
    .transaction(async (tx) => {
      await queueMail(tx, mail('never@example.com'));
      throw new Error('the change failed');
    })
    .catch(() => {});
  // Nobody listened until here; all that is left of it lies in the database, where nobody can read the link.
  await stopQueue();
  const { rows } = await db.execute(sql`select data::text as data from pgboss.job where name = 'send-mail'`);
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain('a-secret-of-the-link');
  await onMail(sendQueuedMail);
  await vi.waitFor(() => expect(arrived('ann@example.com')).toHaveLength(1), 20_000);
  const got = await simpleParser(arrived('ann@example.com')[0]?.raw ?? '');
  expect(got.text).toContain(LINK);
  expect(got.subject).toBe('You are invited');
  expect(got.from?.text).toContain('landfall@example.com');
  expect(arrived('never@example.com')).toEqual([]);
});

it('is tried again while the server is busy, and never after it was taken', async () => {
  sink.answers.push({ code: 451, text: 'greylisted' });
  await db.transaction((tx) => queueMail(tx, mail('busy@example.com')));
  await onMail(sendQueuedMail);
  await vi.waitFor(async () => {
    // Its pause, half a minute and more, is over.
    const { rowCount } = await db.execute(
      sql`update pgboss.job set start_after = now() where name = 'send-mail' and state = 'retry'`,
    );
    expect(rowCount === 1 || arrived('busy@example.com').length === 1).toBe(true);
  }, 20_000);
  await vi.waitFor(() => expect(arrived('busy@example.com')).toHaveLength(1), 20_000);
  await vi.waitFor(async () => {
    const { rows } = await db.execute(
      sql`select 1 from pgboss.job where name = 'send-mail' and state in ('created', 'retry', 'active')`,
    );
    expect(rows).toEqual([]);
  }, 20_000);
});

it('is given up when the server refuses it for good', async () => {
  sink.answers.push({ code: 550, text: 'no such mailbox' });
  const error = await sendBySmtp({ id: 'mail-1', to: ['nobody@example.com'], subject: 's', text: 't' }).catch(
    (one: unknown) => one,
  );
  expect(error).toBeInstanceOf(MailError);
  expect(error).toMatchObject({ final: true, answer: { code: 550 } });
});

it('does not wait for ever for a server that says nothing', async () => {
  const silent = await smtpSink({ silent: true });
  const source = { ...process.env, LANDFALL_SMTP_URL: silent.url };
  const error = await sendBySmtp({ id: 'mail-2', to: ['a@example.com'], subject: 's', text: 't' }, source, 300).catch(
    (one: unknown) => one,
  );
  expect(error).toMatchObject({ name: 'MailError', final: false });
  await silent.close();
});

it('needs a server, a sender and a key to seal with', () => {
  const all = {
    LANDFALL_SMTP_URL: 'smtp://mail',
    LANDFALL_MAIL_FROM: 'a@b.c',
    LANDFALL_SECRET_KEY: process.env.LANDFALL_SECRET_KEY,
  };
  expect(mailIsSet(all)).toBe(true);
  for (const name of Object.keys(all)) expect(mailIsSet({ ...all, [name]: undefined })).toBe(false);
});
