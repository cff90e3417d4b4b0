import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../db/client.ts';
import { connectors } from '../../db/schema/index.ts';
import { faultError } from '../../replication/model/fault.ts';
import { editConnector } from './connectors/edit.ts';
import { inTransaction } from './context.ts';
import { faultOf, untilDatabaseAnswers } from './database-faults.ts';
import { type TestWorkspace, testWorkspace } from './testing.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

const codeOf = (error: unknown) => faultOf(error).code;
const pgError = (code: string) => new Error('Failed query', { cause: Object.assign(new Error('said'), { code }) });

it.each([
  ['57P01', 'console-database-away'],
  ['57P03', 'console-database-away'],
  ['08006', 'console-database-away'],
  ['53100', 'console-database-away'],
  ['53300', 'console-database-away'],
  ['25006', 'console-database-away'],
  ['25P03', 'console-database-away'],
  ['ECONNREFUSED', 'console-database-away'],
  ['55P03', 'being-changed'],
  ['40P01', 'being-changed'],
  ['42P01', 'internal'],
  ['23505', 'internal'],
])('says of %s: %s', (code, expected) => {
  expect(codeOf(pgError(code))).toBe(expected);
});

it('leaves every other fault as it is, whatever its cause says', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  expect(codeOf(faultError('internal', {}, cause))).toBe('internal');
  expect(codeOf(faultError('aws-unreachable', {}, cause))).toBe('aws-unreachable');
});

it('tells a person who changes what another transaction holds, in words and within seconds', async () => {
  const url = site.db.$client.options.connectionString ?? '';
  const impatient: Database = openDatabase(url, { max: 1, lockMs: 200 });
  await site.db.transaction(async (tx) => {
    await tx.select().from(connectors).for('update');
    const editing = editConnector(
      { ...site.as('administrator'), db: impatient },
      { connectorId: site.connectorId, maxRuns: 2, bandwidth: null },
    );
    expect(await editing.then(() => 'done', codeOf)).toBe('being-changed');
  });
  await impatient.$client.end();
});

it('lets both of two through that wanted each other’s rows', async () => {
  await site.db.execute(sql`create table pairs (id int primary key, n int)`);
  await site.db.execute(sql`insert into pairs values (1, 0), (2, 0)`);
  const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const change = (first: 0 | 1) =>
    inTransaction(site.ctx, site.workspaceId, async ({ tx }) => {
      await tx.execute(sql`update pairs set n = n + 1 where id = ${first + 1}`);
      met[first].resolve();
      await met[1 - first]?.promise;
      await tx.execute(sql`update pairs set n = n + 1 where id = ${2 - first}`);
    });
  await Promise.all([change(0), change(1)]);
  expect((await site.db.execute(sql`select n from pairs order by id`)).rows).toEqual([{ n: 2 }, { n: 2 }]);
});

it('waits for a database that is away, and for nothing else', async () => {
  let tries = 0;
  const signal = new AbortController().signal;
  const work = (code: string) => async () => {
    tries += 1;
    if (tries < 4) throw pgError(code);
    return 'done';
  };
  expect(await untilDatabaseAnswers(work('57P03'), signal)).toBe('done');
  tries = 0;
  await expect(untilDatabaseAnswers(work('42P01'), signal)).rejects.toThrow('Failed query');
  expect(tries).toBe(1);
  tries = -1_000;
  await expect(untilDatabaseAnswers(work('57P03'), AbortSignal.timeout(300))).rejects.toThrow(/timeout/);
});
