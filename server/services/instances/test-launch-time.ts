// How long a launch of a job's AMI took until its checks passed: what a cutover will need at least after its last run.
import { and, desc, eq, isNotNull, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { instances } from '../../../db/schema/index.ts';

export interface TestLaunchTime {
  seconds: number;
  /** Ours, `launch-…`. */
  launchId: string;
  at: Date;
}

/** Of the newest test launch that came to its end; null as long as there is none. */
export async function testLaunchTime(db: Pick<Queries, 'select'>, jobId: string): Promise<TestLaunchTime | null> {
  const [row] = await db
    .select({ id: instances.id, launchedAt: instances.launchedAt, passedAt: instances.checksPassedAt })
    .from(instances)
    // As the index instances_rehearsed says it.
    .where(and(eq(instances.jobId, jobId), sql`${instances.purpose} = 'test'`, isNotNull(instances.checksPassedAt)))
    .orderBy(desc(instances.launchedAt))
    .limit(1);
  if (!row?.passedAt) return null;
  const seconds = Math.max(0, Math.round((row.passedAt.getTime() - row.launchedAt.getTime()) / 1000));
  return { seconds, launchId: row.id, at: row.passedAt };
}
