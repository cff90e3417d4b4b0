import { eq, sql } from 'drizzle-orm';
import { describe, expect, it, vi } from 'vitest';
import { artifacts, audit, events, images, instances } from '../../../db/schema/index.ts';
import { getInstance, listInstances } from '../instances/list.ts';
import { launchInstance } from './launch.ts';
import { ec2, input, never, requestId, rounds, rows, runId, site, withOneImage } from './testing-launch.ts';
import { watchInstances } from './watch-instances.ts';

withOneImage();

it('of an AMI goes one after the other, and none has to give way', async () => {
  let tries = 0;
  const waiting = async () => {
    const { rows } = await site.db.execute<{ count: number }>(
      sql`select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0]?.count;
  };
  const launches: Promise<unknown>[] = [];
  await site.db.transaction(async (tx) => {
    await tx.select().from(images).for('update');
    for (const digit of ['1', '2', '3']) {
      const launched = launchInstance(site.as('operator'), input({ requestId: digit.repeat(32) }), async () => {
        tries += 1;
      });
      launches.push(launched);
    }
    await vi.waitFor(async () => expect(await waiting()).toBe(3), { timeout: 6_000 });
  });
  await Promise.all(launches);
  expect(tries).toBe(3);
  const [image] = await site.db.select().from(images);
  expect(image?.instanceCount).toBe(3);
}, 30_000);

describe('a launch', () => {
  it('is one row, one artifact, one instance; it says who, and hides the user data', async () => {
    const { id, instanceId } = await launchInstance(site.as('operator'), input({ userData: 'geheim' }));
    expect(await getInstance(site.as('viewer'), id)).toMatchObject({ instanceId, state: 'pending', name: 'web' });
    expect(await getInstance(site.as('viewer'), instanceId ?? '')).toMatchObject({ id, launchedBy: 'operator' });
    expect(JSON.stringify(await getInstance(site.as('viewer'), id))).not.toContain('geheim');
    expect([...ec2.launches.values()]).toMatchObject([
      { imageId: 'ami-1', tags: { Name: 'web (test)', 'landfall:run': runId } },
    ]);
    expect(await site.db.select().from(artifacts)).toMatchObject([
      { kind: 'instance', state: 'created', externalId: instanceId },
    ]);
    const [entry] = await site.db.select().from(audit).where(eq(audit.subjectId, id));
    expect(entry).toMatchObject({ action: 'instance.launch-test', actorName: 'operator', subjectKind: 'instance' });
    expect(JSON.stringify(entry)).not.toContain('geheim');
  });

  it('sent again under the same id starts nothing twice, also at the same time', async () => {
    const again = () => launchInstance(site.as('operator'), input({ requestId }));
    const [first, second] = await Promise.all([again(), again()]);
    expect(second.id).toBe(first.id);
    expect((await again()).instanceId).not.toBeNull();
    expect(await rows()).toHaveLength(1);
    expect(ec2.launches.size).toBe(1);
  });

  it('that EC2 refuses is kept with EC2’s words, and stays refused', async () => {
    ec2.answer = 'refuses';
    const refused = () => launchInstance(site.as('operator'), input({ requestId }));
    await expect(refused()).rejects.toMatchObject({ fault: { code: 'launch-refused', cause: /InvalidSubnetID/ } });
    expect(await rows()).toMatchObject([{ state: 'failed', fault: { code: 'launch-refused' } }]);
    expect(await site.db.select().from(artifacts)).toMatchObject([{ state: 'released' }]);
    await expect(refused()).rejects.toMatchObject({ fault: { code: 'launch-refused' } });
    expect(ec2.asked).toBe(1);
    const refusals = await site.db.select().from(audit).where(eq(audit.action, 'instance.launch-refused'));
    expect(refusals).toMatchObject([{ actorName: 'operator', after: { cause: /InvalidSubnetID/ } }]);
  });

  it('whose answer was lost is finished by the worker as the same instance', async () => {
    ec2.answer = 'cut-after';
    expect(await launchInstance(site.as('operator'), input())).toMatchObject({ instanceId: null });
    expect(await rows()).toMatchObject([{ state: 'launching', instanceId: null }]);
    await site.db.update(instances).set({ launchedAt: new Date(Date.now() - 60_000) });
    await watchInstances(site.ctx, ec2.targets, rounds(), never);
    expect(await rows()).toMatchObject([{ state: 'launching' }]);
    ec2.answer = 'yes';
    await watchInstances(site.ctx, ec2.targets, rounds(), never);
    expect(await rows()).toMatchObject([{ state: 'pending', instanceId: expect.stringMatching(/^i-/) }]);
    expect(ec2.launches.size).toBe(1);
    await watchInstances(site.ctx, ec2.targets, rounds(), never);
    const page = { page: 1, pageSize: 10, cursor: null, sort: { by: 'type', descending: false } };
    const found = await listInstances(site.as('viewer'), {
      ...page,
      filter: { operation: 'and', tokens: [{ property: 'privateAddress', operator: '=', value: '10.1.2.3' }] },
    });
    expect(found).toMatchObject({ total: 1, items: [{ state: 'running' }] });
  });
});

it('whose answer was lost stays open while the target cannot be signed in to', async () => {
  ec2.answer = 'cut-after';
  await launchInstance(site.as('operator'), input());
  await site.db.update(instances).set({ launchedAt: new Date(Date.now() - 60_000) });
  ec2.answer = 'knows-nobody';
  await watchInstances(site.ctx, ec2.targets, rounds(), never);
  expect(await rows()).toMatchObject([{ state: 'launching', terminatedAt: null }]);
  ec2.answer = 'yes';
  await watchInstances(site.ctx, ec2.targets, rounds(), never);
  expect(await rows()).toMatchObject([{ state: 'pending' }]);
  expect(ec2.launches.size).toBe(1);
});

it('tells of a change once, and of none not at all, nor writes it', async () => {
  const version = async () => (await site.db.execute(sql`select xmin::text from instances`)).rows;
  await launchInstance(site.as('operator'), input());
  await watchInstances(site.ctx, ec2.targets, rounds(), never);
  const told = await site.db.$count(events);
  const written = await version();
  await watchInstances(site.ctx, ec2.targets, rounds(), never);
  expect(await site.db.$count(events)).toBe(told);
  expect(await rows()).toMatchObject([{ state: 'running' }]);
  expect(await version()).toEqual(written);
});
