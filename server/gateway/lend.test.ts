// A connector at a target that lends: what it is told, what the verb gives it, and what an older one hears.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { awsTargetPlaces, awsTargets, replicationRuns, servers, tasks } from '../../db/schema/index.ts';
import { startTestLab, type TestLab } from '../../lab/aws/testing-lab-aws.ts';
import { createEnrolmentCode } from '../services/connectors/enrol.ts';
import { createJobs } from '../services/jobs/create.ts';
import { advanceRun } from '../services/runs/advance.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../services/testing.ts';
import { handleGateway } from './gateway.ts';

let lab: TestLab;
let site: TestWorkspace;
let runId: string;
let named = 0;

beforeAll(async () => {
  lab = await startTestLab();
  site = await testWorkspace();
  process.env.LANDFALL_AWS_ACCESS_KEY_ID = lab.aws.credentials.accessKeyId;
  process.env.LANDFALL_AWS_SECRET_ACCESS_KEY = lab.aws.credentials.secretAccessKey;
  process.env.LANDFALL_AWS_ENDPOINT_STS = lab.aws.url;
  const { region, bucket, url } = lab.aws;
  const endpoints = { s3: url, ec2: url, ebs: url, sts: url };
  await site.db.update(awsTargetPlaces).set({ region, bucket, endpoints });
});
afterAll(async () => {
  await site.close();
  await lab[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await site.db.update(tasks).set({ state: 'cancelled' });
  await site.db.update(replicationRuns).set({ state: 'cancelled' });
  await site.db.update(awsTargets).set({ connectorSignIn: 'lent' });
  named += 1;
  await site.importServers([catalogServer(`lent-${named}`)]);
  const [server] = await site.db
    .select()
    .from(servers)
    .where(eq(servers.name, `lent-${named}`));
  const { jobIds } = await createJobs(site.ctx, {
    servers: [{ serverId: server?.id as string }],
    settings: { everyHours: null, seedAt: null, description: '', keepImages: null },
  });
  const jobId = jobIds[0] as string;
  const [run] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.jobId, jobId));
  runId = run?.id as string;
  await advanceRun(site.ctx, runId);
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
