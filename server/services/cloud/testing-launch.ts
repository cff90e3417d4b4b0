// What tests of launches share: a job with one AMI, and EC2 as far as launches need it, anew for each test.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { artifacts, images, instances, replicationRuns } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { AwsTarget, LaunchableImage, LaunchInput } from '../../../replication/target/aws/target.ts';
import { createJobs } from '../jobs/create.ts';
import { Round } from '../round.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';
import type { LaunchInstanceInput } from './launch.ts';
import type { Targets } from './target-pool.ts';

const slot = globalThis as { landfallTargets?: Targets | undefined };
export const never = new AbortController().signal;
export const rounds = () => ({ changing: new Round(), all: new Round() });

/** EC2 as far as launches need it: a token gives one instance, however often it is asked. */
class Ec2 {
  readonly launches = new Map<string, LaunchInput>();
  readonly terminated: string[] = [];
  asked = 0;
  checks = 'initializing';
  answer: 'yes' | 'refuses' | 'cut-after' | 'knows-nobody' = 'yes';
  image: LaunchableImage = { architecture: 'x86_64', bootMode: 'legacy-bios', ena: true, windows: false, volumes: [] };

  readonly target = {
    instances: {
      launch: async (input: LaunchInput) => {
        this.asked += 1;
        if (this.answer === 'knows-nobody') throw faultError('aws-credentials-refused');
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

export let site: TestWorkspace;
export let ec2: Ec2;
export let runId: string;

/** Makes the workspace before the first test of a file; no instance is there before any. */
export function withOneImage(): void {
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
}

export const input = (more: Partial<LaunchInstanceInput> = {}): LaunchInstanceInput => ({
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
export const requestId = 'ab'.repeat(16);
export const rows = () => site.db.select().from(instances);
