// Killed in mid-run: worker and connector. The same run goes on, makes one AMI, and leaves nothing over.
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { images } from '../db/schema/index.ts';
import { expectNothingLeft, expectSameBytes } from './comparisons.ts';
import { copyUnderWay, endedRun, newJob, runOf, slowExports, until } from './runs.ts';
import { site, withInstallation } from './site.ts';

withInstallation();

describe('a run whose programs are killed', () => {
  it('goes on after kill -9 of the connector in mid-copy', async () => {
    await slowExports(site);
    const job = await newJob(site, 'web-01');
    const before = await copyUnderWay(site, job);
    await site.connector.end('SIGKILL');
    await site.clearFaults();
    site.connector.start();
    const run = await endedRun(site, job);
    expect(run).toMatchObject({ id: before.id, state: 'completed', fault: null });
    expect(run.timeline['copy-disks']?.attempts).toBe(2);
    expect(run.results['take-snapshot']?.snapshotId).toBe(before.results['take-snapshot']?.snapshotId);
    await expectSameBytes(site, run);
    expect(await site.db.select().from(images).where(eq(images.runId, run.id))).toHaveLength(1);
    await expectNothingLeft(site);
  }, 120_000);

  it('goes on after kill -9 of the worker while AWS imports', async () => {
    const job = await newJob(site, 'app-01');
    const before = await until('AWS imports', async () => {
      const run = await runOf(site, job);
      return run?.step === 'make-snapshots' && run.timeline['make-snapshots'] ? run : null;
    });
    await site.worker.end('SIGKILL');
    site.worker.start();
    const run = await endedRun(site, job);
    expect(run).toMatchObject({ id: before.id, state: 'completed', fault: null });
    await expectSameBytes(site, run);
    const imports = await site.control<{ kind?: string }[]>('/aws/tasks');
    expect(imports).toHaveLength(2);
    await expectNothingLeft(site);
  }, 120_000);

  it('waits for a vCenter that is down, and goes on when it is back', async () => {
    await site.control('/vcenter/down', {});
    const job = await newJob(site, 'cache-01');
    const waiting = await until('the run says what it waits for', async () => {
      const run = await runOf(site, job);
      return run?.waitingFor ? run : null;
    });
    expect(['pending', 'active']).toContain(waiting.state);
    await site.control('/vcenter/up', {});
    expect(await endedRun(site, job)).toMatchObject({ state: 'completed' });
    await expectNothingLeft(site);
  }, 150_000);
});
