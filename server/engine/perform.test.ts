// A cloud-side step from its claim to its end, with an AWS that says odd things.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { artifacts, replicationRuns, runLog, servers, tasks } from '../../db/schema/index.ts';
import type { AwsTarget } from '../../replication/target/aws/target.ts';
import { createJobs } from '../services/jobs/create.ts';
import { claimTasks } from '../services/tasks/claim.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { performStep } from './perform.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

it('ends with a fault whatever AWS says, and however long: no word of it keeps the step open', async () => {
  const { db, ctx, workspaceId } = site;
  await site.importServers([catalogServer('web-1')]);
  const [server] = await db.select().from(servers);
  const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
  await createJobs(ctx, { servers: [{ serverId: server?.id ?? '' }], settings });
  const [run] = await db.update(replicationRuns).set({ state: 'active', step: 'delete-staging' }).returning();
  const runId = run?.id ?? '';
  await db
    .insert(tasks)
    .values({ id: 'task-odd', workspaceId, kind: 'step', place: 'cloud', runId, stepId: 'delete-staging' });
  const staged = { kind: 's3-object' as const, token: 'staged', state: 'created' as const, details: { key: 'disk-1' } };
  await db.insert(artifacts).values({ id: 'artifact-odd', workspaceId, runId, fence: 1, ...staged });
  const [claimed] = await claimTasks(ctx, {
    workspaceId: null,
    place: 'cloud',
    connectorId: null,
    holder: 'worker-1',
    free: 1,
    leaseSeconds: 30,
  });
  if (!claimed) throw new Error('nothing to claim');

  const words = `AWS says \u0000 ${'long '.repeat(3000)}\ud83d`;
  const staging = { delete: () => Promise.reject(new Error(words)) };
  const signal = new AbortController().signal;
  await performStep(ctx, claimed, {
    target: { staging } as unknown as AwsTarget,
    leaseSeconds: 30,
    outageSeconds: 60,
    pollMs: 10,
    signal,
  });

  const [after] = await db.select().from(replicationRuns).where(eq(replicationRuns.id, runId));
  expect(after).toMatchObject({ state: 'failed', fault: { code: 'internal' } });
  expect(after?.fault?.cause).toMatch(/^Error: AWS says \ufffd (long )+(l|lo|lon|long)?…$/);
  const lines = await db.select().from(runLog).where(eq(runLog.runId, runId));
  expect(lines.some(({ text }) => text.includes('AWS says'))).toBe(true);
});
