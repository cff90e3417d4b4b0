// Drives a cutover through its runbook without the wire: the connector's and EC2's answers are given by hand.
import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, expect } from 'vitest';
import { cutovers, images, instances, replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import type { CutoverOptions } from '../../../replication/model/cutover.ts';
import { fault } from '../../../replication/model/fault.ts';
import type { PowerResult } from '../../../replication/model/power.ts';
import { inTransaction } from '../context.ts';
import { createJobs } from '../jobs/create.ts';
import { extendTask } from '../tasks/extend.ts';
import { settleTask } from '../tasks/settle.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';
import { advanceCutover, launchMade } from './advance.ts';
import { answerCutover } from './answer.ts';
import { type CutoverChange, lockCutover } from './change.ts';
import { instanceLooked } from './instance-checks.ts';
import { planCutover } from './plan.ts';

export let site: TestWorkspace;
export let jobId: string;
export let firstRun: string;

/** Before each test of the file: a job with a completed run, an AMI and a launch configuration. */
export function withReadyJob(): void {
  beforeEach(async () => {
    site = await testWorkspace();
    await site.importServers([catalogServer('web')]);
    const [server] = await site.db.select().from(servers);
    const settings = { everyHours: 1, seedAt: null, description: '', keepImages: null };
    const made = await createJobs(site.as('operator'), { servers: [{ serverId: server?.id ?? '' }], settings });
    [jobId] = made.jobIds as [string];
    const [run] = await site.db.select().from(replicationRuns);
    firstRun = run?.id ?? '';
    await completed(firstRun, 'ami-1');
    await site.db
      .update(replicationJobs)
      .set({ launchConfiguration: { instanceType: 't3.small', subnetId: 'subnet-1' } as never })
      .where(eq(replicationJobs.id, jobId));
  });
  afterEach(() => site.close());
}

export async function completed(runId: string, imageId: string): Promise<void> {
  const at = new Date();
  await site.db
    .update(replicationRuns)
    .set({ state: 'completed', startedAt: at, endedAt: at, imageId })
    .where(eq(replicationRuns.id, runId));
  await site.db.insert(images).values({
    id: imageId,
    workspaceId: site.workspaceId,
    jobId,
    runId,
    name: 'web',
    method: 'register-image',
    snapshotIds: [],
    pointInTime: at,
  });
}

export const manager = () => site.as('cutover-manager');
export const begin = async (options: Partial<CutoverOptions> = {}) =>
  (await planCutover(manager(), { jobId, start: 'now', options })).id;
export const rowOf = async (id: string) => {
  const [row] = await site.db.select().from(cutovers).where(eq(cutovers.id, id));
  if (!row) throw new Error('no cutover');
  return row;
};
/** A look so many minutes from now. */
export const advance = (id: string, minutes = 0) =>
  advanceCutover(
    { ...site.ctx, now: () => new Date(Date.now() + minutes * 60_000) },
    { id, workspaceId: site.workspaceId },
  );
export const change = (id: string, work: (of: CutoverChange) => void | Promise<void>) =>
  inTransaction(site.ctx, site.workspaceId, async (within) => {
    const locked = await lockCutover(within, site.ctx, site.workspaceId, id);
    await work(locked);
    await locked.write();
  });
export const answer = async (id: string, choice: Parameters<typeof answerCutover>[1]['choice']) =>
  answerCutover(manager(), { cutoverId: id, question: (await rowOf(id)).question?.number ?? 0, choice });

/** What the connector was asked to do last; settled with this. */
export async function power(outcome: PowerResult | 'fault'): Promise<string> {
  const [claimed] = await site.claim(`${site.connectorId}/1`);
  if (claimed?.task.kind !== 'power') throw new Error(`claimed ${claimed?.task.kind}`);
  const held = { taskId: claimed.task.id, fence: claimed.task.fence, holder: `${site.connectorId}/1` };
  const line = { at: new Date().toISOString(), level: 'info' as const, text: 'The guest was asked.' };
  await extendTask(site.ctx, site.workspaceId, held, 20, { lines: [line] });
  const settled =
    outcome === 'fault'
      ? { ok: false as const, fault: fault('vcenter-unreachable') }
      : { ok: true as const, result: outcome };
  await settleTask(site.ctx, site.workspaceId, held, settled);
  return claimed.task.power?.action ?? '';
}

export const off = { power: 'off' as const, note: null };

/** Up to the final run, which is pending. */
export async function atFinalRun(): Promise<{ id: string; runId: string }> {
  const id = await begin();
  await advance(id);
  await advance(id);
  expect(await power(off)).toBe('shut-down');
  await advance(id);
  await advance(id);
  return { id, runId: (await rowOf(id)).finalRunId ?? '' };
}

/** Up to the checks of a launched instance. */
export async function atChecks(options: Partial<CutoverOptions> = {}): Promise<{ id: string; launchId: string }> {
  const { id, runId } = await atFinalRun();
  await site.db.update(cutovers).set({ options: { ...(await rowOf(id)).options, ...options } });
  await completed(runId, 'ami-2');
  await advance(id);
  expect(await advance(id)).toMatchObject({ do: 'launch', runId });
  const launchId = 'launch-1';
  await site.db.insert(instances).values({
    id: launchId,
    workspaceId: site.workspaceId,
    instanceId: 'i-1',
    imageId: 'ami-2',
    runId,
    name: 'web',
    purpose: 'final',
    input: { instanceType: 't3.small' } as never,
    state: 'running',
    detail: { systemStatus: 'ok', instanceStatus: 'ok', state: 'running' } as never,
    launchedBy: 'Landfall',
  });
  await change(id, (of) => launchMade(of, launchId));
  return { id, launchId };
}

export async function look(
  id: string,
  output: string | null,
  detail = {},
  tcp: Parameters<typeof instanceLooked>[3] = null,
) {
  const [instance] = await site.db.select().from(instances);
  if (!instance) throw new Error('no instance');
  const seen = { ...instance, detail: { ...instance.detail, ...detail } as never };
  await change(id, (of) => instanceLooked(of, seen, output, tcp));
  return rowOf(id);
}
