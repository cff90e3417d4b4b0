// Credentials lent to the run of a held task, by the lab's STS: whose, how often audited, and to whom they are refused.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { audit, awsTargets, tasks } from '../../../db/schema/index.ts';
import type { TestLab } from '../../../lab/aws/testing-lab-aws.ts';
import { faultCode, type TestWorkspace } from '../testing.ts';
import { lendToRun } from './lend.ts';
import { type LendingSite, lendingSite } from './testing-lending.ts';

let lending: LendingSite;
let lab: TestLab;
let site: TestWorkspace;
let runId: string;
let serverName: string;

beforeAll(async () => {
  lending = await lendingSite();
  ({ lab, site } = lending);
});
afterAll(() => lending.close());

beforeEach(async () => {
  ({ runId, serverName } = await lending.begin());
});

async function hold(holder = 'c/1') {
  const [claimed] = await site.claim(holder);
  if (!claimed) throw new Error('nothing to claim');
  return { taskId: claimed.task.id, fence: claimed.task.fence, holder };
}
const lend = (held: Awaited<ReturnType<typeof hold>>) => lendToRun(site.ctx, site.workspaceId, held);
const lentRows = () => site.db.select().from(audit).where(eq(audit.action, 'target.lend'));

describe('the holder of a task', () => {
  it('is lent credentials of about an hour, others at each question, and the trail says so once', async () => {
    const held = await hold();
    const [first, second] = [await lend(held), await lend(held)];
    expect(first.accessKeyId).toMatch(/^ASIA/);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(first.seconds).toBeGreaterThan(3500);
    expect(first.seconds).toBeLessThanOrEqual(3600);
    const rows = (await lentRows()).filter(({ subjectId }) => subjectId === runId);
    expect(rows).toMatchObject([{ subjectName: serverName, after: { target: 'Main', by: 'federation' } }]);
    expect(JSON.stringify(rows)).not.toContain(first.secretAccessKey);
    expect(JSON.stringify(rows)).not.toContain(first.sessionToken);
  });

  it('gets nothing when it was overtaken, nor where the target lends nothing', async () => {
    const held = await hold();
    expect(await faultCode(lend({ ...held, fence: held.fence - 1 }))).toBe('lease-lost');
    expect(await faultCode(lend({ ...held, holder: 'c/2' }))).toBe('lease-lost');
    await site.db.update(awsTargets).set({ connectorSignIn: 'own' });
    expect(await faultCode(lend(held))).toBe('conflict');
    await site.db.update(awsTargets).set({ connectorSignIn: 'lent' });
    await site.db.update(tasks).set({ state: 'done' }).where(eq(tasks.id, held.taskId));
    expect(await faultCode(lend(held))).toBe('lease-lost');
    expect((await lentRows()).filter(({ subjectId }) => subjectId === runId)).toEqual([]);
  });

  it('overtaken while AWS was asked, it gets nothing either', async () => {
    const held = await hold();
    lab.faults.add({ side: 'aws', operation: 'sts:GetFederationToken', effect: { kind: 'delay', ms: 300 }, count: 1 });
    const asked = lend(held);
    await site.db
      .update(tasks)
      .set({ fence: sql`${tasks.fence} + 1`, holder: 'c/2' })
      .where(eq(tasks.id, held.taskId));
    expect(await faultCode(asked)).toBe('lease-lost');
  });

  it('hears what AWS lacks', async () => {
    const narrow = [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] }];
    await lab.aws.control.iamUser?.({ name: 'landfall', policies: narrow });
    expect(await faultCode(lend(await hold()))).toBe('aws-access-denied');
    await lab.aws.control.resetIam?.();
  });
});
