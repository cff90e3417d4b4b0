// Servers on their way to a replication job: what is known of each, and why one cannot have a job.
import { and, eq, inArray, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { replicationJobs, servers } from '../../../db/schema/index.ts';
import type { CatalogServer } from '../../../replication/model/server.ts';
import { guard, parseInput, type ServiceContext } from '../context.ts';

export const candidatesInput = z.object({ serverIds: z.array(z.string()).max(500, 'At most 500 servers at once') });

export interface Candidate {
  id: string;
  /** The id itself while the server is not in the catalog. */
  name: string;
  guestName: string;
  guestFamily: CatalogServer['guestFamily'];
  diskCount: number;
  diskBytes: number;
  /** Null when a job can be created for it. */
  refused: string | null;
  /** The job that it has already. */
  jobId: string | null;
}

/** One answer for each id, in the order asked, with the same rules as `createJobs`. */
export async function jobCandidates(ctx: ServiceContext, input: z.infer<typeof candidatesInput>): Promise<Candidate[]> {
  const workspaceId = guard(ctx, 'job.read');
  const { serverIds } = parseInput(candidatesInput, input);
  const ids = [...new Set(serverIds)];
  if (ids.length === 0) return [];
  const rows = await ctx.db
    .select({ server: servers, jobId: replicationJobs.id })
    .from(servers)
    .leftJoin(replicationJobs, and(eq(replicationJobs.serverId, servers.id), isNull(replicationJobs.deletedAt)))
    .where(and(inArray(servers.id, ids), eq(servers.workspaceId, workspaceId), isNull(servers.clearedAt)));
  const found = new Map(rows.map((row) => [row.server.id, row]));
  return ids.map((id) => {
    const row = found.get(id);
    if (!row) {
      const unknown = { name: id, guestName: '', guestFamily: 'other' as const, diskCount: 0, diskBytes: 0 };
      return { id, ...unknown, refused: 'It is not in the server catalog.', jobId: null };
    }
    const { id: _id, name, guestName, guestFamily, diskCount, diskBytes } = row.server;
    return { id, name, guestName, guestFamily, diskCount, diskBytes, refused: refusal(row), jobId: row.jobId };
  });
}

function refusal(row: { server: typeof servers.$inferSelect; jobId: string | null }): string | null {
  const { server, jobId } = row;
  if (server.goneAt) return 'It is gone from its VM manager.';
  if (server.readiness === 'blocked') {
    const why = server.record.findings.find((finding) => finding.level === 'blocking');
    return why ? `${why.title} ${why.remedy}` : 'It is blocked.';
  }
  return jobId ? 'It has a replication job already.' : null;
}
