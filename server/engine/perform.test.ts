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

/** A run at its step delete-staging with one staged object, and the step's task, claimed. */
async function claimedStep(name: string) {
  const { db, ctx, workspaceId } = site;
  await site.importServers([catalogServer(name)]);
  const [server] = await db.select().from(servers).where(eq(servers.name, name));
  const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
  const { jobIds } = await createJobs(ctx, { servers: [{ serverId: server?.id ?? '' }], settings });
  const [run] = await db
    .update(replicationRuns)
    .set({ state: 'active', step: 'delete-staging' })
    .where(eq(replicationRuns.jobId, jobIds[0] ?? ''))
    .returning();
  const runId = run?.id ?? '';
  await db
    .insert(tasks)
    .values({ id: `task-${name}`, workspaceId, kind: 'step', place: 'cloud', runId, stepId: 'delete-staging' });
  const staged = {
    kind: 's3-object' as const,
    token: `staged-${name}`,
    state: 'created' as const,
    details: { key: 'disk-1' },
  };
  await db.insert(artifacts).values({ id: `artifact-${name}`, workspaceId, runId, fence: 1, ...staged });
  const [claimed] = await claim('worker-1');
  if (!claimed) throw new Error('nothing to claim');
  return { claimed, runId };
}

const claim = (holder: string) =>
  claimTasks(site.ctx, {
    workspaceId: null,
    place: 'cloud',
    connectorId: null,
    holder,
    free: 1,
    leaseSeconds: 30,
  });

it('ends with a fault whatever AWS says, and however long: no word of it keeps the step open', async () => {
  const { db, ctx } = site;
  const { claimed, runId } = await claimedStep('web-1');

  const words = `AWS says \u0000 ${'long '.repeat(3000)}\ud83d`;
  const staging = { delete: () => Promise.reject(new Error(words)) };
  const signal = new AbortController().signal;
  await performStep(ctx, claimed, {
    targets: { at: async () => ({ staging }) as unknown as AwsTarget, close: () => undefined },
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

it('is given back by a worker that stops: free at once, and no holder that fell silent', async () => {
  const { claimed } = await claimedStep('web-2');
  const stop = new AbortController();
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const staging = {
    delete: (_key: string, signal: AbortSignal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        resolve();
      }),
  };
  const performing = performStep(site.ctx, claimed, {
    targets: { at: async () => ({ staging }) as unknown as AwsTarget, close: () => undefined },
    leaseSeconds: 30,
    outageSeconds: 60,
    pollMs: 10,
    signal: stop.signal,
  });
  await begun;
  stop.abort(new Error('SIGTERM'));
  await performing;
  const [next] = await claim('worker-2');
  expect(next?.task).toMatchObject({ id: claimed.task.id, holder: 'worker-2', losses: 0 });
});

it('is not begun for a run that somebody has cancelled', async () => {
  const { db, ctx } = site;
  const { runId } = await claimedStep('web-3');
  await db.update(replicationRuns).set({ cancelRequestedAt: new Date() }).where(eq(replicationRuns.id, runId));
  await db.update(tasks).set({ holder: null, leaseUntil: null }).where(eq(tasks.runId, runId));
  const [claimed] = await claim('worker-2');
  if (!claimed) throw new Error('nothing to claim');

  let asked = 0;
  const staging = { delete: async () => void asked++ };
  await performStep(ctx, claimed, {
    targets: { at: async () => ({ staging }) as unknown as AwsTarget, close: () => undefined },
    leaseSeconds: 30,
    outageSeconds: 60,
    pollMs: 10,
    signal: new AbortController().signal,
  });

  expect(asked).toBe(0);
  const [after] = await db.select().from(replicationRuns).where(eq(replicationRuns.id, runId));
  expect(after?.state).toBe('cancelled');
});
