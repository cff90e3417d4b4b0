// A worker's turn over the cutovers that are under way: what waits for the same as before is not touched, what is new is seen at once.
import { eq, sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { cutovers, replicationRuns } from '../../db/schema/index.ts';
import { openCutovers } from '../services/cutovers/due.ts';
import { rollBackCutover } from '../services/cutovers/roll-back.ts';
import {
  atChecks,
  atFinalRun,
  begin,
  completed,
  firstRun,
  manager,
  power,
  rowOf,
  site,
  withReadyJob,
} from '../services/cutovers/testing-cutover.ts';
import { Round } from '../services/round.ts';
import { tendCutovers } from './cutovers.ts';

withReadyJob();

const turn = (minutes = 0) =>
  tendCutovers({ ...site.ctx, now: () => new Date(Date.now() + minutes * 60_000) }, new Round());

/** Neither written nor locked by a turn. */
async function isLeftAlone(id: string): Promise<boolean> {
  const version = async () =>
    (await site.db.execute(sql`select xmin::text, xmax::text from cutovers where id = ${id}`)).rows;
  const before = await version();
  await turn();
  return JSON.stringify(await version()) === JSON.stringify(before);
}

const setRun = (id: string, values: Partial<typeof replicationRuns.$inferInsert>) =>
  site.db.update(replicationRuns).set(values).where(eq(replicationRuns.id, id));

it('leaves a cutover alone that waits for a run of its job, until that has ended', async () => {
  await setRun(firstRun, { state: 'active' });
  const id = await begin();
  await turn();
  expect((await rowOf(id)).waitingFor).toContain(firstRun);
  expect(await isLeftAlone(id)).toBe(true);
  await setRun(firstRun, { state: 'completed' });
  await turn();
  expect((await rowOf(id)).step).toBe('stop-source');
});

it('leaves it alone while the guest shuts down and the final run goes on, and tells of what changes in between', async () => {
  const id = await begin();
  await turn();
  await turn();
  await turn();
  expect((await rowOf(id)).waitingFor).toBe('Waits for the connector to take it up.');
  expect(await isLeftAlone(id)).toBe(true);
  await site.claim(`${site.connectorId}/1`);
  await turn();
  expect((await rowOf(id)).waitingFor).toBe('Waits for the guest to shut down.');
  expect(await isLeftAlone(id)).toBe(true);
  // Nobody says anything any more.
  await turn(60);
  expect((await rowOf(id)).question?.choices).toEqual(['try-again', 'power-off']);
});

it('leaves it alone while its final run stands still, and tells of each of its steps', async () => {
  const { id, runId } = await atFinalRun();
  await turn();
  expect(await isLeftAlone(id)).toBe(true);
  await setRun(runId, { state: 'active', step: 'copy-disks', percent: 12.7 });
  await turn();
  expect((await rowOf(id)).waitingFor).toBe(`${runId}: 12 %, Copy disks`);
  expect(await isLeftAlone(id)).toBe(true);
  await completed(runId, 'ami-2');
  await turn();
  expect((await rowOf(id)).step).toBe('launch');
});

it('leaves a roll-back alone while the run cleans up and the server is powered on', async () => {
  const { id, runId } = await atFinalRun();
  await rollBackCutover(manager(), { cutoverId: id });
  await turn();
  expect((await rowOf(id)).waitingFor).toBe(`Waits until ${runId} has cleaned up.`);
  expect(await isLeftAlone(id)).toBe(true);
  await setRun(runId, { state: 'cancelled', endedAt: new Date() });
  for (let step = 0; step < 4; step += 1) await turn();
  expect((await rowOf(id)).waitingFor).toBe('Waits for the connector to take it up.');
  expect(await isLeftAlone(id)).toBe(true);
  expect(await power({ power: 'on', note: null })).toBe('power-on');
  await turn();
  expect((await rowOf(id)).state).toBe('rolled-back');
});

it('hands out which instance is to be looked at, and that of a roll-back never', async () => {
  const { id, launchId } = await atChecks();
  const look = async () => (await openCutovers(site.ctx, new Round())).map((open) => [open.id, open.look]);
  expect(await look()).toEqual([[id, launchId]]);
  await site.db.update(cutovers).set({ state: 'rolling-back' });
  expect(await look()).toEqual([[id, null]]);
});
