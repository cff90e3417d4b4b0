import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors, tasks } from '../../db/schema/index.ts';
import { importCatalog } from '../services/catalog/import.ts';
import { createEnrolmentCode } from '../services/connectors/enrol.ts';
import { MOST_LOSSES } from '../services/leases/lease.ts';
import { type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { handleGateway } from './gateway.ts';

let site: TestWorkspace;
let token = '';

beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

async function ask(verb: string, body: unknown, options: { url?: string; token?: string } = {}) {
  const answer = await handleGateway(
    new Request(options.url ?? `http://127.0.0.1/api/connector/v1/${verb}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${options.token ?? token}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
    verb,
  );
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown> & { fault?: { code: string; message: string } },
  };
}

const about = { name: 'South', version: '1', host: 'south', addresses: [] };
const vmManager = { type: 'vsphere', url: 'https://vc', name: 'vc', id: 'vc', version: '8' };

describe('the gateway', () => {
  it('enrols with a one-time code, greets, and hands out work', async () => {
    const { code } = await createEnrolmentCode(site.as('administrator'));
    const enrolled = await ask('enrol', { ...about, vmManager, code });
    expect(enrolled.status).toBe(200);
    token = String(enrolled.body.token);
    const hello = await ask('hello', { ...about, vmManager });
    expect(hello).toMatchObject({ status: 200, body: { session: 1 } });
    expect(await ask('claim', { session: 1, free: 1, waitSeconds: 0 })).toMatchObject({
      status: 200,
      body: { tasks: [], checkNow: false },
    });
  });

  it.each([
    [
      'a wrong token',
      'claim',
      { session: 1, free: 1, waitSeconds: 0 },
      { token: 'c-1.wrong' },
      401,
      'connector-refused',
    ],
    ['an older process', 'claim', { session: 0, free: 1, waitSeconds: 0 }, {}, 409, 'connector-superseded'],
    [
      'a process whose session a restored database does not know',
      'claim',
      { session: 7, free: 1, waitSeconds: 0 },
      {},
      409,
      'connector-session-unknown',
    ],
    [
      'one that stands by while another works',
      'hello',
      { ...about, vmManager, standBy: true },
      {},
      409,
      'connector-superseded',
    ],
    [
      'a task that it does not hold',
      'settle',
      { taskId: 'task-1', fence: 1, outcome: { ok: true, result: {} } },
      {},
      409,
      'lease-lost',
    ],
    ['a message of the wrong shape', 'claim', { session: 'one' }, {}, 400, 'input-invalid'],
    ['what is no JSON', 'claim', '{', {}, 400, 'input-invalid'],
    ['an unknown verb', 'destroy', {}, {}, 404, 'not-found'],
    ['a name of Object', 'constructor', {}, {}, 404, 'not-found'],
    ['plain HTTP from elsewhere', 'hello', about, { url: 'http://landfall.example.com/api' }, 401, 'connector-refused'],
    ['a message that is too large', 'hello', `"${'x'.repeat(17 * 1024 * 1024)}"`, {}, 400, 'input-invalid'],
  ])('refuses %s', async (_what, verb, body, options, status, code) => {
    const answer = await ask(verb, body, options);
    expect([answer.status, answer.body.fault?.code]).toEqual([status, code]);
  });

  it('takes the words of a platform whatever they hold, and keeps them as far as its database can', async () => {
    const odd = {
      id: 'clock',
      label: 'Clock \u0000',
      ok: false,
      level: 'advice',
      detail: `\ud83d${'💾'.repeat(4000)}`,
    };
    expect(await ask('report-health', { session: 1, checks: [odd], rateBytesPerSecond: 0 })).toMatchObject({
      status: 200,
    });
    const rows = await site.db.select().from(connectors);
    const [check] = rows.flatMap(({ checks }) => checks).filter(({ id }) => id === 'clock');
    expect(check?.label).toBe('Clock \ufffd');
    expect(check?.detail).toMatch(/^\ufffd(💾)+…$/u);
  });

  it('never says what failed inside', async () => {
    const { db } = site;
    await db.execute('alter table connectors rename to connectors_away');
    const answer = await ask('hello', about);
    await db.execute('alter table connectors_away rename to connectors');
    expect(answer).toMatchObject({ status: 500, body: { fault: { code: 'internal' } } });
    expect(JSON.stringify(answer.body)).not.toMatch(/connectors|select|relation/);
  });

  it('takes work back from a connector that stops, however often it is started anew, and calls none of it lost', async () => {
    await importCatalog(site.as('administrator'), {});
    const begun = async () => {
      const { session } = (await ask('hello', { ...about, vmManager })).body;
      const { tasks: claimed } = (await ask('claim', { session, free: 1, waitSeconds: 0 })).body;
      return (claimed as { id: string; fence: number }[])[0];
    };
    for (let starts = 1; starts <= MOST_LOSSES + 1; starts += 1) {
      const task = await begun();
      expect(task).toMatchObject({ fence: starts });
      const held = { taskId: task?.id, fence: task?.fence };
      expect(await ask('give-back', held)).toMatchObject({ status: 200 });
      // Said again, as after a lost answer, or by whoever was overtaken.
      expect(await ask('give-back', held)).toMatchObject({ status: 200 });
    }
    const last = await begun();
    const rows = await site.db
      .select()
      .from(tasks)
      .where(eq(tasks.id, last?.id ?? ''));
    expect(rows).toMatchObject([{ losses: 0, state: 'open' }]);
  });
});
