// What proofs do with an installation: fill the catalog, make jobs, follow their runs.
import { setTimeout as delay } from 'node:timers/promises';
import { and, desc, eq, isNull, ne } from 'drizzle-orm';
import { connectors, type RunRow, replicationJobs, replicationRuns, servers } from '../db/schema/index.ts';
import type { License } from '../replication/model/job.ts';
import { isEnded } from '../replication/model/run.ts';
import { importCatalog } from '../server/services/catalog/import.ts';
import { createJobs } from '../server/services/jobs/create.ts';
import { deleteJob } from '../server/services/jobs/delete.ts';
import { listTargets } from '../server/services/targets/list.ts';
import type { TargetUse } from '../server/services/targets/settings.ts';
import { updateTarget } from '../server/services/targets/update.ts';
import type { Installation } from './installation.ts';

/** Looks until it is so; fails with what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  seconds = 30,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let seen: unknown;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    seen = found;
    await delay(50);
  }
  throw new Error(`Not within ${seconds} s: ${what} (${JSON.stringify(seen)})`);
}

/** Waits for a healthy connector and imports the catalog. */
export async function importedCatalog(site: Installation): Promise<void> {
  const connector = async () => (await site.db.select().from(connectors))[0];
  await until('the connector is healthy', async () => (await connector())?.status === 'healthy', 150).catch(
    async (error) => {
      const checks = (await connector())?.checks.filter((check) => !check.ok);
      throw new Error(`${error.message}\n${JSON.stringify(checks)}\n${site.connector.output}\n${site.worker.output}`);
    },
  );
  await importCatalog(site.ctx, {});
  await until('the catalog is imported', async () => (await connector())?.catalogState === 'available', 60);
}

/** Creates a one-time job for the server of this name; its id. */
export async function newJob(
  site: Installation,
  serverName: string,
  options: { license?: License; keepImages?: number } = {},
): Promise<string> {
  const [server] = await site.db.select().from(servers).where(eq(servers.name, serverName));
  if (!server) throw new Error(`There is no server ${serverName}`);
  const { jobIds } = await createJobs(site.ctx, {
    servers: [{ serverId: server.id, license: options.license ?? 'auto' }],
    settings: { everyHours: null, seedAt: null, description: '', keepImages: options.keepImages ?? null },
  });
  return jobIds[0] as string;
}

/** The newest run of a job. */
export async function runOf(site: Installation, jobId: string, butNot = ''): Promise<RunRow | null> {
  const [run] = await site.db
    .select()
    .from(replicationRuns)
    .where(and(eq(replicationRuns.jobId, jobId), ne(replicationRuns.id, butNot)))
    .orderBy(desc(replicationRuns.createdAt))
    .limit(1);
  return run ?? null;
}

/** Waits until the newest run of a job has ended. */
export async function endedRun(site: Installation, jobId: string, butNot = ''): Promise<RunRow> {
  return until(
    `a run of ${jobId} ends`,
    async () => {
      const run = await runOf(site, jobId, butNot);
      return run && isEnded(run.state) ? run : null;
    },
    90,
  ).catch(async (error) => {
    const run = await runOf(site, jobId, butNot);
    throw new Error(`${error.message}\n${JSON.stringify(run)}\n${site.connector.output}\n${site.worker.output}`);
  });
}

/** Waits until a run of the job reads its disks. */
export function copyUnderWay(site: Installation, jobId: string): Promise<RunRow> {
  return until(
    `${jobId} copies`,
    async () => {
      const run = await runOf(site, jobId);
      return run?.step === 'copy-disks' && (run.progress?.disks[0]?.bytesRead ?? 0) > 0 ? run : null;
    },
    60,
  );
}

/** vCenter gives exports at this rate until its faults are cleared, so that something can happen in mid-copy. */
export function slowExports(site: Installation, bytesPerSecond = 1_000_000): Promise<unknown> {
  return site.control('/faults', {
    side: 'vcenter',
    operation: 'nfc:GET',
    effect: { kind: 'rate', bytesPerSecond },
  });
}

/** How runs from now on go to AWS; what is not given is as it is at first. */
export async function setTarget(site: Installation, settings: Partial<TargetUse>): Promise<void> {
  const [first] = await listTargets(site.ctx);
  const asAtFirst = {
    transfer: 's3',
    transport: 'auto',
    verification: 'sampled',
    encrypted: false,
    kmsKeyArn: null,
  } as const;
  await updateTarget(site.ctx, { targetId: first?.id as string, ...asAtFirst, ...settings });
}

/** Deletes every job, and waits until their runs have ended for that. */
export async function deleteJobs(site: Installation): Promise<void> {
  const open = isNull(replicationJobs.deletedAt);
  const left = await site.db.select({ id: replicationJobs.id }).from(replicationJobs).where(open);
  for (const { id } of left) await deleteJob(site.ctx, { jobId: id });
  await until('all jobs are deleted', async () => (await site.db.$count(replicationJobs, open)) === 0, 60);
}
