// Reading the counts that the database keeps (db/schema/tallies.ts): sums by bucket, of whichever names are asked for.

import { and, eq, gte, lt, or, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { type TallyName, tallies } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';

/** All buckets of a name, or those from `from` on and before `before`. */
export interface WantedTallies {
  name: TallyName;
  from?: string;
  before?: string;
}

export interface Bucket {
  bucket: string;
  count: number;
  readBytes: number;
  sentBytes: number;
}

/** The sums of one moment. */
export class Tallies {
  readonly #byName = new Map<TallyName, Bucket[]>();

  constructor(rows: readonly (Bucket & { name: TallyName })[]) {
    for (const { name, ...bucket } of rows) this.#byName.set(name, [...this.buckets(name), bucket]);
  }

  buckets(name: TallyName): readonly Bucket[] {
    return this.#byName.get(name) ?? [];
  }

  /** The count of one bucket, or over all that were read. */
  count(name: TallyName, bucket?: string): number {
    const counted = this.buckets(name).filter((one) => bucket === undefined || one.bucket === bucket);
    return counted.reduce((sum, { count }) => sum + count, 0);
  }
}

export async function readTallies(
  db: Queries,
  workspaceId: WorkspaceId,
  wanted: readonly (TallyName | WantedTallies)[],
): Promise<Tallies> {
  const conditions = wanted.map((one) => {
    const { name, from, before } = typeof one === 'string' ? { name: one } : one;
    return and(
      eq(tallies.name, name),
      from === undefined ? undefined : gte(tallies.bucket, from),
      before === undefined ? undefined : lt(tallies.bucket, before),
    );
  });
  const rows = await db
    .select({
      name: tallies.name,
      bucket: tallies.bucket,
      count: sql<number>`sum(${tallies.count})::int`,
      readBytes: sql<number>`sum(${tallies.readBytes})::float8`,
      sentBytes: sql<number>`sum(${tallies.sentBytes})::float8`,
    })
    .from(tallies)
    .where(and(eq(tallies.workspaceId, workspaceId), or(...conditions)))
    .groupBy(tallies.name, tallies.bucket);
  return new Tallies(rows);
}

const HOUR_MS = 3_600_000;
const FIVE_MINUTES_MS = 300_000;

/** The bucket of an hour, as SQL's `utc_hour` names it. */
export function hourBucket(at: number): string {
  return new Date(Math.floor(at / HOUR_MS) * HOUR_MS).toISOString().slice(0, 13);
}

/** The beginning of the hour that a bucket's name starts with, in milliseconds. */
export function hourOfBucket(bucket: string): number {
  return Date.parse(`${bucket.slice(0, 13)}:00:00Z`);
}

/** The bucket of five minutes, as SQL's `utc_five_minutes` names it, and when it ends. */
export function fiveMinutes(at: number): { bucket: string; end: Date } {
  const from = Math.floor(at / FIVE_MINUTES_MS) * FIVE_MINUTES_MS;
  return { bucket: new Date(from).toISOString().slice(0, 16), end: new Date(from + FIVE_MINUTES_MS) };
}
