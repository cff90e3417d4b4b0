// What `npm run dev` fills its console with, so that every page has something to show: made through the API, by the verbs
// that people use, in a lab that is made to fail where a failure is wanted. What is there already is left alone.
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsoleApi } from './console-client.ts';

export interface SampleData {
  api: ConsoleApi;
  /** Where the lab is told what shall go wrong. */
  labControl: string;
  say: (text: string) => void;
  signal: AbortSignal;
}

/** Longer than any of it takes on a machine that is busy with other things. */
const PATIENCE_MS = 600_000;

type Server = Awaited<ReturnType<ConsoleApi['servers']['list']['query']>>['items'][number];
type Run = NonNullable<Awaited<ReturnType<ConsoleApi['jobs']['get']['query']>>['run']>;

/** One server of the lab and what becomes of it. Each sample needs the server only, so all go on side by side. */
interface Sample {
  server: string;
  description: string;
  everyHours?: number;
  keepImages?: number;
  verification?: 'full';
  /** Hours until the first run; now, unless told. */
  startsInHours?: number;
  /** Before the job is there. */
  before?: (site: Site, server: Server) => Promise<void>;
  /** After its first run was begun. */
  after?: (site: Site, jobId: string) => Promise<void>;
}

const SAMPLES: Sample[] = [
  {
    server: 'web-01',
    description: 'Front page: tested once, with a second run that sent only what had changed',
    everyHours: 12,
    keepImages: 5,
    after: async (site, jobId) => {
      const { id } = await site.endedRun(jobId);
      await site.launchTest(id, jobId);
      await site.api.jobs.startRun.mutate({ jobId });
    },
  },
  {
    server: 'cache-01',
    description: 'Copied once; its cutover is planned, and a person starts it',
    after: async (site, jobId) => {
      await site.endedRun(jobId);
      await site.api.cutovers.plan.mutate({ jobId, start: null, options: {} });
    },
  },
  {
    server: 'legacy-01',
    description: 'In the middle of its cutover: a person has to say something',
    after: async (site, jobId) => {
      const { id } = await site.endedRun(jobId);
      await site.launchTest(id, jobId);
      await site.api.cutovers.plan.mutate({ jobId, start: 'now', options: {} });
    },
  },
  { server: 'dc-01', description: 'Windows: VM Import makes the AMI', everyHours: 24, verification: 'full' },
  { server: 'mail-01', description: 'Begins tomorrow', everyHours: 6, startsInHours: 24 },
  {
    server: 'db-01',
    description: 'Paused by a person after its first run',
    everyHours: 24,
    after: async (site, jobId) => {
      await site.endedRun(jobId);
      await site.api.jobs.pause.mutate({ jobId });
    },
  },
  {
    server: 'files-01',
    description: 'Failed for want of room on the datastore',
    before: ({ fault }, { vmId }) =>
      fault({
        side: 'vcenter',
        operation: 'task:CreateSnapshot_Task',
        match: { vm: vmId },
        count: 1,
        effect: { kind: 'fail', code: 'NoDiskSpace' },
      }),
  },
  {
    server: 'app-01',
    description: 'Cancelled while it copied',
    before: ({ fault }, { vmId }) =>
      fault({
        side: 'vcenter',
        operation: 'nfc:GET',
        match: { vm: vmId },
        count: 1,
        effect: { kind: 'rate', bytesPerSecond: 20_000 },
      }),
    after: async (site, jobId) => {
      const run = await site.until('the copy of app-01 begins', async () => {
        const newest = await site.newestRun(jobId);
        return newest && (newest.endedAt || newest.progress?.disks.some(({ bytesRead }) => bytesRead > 0))
          ? newest
          : undefined;
      });
      if (!run.endedAt) await site.api.runs.cancel.mutate({ runId: run.id });
    },
  },
];

/** Fills the console. Resolves when every sample is as it should be. @throws Error when one does not get there */
export async function fillConsole(data: SampleData): Promise<void> {
  const site = new Site(data);
  const servers = await site.catalog();
  const wanted = SAMPLES.filter(({ server }) => servers.some(({ name, jobId }) => name === server && !jobId));
  if (wanted.length === 0) return;
  data.say('making sample data: jobs, runs, AMIs, instances and cutovers (the console can be used meanwhile)');
  const results = await Promise.allSettled(wanted.map((sample) => site.make(sample, servers)));
  const failed = results.filter((result) => result.status === 'rejected').map(({ reason }) => String(reason));
  if (failed.length > 0) throw new Error(failed.join('\n'));
  data.say('the sample data are complete');
}

