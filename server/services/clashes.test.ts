import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Queries } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { connectors, cutovers, replicationJobs, servers, tasks } from '../../db/schema/index.ts';
import { FaultError } from '../../replication/model/fault.ts';
import { importCatalog } from './catalog/import.ts';
import { CLASH_WORDS } from './clashes.ts';
import { createEnrolmentCode, enrolConnector } from './connectors/enrol.ts';
import { inTransaction, systemContext } from './context.ts';
import { planCutover } from './cutovers/plan.ts';
import { faultOf } from './database-faults.ts';
import { createJobs } from './jobs/create.ts';
import { createDueRuns } from './jobs/create-due-runs.ts';
import { deleteJob } from './jobs/delete.ts';
import { startRun } from './jobs/start-run.ts';
import { updateRunLimits } from './limits/limits.ts';
import { updateTarget } from './targets/update.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from './testing.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
}, 60_000);
afterAll(() => site.close());

const once = { everyHours: null, seedAt: null, description: '', keepImages: null };
let serverId: string;
let count = 0;
beforeEach(async () => {
  count += 1;
  await site.importServers([catalogServer(`web-${count}`)]);
  const [row] = await site.db
    .select()
    .from(servers)
    .where(eq(servers.name, `web-${count}`));
  serverId = row?.id as string;
});

const create = (requestId?: string) =>
  createJobs(site.as('operator'), { servers: [{ serverId }], settings: once, ...(requestId && { requestId }) });

async function refusal(promise: Promise<unknown>) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FaultError) return error.fault;
    throw error;
  }
  throw new Error('it was not refused');
}

/** Somebody else's write that is not committed before `meanwhile` waits for it. */
async function whileOpen<T>(write: (tx: Queries) => Promise<unknown>, meanwhile: () => Promise<T>): Promise<T> {
  let answer: Promise<T> | undefined;
  await site.db.transaction(async (tx) => {
    await write(tx);
    answer = meanwhile();
    answer.catch(() => {});
    await expect
      .poll(
        async () => {
          const { rows } = await site.db.execute(
            sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          );
          return rows.length;
        },
        { timeout: 30_000, interval: 20 },
      )
      .toBeGreaterThan(0);
  });
  return (await answer) as T;
}

const jobRow = () => ({
  id: newId.job(),
  workspaceId: site.workspaceId,
  serverId,
  connectorId: site.connectorId,
  targetId: site.targetId,
  serverName: 'web',
  state: 'pending' as const,
  license: 'auto' as const,
  seedAt: new Date(),
  createdBy: 'somebody else',
});

it('has words for every unique index of the schema', async () => {
  const { rows } = await site.db.execute<{ name: string; columns: string }>(sql`
    select c.relname as name, string_agg(a.attname, ',' order by a.attnum) as columns
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_attribute a on a.attrelid = i.indexrelid
    where i.indisunique and c.relnamespace = 'public'::regnamespace
    group by c.relname, i.indisprimary`);
  // An id is made at random, or of a request whose repetition finds the row.
  const named = rows.filter(({ columns }) => columns !== 'id').map(({ name }) => name);
  expect(named.length).toBeGreaterThan(10);
  expect(Object.keys(CLASH_WORDS).sort()).toEqual(named.sort());
  for (const { message, remedy } of Object.values(CLASH_WORDS)) {
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
  }
});

