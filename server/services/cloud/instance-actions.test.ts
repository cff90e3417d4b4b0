// Who may launch and end what, and what becomes of tests.
import { eq } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { instances, replicationJobs } from '../../../db/schema/index.ts';
import { getInstance } from '../instances/list.ts';
import { getJob } from '../jobs/list.ts';
import { faultCode } from '../testing.ts';
import { endTests, terminateInstance } from './instance-actions.ts';
import { launchInstance } from './launch.ts';
import { ec2, input, never, rounds, site, withOneImage } from './testing-launch.ts';
import { watchInstances } from './watch-instances.ts';

withOneImage();

describe('tests', () => {
  it('are ended together, never with an instance that was launched for good among them', async () => {
    const one = await launchInstance(site.as('operator'), input());
    const two = await launchInstance(site.as('operator'), input());
    const kept = await launchInstance(site.as('cutover-manager'), input({ purpose: 'final' }));
    const end = (...ids: string[]) => endTests(site.as('operator'), { ids });
    expect(await faultCode(end(one.id, kept.id))).toBe('input-invalid');
    expect(ec2.terminated).toEqual([]);
    expect(await end(one.id, two.id)).toEqual({ ended: 2 });
    expect(ec2.terminated.toSorted()).toEqual([one.instanceId, two.instanceId].toSorted());
  });

  it('tell how long a launch takes, from the moment both checks pass', async () => {
    const { id } = await launchInstance(site.as('operator'), input());
    const [job] = await site.db.select().from(replicationJobs);
    await watchInstances(site.ctx, ec2.targets, rounds(), never);
    expect((await getJob(site.as('viewer'), job?.id ?? '')).rehearsed).toBeNull();
    ec2.checks = 'ok';
    await watchInstances(site.ctx, ec2.targets, rounds(), never);
    expect((await getJob(site.as('viewer'), job?.id ?? '')).rehearsed).toMatchObject({ launchId: id, seconds: 0 });
  });
});

describe('who may', () => {
  it.each([
    ['viewer', 'test', 'permission-denied'],
    ['operator', 'test', 'none'],
    ['operator', 'final', 'permission-denied'],
    ['cutover-manager', 'final', 'none'],
    ['administrator', 'final', 'none'],
  ] as const)('%s launch (%s)', async (role, purpose, code) => {
    expect(await faultCode(launchInstance(site.as(role), input({ purpose })))).toBe(code);
    expect(ec2.asked).toBe(code === 'none' ? 1 : 0);
  });

  it('an operator ends tests, and not what was launched for good; nothing ends twice', async () => {
    const test = await launchInstance(site.as('operator'), input());
    const final = await launchInstance(site.as('administrator'), input({ purpose: 'final' }));
    expect(await faultCode(terminateInstance(site.as('viewer'), { id: test.id }))).toBe('permission-denied');
    expect(await faultCode(terminateInstance(site.as('operator'), { id: final.id }))).toBe('permission-denied');
    expect(ec2.terminated).toEqual([]);
    await terminateInstance(site.as('operator'), { id: test.id });
    expect(ec2.terminated).toEqual([test.instanceId]);
    expect(await getInstance(site.as('viewer'), test.id)).toMatchObject({ state: 'shutting-down' });
    await site.db.update(instances).set({ terminatedAt: new Date() }).where(eq(instances.id, test.id));
    await terminateInstance(site.as('operator'), { id: test.id });
    expect(ec2.terminated, 'one that has ended is fine').toEqual([test.instanceId]);
  });
});
