// For tests of lent credentials: a workspace whose target is in the lab's AWS and lends to connectors, and its runs.
import { eq } from 'drizzle-orm';
import { awsTargetPlaces, awsTargets, replicationRuns, servers, tasks } from '../../../db/schema/index.ts';
import { startTestLab, type TestLab } from '../../../lab/aws/testing-lab-aws.ts';
import { createJobs } from '../jobs/create.ts';
import { advanceRun } from '../runs/advance.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';

export interface LendingSite {
  lab: TestLab;
  site: TestWorkspace;
  /** The only run with work to do, of a server of its own. */
  begin(): Promise<{ runId: string; serverName: string }>;
  close(): Promise<void>;
}

export async function lendingSite(): Promise<LendingSite> {
  const lab = await startTestLab();
  const site = await testWorkspace();
  process.env.LANDFALL_AWS_ACCESS_KEY_ID = lab.aws.credentials.accessKeyId;
  process.env.LANDFALL_AWS_SECRET_ACCESS_KEY = lab.aws.credentials.secretAccessKey;
  process.env.LANDFALL_AWS_ENDPOINT_STS = lab.aws.url;
  const { region, bucket, url } = lab.aws;
  const endpoints = { s3: url, ec2: url, ebs: url, sts: url };
  await site.db.update(awsTargetPlaces).set({ region, bucket, endpoints });
  let begun = 0;
  return {
    lab,
    site,
    async begin() {
      await site.db.update(tasks).set({ state: 'cancelled' });
      await site.db.update(replicationRuns).set({ state: 'cancelled' });
      await site.db.update(awsTargets).set({ connectorSignIn: 'lent' });
      begun += 1;
      const serverName = `lent-${begun}`;
      await site.importServers([catalogServer(serverName)]);
      const [server] = await site.db.select().from(servers).where(eq(servers.name, serverName));
      const { jobIds } = await createJobs(site.ctx, {
        servers: [{ serverId: server?.id as string }],
        settings: { everyHours: null, seedAt: null, description: '', keepImages: null },
      });
      const [run] = await site.db
        .select()
        .from(replicationRuns)
        .where(eq(replicationRuns.jobId, jobIds[0] as string));
      const runId = run?.id as string;
      await advanceRun(site.ctx, runId);
      return { runId, serverName };
    },
    async close() {
      await site.close();
      await lab[Symbol.asyncDispose]();
    },
  };
}