describe('the second of two at once', () => {
  it('is told that the server has a job, by its name', async () => {
    const fault = await refusal(whileOpen((tx) => tx.insert(replicationJobs).values(jobRow()), create));
    expect(fault).toMatchObject({ code: 'input-invalid', blame: 'you' });
    expect(fault.message).toContain(`web-${count} has a replication job already`);
  });

  it('makes nothing twice: of eight people who create a job of one server, one does', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => create()));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason.fault).toMatchObject({ code: 'input-invalid' });
    }
    expect(await site.db.$count(replicationJobs, eq(replicationJobs.serverId, serverId))).toBe(1);
  });

  it('is answered the same jobs when it is the same request', async () => {
    const requestId = 'a1'.repeat(16);
    const answers = await Promise.all(Array.from({ length: 4 }, () => create(requestId)));
    const [first] = answers;
    expect(first?.jobIds[0]).toMatch(/^sms-job-[0-9a-f]{8}$/);
    for (const answer of answers) expect(answer).toEqual(first);
    expect(await site.db.$count(replicationJobs, eq(replicationJobs.serverId, serverId))).toBe(1);
    expect((await refusal(create('b2'.repeat(16)))).message).toContain('has a replication job already');
  });

  it('is told of the run that is under way', async () => {
    const { jobIds } = await createJobs(site.as('operator'), {
      servers: [{ serverId }],
      settings: { ...once, everyHours: 1, seedAt: new Date(Date.now() + 60_000) },
    });
    const jobId = jobIds[0] as string;
    await site.db
      .update(replicationJobs)
      .set({ nextRunAt: new Date(Date.now() - 1000) })
      .where(eq(replicationJobs.id, jobId));
    const all = systemContext(site.db, null);
    const answers = await Promise.allSettled([
      createDueRuns(all),
      startRun(site.as('operator'), { jobId }),
      startRun(site.as('operator'), { jobId }),
      createDueRuns(all),
    ]);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason.fault).toMatchObject({ code: 'conflict' });
    }
    const { rows } = await site.db.execute(
      sql`select 1 from replication_runs where job_id = ${jobId} and state = 'pending'`,
    );
    expect(rows).toHaveLength(1);
  });

  it('is told of the cutover that is not over', async () => {
    const { jobIds } = await create();
    const jobId = jobIds[0] as string;
    const plan = () => planCutover(site.as('cutover-manager'), { jobId, start: null, options: {} as never });
    const row = {
      id: newId.cutover(),
      workspaceId: site.workspaceId,
      jobId,
      serverName: 'web',
      state: 'planned' as const,
      step: 'check' as const,
      options: {} as never,
      createdBy: 'somebody else',
    };
    const fault = await refusal(whileOpen((tx) => tx.insert(cutovers).values(row), plan));
    expect(fault.code).toBe('conflict');
    expect(fault.message).toContain(row.id);
  });

  it('imports along with the first, saves after the first, and finds a job deleted that it wanted deleted', async () => {
    const operator = site.as('operator');
    await Promise.all(Array.from({ length: 4 }, () => importCatalog(operator, {})));
    const open = await site.db.select().from(tasks).where(sql`kind = 'import-catalog' and state = 'open'`);
    expect(open).toHaveLength(1);
    await site.db
      .update(tasks)
      .set({ state: 'cancelled' })
      .where(eq(tasks.id, open[0]?.id as string));
    const administrator = site.as('administrator');
    await Promise.all([1, 2, 3].map((perTarget) => updateRunLimits(administrator, { total: 9, perTarget })));
    const target = { targetId: site.targetId, verification: 'full' } as const;
    await Promise.all([1, 2, 3].map(() => updateTarget(administrator, target)));
    const { jobIds } = await create();
    const jobId = jobIds[0] as string;
    await site.db.execute(sql`update replication_runs set state = 'completed' where job_id = ${jobId}`);
    const gone = await Promise.all([1, 2, 3].map(() => deleteJob(operator, { jobId })));
    expect(gone).toEqual([1, 2, 3].map(() => ({ deleted: 'now' })));
  });

  it('is refused with a used code, and leaves no second connector', async () => {
    const { code } = await createEnrolmentCode(site.as('administrator'));
    const before = await site.db.$count(connectors);
    const enrol = () =>
      enrolConnector(systemContext(site.db, null), {
        code,
        name: 'South',
        version: '1',
        host: 'h',
        addresses: [],
        vmManager: { type: 'vsphere', name: 'vc', id: 'id2', url: 'https://vc2', version: '8' },
      } as never);
    const answers = await Promise.allSettled([enrol(), enrol(), enrol()]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason.fault).toMatchObject({ code: 'connector-refused' });
    }
    expect(await site.db.$count(connectors)).toBe(before + 1);
  });
});

describe('a transaction that clashes', () => {
  const run = (work: (tx: Queries, attempt: number) => Promise<unknown>) => {
    let attempt = 0;
    return inTransaction(site.ctx, site.workspaceId, ({ tx }) => {
      attempt += 1;
      return work(tx, attempt);
    });
  };

  it('says so in words when it clashes every time, never as an unknown failure', async () => {
    await create();
    const again = (tx: Queries) => tx.insert(replicationJobs).values(jobRow());
    const fault = await refusal(run(again));
    expect(fault).toMatchObject({ code: 'conflict', ...CLASH_WORDS.replication_jobs_one_per_server });
    expect(fault.cause).toContain('23505');
  });

  it.each(['40001', '40P01'])('is run again after %s', async (code) => {
    const raise = sql.raw(`do $$ begin raise exception 'given up' using errcode = '${code}'; end $$`);
    expect(await run(async (tx, attempt) => (attempt < 3 ? tx.execute(raise) : attempt))).toBe(3);
    const last = await run((tx) => tx.execute(raise)).catch((error) => error);
    expect(faultOf(last).code, 'in words at every surface').toBe('being-changed');
  });

  it('gets through a deadlock: both of two do', async () => {
    const other = newId.server();
    const [row] = await site.db.select().from(servers).where(eq(servers.id, serverId));
    await site.db.insert(servers).values({ ...(row as NonNullable<typeof row>), id: other, vmId: `vm-${other}` });
    let arrived = 0;
    let both = () => {};
    const met = new Promise<void>((resolve) => {
      both = resolve;
    });
    const touch = async (tx: Queries, id: string) =>
      tx.update(servers).set({ host: 'touched' }).where(eq(servers.id, id));
    const crossing = (first: string, second: string) =>
      run(async (tx) => {
        await touch(tx, first);
        arrived += 1;
        if (arrived >= 2) both();
        await met;
        await touch(tx, second);
        return 'through';
      });
    expect(await Promise.all([crossing(serverId, other), crossing(other, serverId)])).toEqual(['through', 'through']);
    expect(arrived, 'one of them was begun again').toBeGreaterThan(2);
  });
});
