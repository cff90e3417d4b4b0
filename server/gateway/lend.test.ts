// A connector at a target that lends: what it is told, what the verb gives it, and what an older one hears.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { replicationRuns, tasks } from '../../db/schema/index.ts';
import { type LendingSite, lendingSite } from '../services/cloud/testing-lending.ts';
import { createEnrolmentCode } from '../services/connectors/enrol.ts';
import type { TestWorkspace } from '../services/testing.ts';
import { handleGateway } from './gateway.ts';

let lending: LendingSite;
let site: TestWorkspace;
let runId: string;

beforeAll(async () => {
  lending = await lendingSite();
  ({ site } = lending);
});
afterAll(() => lending.close());

beforeEach(async () => {
  ({ runId } = await lending.begin());
});

describe('a target that lends', () => {
  const about = { name: 'South', version: '1', host: 'south', addresses: [] };
  const vmManager = { type: 'vsphere', url: 'https://vc', name: 'vc', id: 'vc', version: '8' };
  let token = '';
  const ask = async (verb: string, body: unknown) => {
    const answer = await handleGateway(
      new Request(`http://127.0.0.1/api/connector/v1/${verb}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
      verb,
    );
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  it('a connector that borrows is told so and lent to; an older one gets no such work, and its run says why', async () => {
    const { code } = await createEnrolmentCode(site.as('administrator'));
    const enrolled = (await ask('enrol', { ...about, vmManager, code })).body;
    token = String(enrolled.token);
    const { session } = (await ask('hello', { ...about, vmManager })).body;
    await site.db
      .update(tasks)
      .set({ connectorId: String(enrolled.connectorId) })
      .where(eq(tasks.state, 'open'));

    const claim = (borrows?: boolean) =>
      ask('claim', { session, free: 1, waitSeconds: 0, ...(borrows !== undefined && { borrows }) });
    const claimed = (await claim(true)).body.tasks as { id: string; fence: number; input: { target: object } }[];
    expect(claimed[0]?.input.target).toMatchObject({ signIn: 'lent' });
    const held = { taskId: claimed[0]?.id, fence: claimed[0]?.fence };
    expect(await ask('lend', held)).toMatchObject({
      status: 200,
      body: { accessKeyId: expect.stringMatching(/^ASIA/) },
    });
    expect(await ask('lend', { ...held, fence: 99 })).toMatchObject({
      status: 409,
      body: { fault: { code: 'lease-lost' } },
    });

    await ask('give-back', held);
    expect((await claim()).body.tasks).toEqual([]);
    const [run] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.id, runId));
    expect(run?.fault?.code).toBe('connector-outdated');
  });
});
