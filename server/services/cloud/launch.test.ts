import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  artifacts,
  audit,
  events,
  images,
  instances,
  replicationJobs,
  replicationRuns,
} from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { AwsTarget, LaunchableImage, LaunchInput } from '../../../replication/target/aws/target.ts';
import { getInstance, listInstances } from '../instances/list.ts';
import { createJobs } from '../jobs/create.ts';
import { setLaunchConfiguration } from '../jobs/launch-configuration.ts';
import { getJob } from '../jobs/list.ts';
import { Round } from '../round.ts';
import { updateTarget } from '../targets/update.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { endTests, terminateInstance } from './instance-actions.ts';
import { type LaunchInstanceInput, launchAsConfigured, launchInstance } from './launch.ts';
import { launchChoices } from './launch-choices.ts';
import type { Targets } from './target-pool.ts';
import { watchInstances } from './watch-instances.ts';

const slot = globalThis as { landfallTargets?: Targets | undefined };
const never = new AbortController().signal;
const rounds = () => ({ changing: new Round(), all: new Round() });

/** EC2 as far as launches need it: a token gives one instance, however often it is asked. */
class Ec2 {
  readonly launches = new Map<string, LaunchInput>();
  readonly terminated: string[] = [];
  asked = 0;
  checks = 'initializing';
  answer: 'yes' | 'refuses' | 'cut-after' = 'yes';
  image: LaunchableImage = { architecture: 'x86_64', bootMode: 'legacy-bios', ena: true, windows: false, volumes: [] };

  readonly target = {
    instances: {
      launch: async (input: LaunchInput) => {
        this.asked += 1;
        if (this.answer === 'refuses') throw faultError('launch-refused', { cause: 'InvalidSubnetID.NotFound: gone' });
        this.launches.set(input.token, input);
        if (this.answer === 'cut-after') throw faultError('aws-unreachable');
        return `i-${input.token.slice(-8)}`;
      },
      describe: async (ids: string[]) =>
        new Map(
          ids.map((id) => [
            id,
            {
              instanceId: id,
              state: 'running',
              privateAddress: '10.1.2.3',
              systemStatus: this.checks,
              instanceStatus: this.checks,
            },
          ]),
        ),
      terminate: async (id: string) => void this.terminated.push(id),
      types: async () =>
        [
          ['t2.small', 1, 2, ['legacy-bios'], 'unsupported'],
          ['t3.small', 2, 2, ['legacy-bios', 'uefi'], 'required'],
          ['m5.large', 2, 8, ['legacy-bios', 'uefi'], 'required'],
        ].map(([name, vcpus, gib, bootModes, ena]) => ({
          name,
          vcpus,
          memoryMiB: Number(gib) * 1024,
          architectures: ['x86_64'],
          bootModes,
          ena,
        })),
      networks: async () => ({ vpcs: [], subnets: [], securityGroups: [], keyPairs: [] }),
      image: async () => this.image,
    },
    identity: async () => ({ account: '123456789012', arn: 'arn' }),
  } as unknown as AwsTarget;

  readonly targets: Targets = { at: async () => this.target, close: () => undefined };
}

let site: TestWorkspace;
let ec2: Ec2;
let runId: string;

beforeAll(async () => {
  site = await testWorkspace();
  await site.importServers([catalogServer('web', { vcpus: 1, memoryMiB: 1024 })]);
  const [server] = await site.db.query.servers.findMany();
  await createJobs(site.as('operator'), {
    servers: [{ serverId: server?.id ?? '' }],
    settings: { everyHours: null, seedAt: null, description: '', keepImages: null },
  });
  const [run] = await site.db.select().from(replicationRuns);
  if (!run) throw new Error('no run');
  runId = run.id;
  const check = { server: catalogServer('web', { vcpus: 1, memoryMiB: 1024 }), findings: [] };
  await site.db
    .update(replicationRuns)
    .set({ results: { 'check-server': check } as never })
    .where(eq(replicationRuns.id, runId));
  await site.db.insert(images).values({
    id: 'ami-1',
    workspaceId: site.workspaceId,
    jobId: run.jobId,
    runId,
    name: 'web',
    method: 'register-image',
    snapshotIds: ['snap-1'],
    pointInTime: new Date(),
  });
});
afterAll(async () => {
  slot.landfallTargets = undefined;
  await site.close();
});
beforeEach(async () => {
  ec2 = new Ec2();
  slot.landfallTargets = ec2.targets;
  await site.db.delete(instances);
  await site.db.delete(artifacts);
});

const input = (more: Partial<LaunchInstanceInput> = {}): LaunchInstanceInput => ({
  runId,
  purpose: 'test',
  instanceType: 't3.small',
  subnetId: 'subnet-1',
  securityGroupIds: ['sg-1'],
  keyName: null,
  publicAddress: null,
  volumes: [],
  tags: [],
  userData: null,
  ...more,
});
const requestId = 'ab'.repeat(16);
const rows = () => site.db.select().from(instances);

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