class Site {
  readonly api: ConsoleApi;
  readonly #data: SampleData;

  constructor(data: SampleData) {
    this.api = data.api;
    this.#data = data;
  }

  /** The servers of the catalog, which is imported first when it was never before. */
  async catalog(): Promise<Server[]> {
    await this.until('the connector is healthy', async () => {
      const { items } = await this.api.connectors.list.query(page());
      return items.some(({ status }) => status === 'healthy') || undefined;
    });
    const { state } = await this.api.servers.catalog.query();
    if (state === 'not-imported' || state === 'failed') await this.api.servers.importCatalog.mutate({});
    await this.until('the catalog is imported', async () => {
      const catalog = await this.api.servers.catalog.query();
      return catalog.state === 'available' || undefined;
    });
    return (await this.api.servers.list.query(page())).items;
  }

  async make({ server: name, before, after, ...sample }: Sample, servers: Server[]): Promise<void> {
    const server = servers.find((one) => one.name === name);
    if (!server) return;
    await before?.(this, server);
    const { jobIds } = await this.api.jobs.create.mutate({
      servers: [{ serverId: server.id }],
      settings: {
        description: sample.description,
        everyHours: sample.everyHours ?? null,
        seedAt: sample.startsInHours ? new Date(Date.now() + sample.startsInHours * 3_600_000) : null,
        keepImages: sample.keepImages ?? null,
        verification: sample.verification ?? null,
      },
    });
    const [jobId] = jobIds;
    if (jobId) await after?.(this, jobId);
  }

  async newestRun(jobId: string): Promise<Run | null> {
    return (await this.api.jobs.get.query({ jobId })).run;
  }

  /** The first run of a job, once it is over. */
  endedRun(jobId: string): Promise<Run> {
    return this.until(`the first run of ${jobId} ends`, async () => {
      const run = await this.newestRun(jobId);
      return run?.endedAt ? run : undefined;
    });
  }

  /** An instance of a run's AMI, of the first type and in the first subnet that fit, kept as the launch configuration. */
  async launchTest(runId: string, jobId: string): Promise<void> {
    const { types, networks } = await this.api.instances.choices.query({ runId });
    const type = types.recommended ?? types.fitting[0];
    const subnet = networks.subnets[0];
    const group = networks.securityGroups.find(({ vpcId }) => vpcId === subnet?.vpcId);
    if (!type || !subnet || !group) throw new Error(`Nothing fits to launch ${jobId} with`);
    const { id } = await this.api.instances.launch.mutate({
      runId,
      purpose: 'test',
      instanceType: type.name,
      subnetId: subnet.id,
      securityGroupIds: [group.id],
      keyName: null,
      publicAddress: null,
      volumes: [],
      tags: [{ key: 'Team', value: 'Web' }],
      userData: null,
      saveConfiguration: true,
    });
    await this.until(`${id} runs`, async () => {
      const instance = await this.api.instances.get.query({ id });
      return instance.state === 'running' || instance.fault ? instance : undefined;
    });
  }

  /** Has the lab do something wrong. */
  fault = async (rule: object): Promise<void> => {
    const answer = await fetch(`${this.#data.labControl}/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(rule),
      signal: AbortSignal.any([this.#data.signal, AbortSignal.timeout(30_000)]),
    });
    if (!answer.ok) throw new Error(`The lab answered ${answer.status}: ${await answer.text()}`);
  };

  /** Looks until there is an answer. @throws Error when there is none within ten minutes, or the signal is aborted */
  async until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const end = Date.now() + PATIENCE_MS;
    while (Date.now() < end) {
      const found = await look();
      if (found !== undefined) return found;
      await delay(500, undefined, { signal: this.#data.signal });
    }
    throw new Error(`Not within ${PATIENCE_MS / 60_000} minutes: ${what}`);
  }
}

/** Everything of a list that is this short. */
function page() {
  return { page: 1, pageSize: 100, sort: null, filter: { operation: 'and' as const, tokens: [] } };
}
