import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit, replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { createJobs } from './create.ts';
import { createDueRuns } from './create-due-runs.ts';
import { deleteJob } from './delete.ts';
import { startRun } from './start-run.ts';

let site: TestWorkspace;
const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };

async function idOf(name: string): Promise<string> {
  const [row] = await site.db.select().from(servers).where(eq(servers.name, name));
  return row?.id as string;
}

beforeAll(async () => {
  site = await testWorkspace();
  await site.importServers([
    catalogServer('web'),
    catalogServer('mail'),
    catalogServer('later'),
    catalogServer('windows', { guestFamily: 'windows-server', guestName: 'Windows Server 2019' }),
    catalogServer('blocked', {
      findings: [{ code: 'disk-independent', level: 'blocking', title: 'Independent disk', why: 'w', remedy: 'r' }],
    }),
  ]);
});
afterAll(() => site.close());

describe('creating replication jobs', () => {
  it('makes a job and its first run at once, copies the settings, and says who did it', async () => {
    const { jobIds } = await createJobs(site.as('operator'), {
      servers: [{ serverId: await idOf('web') }],
      settings: { ...settings, keepImages: 3 },
    });
    const [run] = await site.db
      .select()
      .from(replicationRuns)
      .where(eq(replicationRuns.jobId, jobIds[0] as string));
    expect(run).toMatchObject({ state: 'pending', type: 'automatic', settings: { keepImages: 3, vmId: 'vm-web' } });
    const [entry] = await site.db
      .select()
      .from(audit)
      .where(eq(audit.subjectId, jobIds[0] as string));
    expect(entry).toMatchObject({ action: 'job.create', actorName: 'operator', subjectName: 'web' });
  });

  it('is refused to a viewer and changes nothing', async () => {
    const before = await site.db.$count(replicationJobs);
    expect(
      await faultCode(createJobs(site.as('viewer'), { servers: [{ serverId: await idOf('mail') }], settings })),
    ).toBe('permission-denied');
    expect(await site.db.$count(replicationJobs)).toBe(before);
  });

  it.each([
    ['a second job for a server', 'web', 'auto', /has a replication job already/],
    ['a blocked server', 'blocked', 'auto', /cannot be replicated: Independent disk/],
    ["AWS's licence for Linux", 'mail', 'aws', /licence AWS cannot be used/],
  ] as const)('refuses %s, all or nothing', async (_what, name, license, message) => {
    const before = await site.db.$count(replicationJobs);
    const attempt = createJobs(site.as('operator'), {
      servers: [
        { serverId: await idOf('windows'), license: 'aws' },
        { serverId: await idOf(name), license },
      ],
      settings,
    });
    await expect(attempt).rejects.toThrow(message);
    expect(await site.db.$count(replicationJobs)).toBe(before);
  });

  it.each([
    ['hours', { ...settings, everyHours: 25 }],
    ['AMIs to keep', { ...settings, keepImages: 0 }],
    ['a seed time beyond 30 days', { ...settings, seedAt: new Date(Date.now() + 31 * 86_400_000) }],
    ['a seed time in the past', { ...settings, seedAt: new Date(Date.now() - 3_600_000) }],
  ])('refuses wrong %s', async (_what, wrong) => {
    expect(
      await faultCode(
        createJobs(site.as('operator'), { servers: [{ serverId: await idOf('mail') }], settings: wrong }),
      ),
    ).toBe('input-invalid');
  });

  it('makes a later first run when it is due, once, and a missed one while another goes on', async () => {
    const seedAt = new Date(Date.now() + 3_600_000);
    const { jobIds } = await createJobs(site.as('operator'), {
      servers: [{ serverId: await idOf('later') }],
      settings: { ...settings, everyHours: 2, seedAt },
    });
    const jobId = jobIds[0] as string;
    const at = (hours: number) => ({ ...site.ctx, now: () => new Date(seedAt.getTime() + hours * 3_600_000 + 1000) });
    expect(await createDueRuns(site.ctx)).toBe(0);
    expect(await createDueRuns(at(0))).toBe(1);
    expect(await createDueRuns(at(0))).toBe(0);
    expect(await createDueRuns(at(5))).toBe(1);
    const runs = await site.db
      .select()
      .from(replicationRuns)
      .where(eq(replicationRuns.jobId, jobId))
      .orderBy(replicationRuns.scheduledFor);
    expect(runs.map((run) => [run.state, run.scheduledFor.getTime() - seedAt.getTime()])).toEqual([
      ['pending', 0],
      ['missed', 2 * 3_600_000],
    ]);
    const [job] = await site.db.select().from(replicationJobs).where(eq(replicationJobs.id, jobId));
    expect(job?.nextRunAt).toEqual(new Date(seedAt.getTime() + 6 * 3_600_000));
  });

  it('refuses a run on demand while one is open, and deletes a job only after its run', async () => {
    const [job] = await site.db.select().from(replicationJobs).where(eq(replicationJobs.serverName, 'web'));
    const jobId = job?.id as string;
    expect(await faultCode(startRun(site.as('operator'), { jobId }))).toBe('conflict');
    expect(await faultCode(deleteJob(site.as('viewer'), { jobId }))).toBe('permission-denied');
    expect(await deleteJob(site.as('operator'), { jobId })).toEqual({ deleted: 'after-run' });
    const [run] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.jobId, jobId));
    expect(run?.cancelRequestedAt).not.toBeNull();
  });
});