describe('default launch settings of the target', () => {
  const launchDefaults = {
    ...{ instanceType: null, subnetId: 'subnet-0d', securityGroupIds: ['sg-0d'], keyName: null },
    ...{ publicAddress: false, instanceProfile: 'ssm' },
  };

  it('are launched with while the job has no launch configuration, and said where a launch is prepared', async () => {
    const { targetId } = site;
    await updateTarget(site.ctx, { targetId, launchDefaults });
    const choices = await launchChoices(site.as('operator'), runId);
    expect(choices).toMatchObject({ configuration: null, defaults: { targetName: 'Main', settings: launchDefaults } });
    const [job] = await site.db.select().from(replicationJobs);
    expect((await getJob(site.as('viewer'), job?.id ?? '')).launchDefaults).toMatchObject({ subnetId: 'subnet-0d' });
    const { id } = await launchAsConfigured(site.as('operator'), { requestId, runId, purpose: 'test' });
    expect(ec2.launches.get(id)).toMatchObject({
      ...{ subnetId: 'subnet-0d', securityGroupIds: ['sg-0d'], publicAddress: false, instanceProfile: 'ssm' },
      instanceType: choices.types.recommended?.name,
    });

    const configuration = { ...launchDefaults, instanceType: 't3.small', subnetId: 'subnet-0e' };
    await setLaunchConfiguration(site.as('operator'), {
      jobId: job?.id ?? '',
      configuration: { ...configuration, volumes: [], tags: [], userData: null },
    });
    const other = await launchAsConfigured(site.as('operator'), { requestId: 'cd'.repeat(16), runId, purpose: 'test' });
    expect(ec2.launches.get(other.id)).toMatchObject({ subnetId: 'subnet-0e', instanceType: 't3.small' });
    await setLaunchConfiguration(site.as('operator'), { jobId: job?.id ?? '', configuration: null });
    await updateTarget(site.ctx, { targetId, launchDefaults: null });
  });
});

describe('a launch configuration', () => {
  it('is saved with a launch, used by every later one, and hides its user data from who may only look', async () => {
    await expect(launchAsConfigured(site.as('operator'), { requestId, runId, purpose: 'test' })).rejects.toMatchObject({
      fault: { code: 'conflict', remedy: /wizard/ },
    });
    const tags = [
      { key: 'Name', value: 'web (test)' },
      { key: 'team', value: 'shop' },
    ];
    const saved = input({ instanceProfile: 'ssm', keyName: 'k', tags, userData: 'geheim', saveConfiguration: true });
    await launchInstance(site.as('operator'), saved);
    const [job] = await site.db.select().from(replicationJobs);
    expect(job?.launchConfiguration).toMatchObject({ instanceProfile: 'ssm', tags: [{ key: 'team', value: 'shop' }] });
    const shown = await getJob(site.as('viewer'), job?.id ?? '');
    expect(shown.launchConfiguration).toMatchObject({ instanceType: 't3.small', hasUserData: true });
    expect(JSON.stringify(shown)).not.toContain('geheim');
    expect(JSON.stringify(await site.db.select().from(audit))).not.toContain('geheim');
    expect((await launchChoices(site.as('operator'), runId)).configuration?.userData).toBe('geheim');

    const { id } = await launchAsConfigured(site.as('operator'), { requestId, runId, purpose: 'test' });
    expect(ec2.launches.get(id)).toMatchObject({
      instanceType: 't3.small',
      keyName: 'k',
      instanceProfile: 'ssm',
      userData: 'geheim',
      tags: { Name: 'web (test)', team: 'shop' },
    });
    await setLaunchConfiguration(site.as('operator'), { jobId: job?.id ?? '', configuration: null });
    expect((await getJob(site.as('viewer'), job?.id ?? '')).launchConfiguration).toBeNull();
    expect(
      await faultCode(setLaunchConfiguration(site.as('viewer'), { jobId: job?.id ?? '', configuration: null })),
    ).toBe('permission-denied');
  });
});

describe('a tag that EC2 would refuse', () => {
  it.each([
    ['AWS:team', 'x', /aws:/],
    ['k'.repeat(129), 'x', /128/],
    ['landfall:run', 'x', /Landfall sets/],
    ['team', 'v'.repeat(257), /256/],
  ])('%j is refused where it is given, neither saved nor launched', async (key, value, words) => {
    const [job] = await site.db.select().from(replicationJobs);
    const tags = [{ key, value }];
    const refused = expect.objectContaining({ code: 'input-invalid', message: expect.stringMatching(words) });
    await expect(launchInstance(site.as('operator'), input({ tags }))).rejects.toMatchObject({ fault: refused });
    const { runId: _, purpose: __, ...configuration } = input({ tags });
    const saving = setLaunchConfiguration(site.as('operator'), {
      jobId: job?.id ?? '',
      configuration: { ...configuration, instanceProfile: null },
    });
    await expect(saving).rejects.toMatchObject({ fault: refused });
    expect(ec2.asked).toBe(0);
    expect(await rows()).toEqual([]);
  });

  it('is not one of 128 and 256 characters', async () => {
    const tags = [{ key: 'k'.repeat(128), value: 'v'.repeat(256) }];
    await launchInstance(site.as('operator'), input({ tags }));
    expect([...ec2.launches.values()]).toMatchObject([{ tags: { ['k'.repeat(128)]: 'v'.repeat(256) } }]);
  });
});

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

describe('the choices of a launch', () => {
  const offered = async (image: Partial<LaunchableImage>) => {
    ec2.image = { ...ec2.image, ...image };
    const { types } = await launchChoices(site.as('operator'), runId);
    return types.fitting.map(({ name }) => name);
  };

  it('go by the AMI: only types that boot it', async () => {
    expect(await offered({})).toEqual(['t2.small', 't3.small', 'm5.large']);
    expect(await offered({ bootMode: 'uefi', windows: true })).toEqual(['t3.small', 'm5.large']);
    expect(await offered({ bootMode: null, windows: false })).toEqual(['t2.small', 't3.small', 'm5.large']);
    expect(await offered({ bootMode: 'legacy-bios', ena: false })).toEqual(['t2.small']);
    expect(await offered({ bootMode: 'uefi', ena: false })).toEqual([]);
    expect(await offered({ architecture: 'arm64' })).toEqual([]);
  });

  it('are not for viewers', async () => {
    expect(await faultCode(launchChoices(site.as('viewer'), runId))).toBe('permission-denied');
  });
});
