// What becomes of an AMI's copies, as the engine writes it down: who looks at which, the ledger's row before AWS is asked, the end.
import { eq, sql } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { artifacts, imageCopies, images, type RunRow, replicationRuns } from '../../../db/schema/index.ts';
import { type Fault, faultError } from '../../../replication/model/fault.ts';
import { inTransaction, type ProgramContext } from '../context.ts';
import type { AtPlace } from '../targets/store.ts';
import { type CopyRow, lockCopy } from './copies.ts';

const AT_ONCE = 10;
/** Longer than a turn of the engine: nobody else looks at a row that somebody is asking AWS about. */
const HELD_SECONDS = 90;
/** Then only a person can help: after 15, 30 … 960 seconds, half an hour in all. */
const MOST_TRIES = 8;

export interface TakenCopy {
  copy: CopyRow;
  /** The run that made the AMI. */
  run: RunRow;
}

/** The next that are due, each handed to one worker at a time. */
export async function takeCopies({ db }: ProgramContext): Promise<TakenCopy[]> {
  const due = sql`(select c.id from ${imageCopies} c where c.state in ('pending', 'copying') and c.not_before <= now()
    order by c.not_before limit ${AT_ONCE} for update skip locked)`;
  const taken = await db
    .update(imageCopies)
    .set({ notBefore: sql`now() + make_interval(secs => ${HELD_SECONDS})` })
    .where(sql`${imageCopies.id} in ${due}`)
    .returning();
  const found = await Promise.all(
    taken.map(async (copy) => {
      const [from] = await db
        .select({ run: replicationRuns, gone: images.deregisteredAt })
        .from(images)
        .innerJoin(replicationRuns, eq(replicationRuns.id, images.runId))
        .where(eq(images.id, copy.imageId));
      return from && !from.gone ? [{ copy, run: from.run }] : [];
    }),
  );
  return found.flat();
}

export interface Begun {
  artifactId: string;
  token: string;
  attempt: number;
}

/** The ledger's row, before AWS is asked: the same one however often this is done. Null when the AMI went meanwhile. */
export function declareCopy(
  ctx: ProgramContext,
  { id, imageId, workspaceId }: CopyRow,
  run: RunRow,
): Promise<Begun | null> {
  return inTransaction(ctx, workspaceId, async ({ tx }) => {
    const copy = await lockCopy(tx, { id, imageId });
    if (copy?.state !== 'pending') return null;
    const at: AtPlace = { targetId: copy.targetId, targetRevision: copy.targetRevision };
    for (let { attempt } = copy; ; attempt += 1) {
      const token = `${id}-${attempt}`;
      await tx
        .insert(artifacts)
        .values({
          ...{ id: newId.artifact(), workspaceId, runId: run.id, ...at, kind: 'image-copy', token, fence: 0 },
          details: { region: copy.region, image: imageId },
        })
        .onConflictDoNothing({ target: artifacts.token });
      const [row] = await tx.select().from(artifacts).where(eq(artifacts.token, token));
      // A person has said that it is gone: AWS would give the same one back for the same token.
      if (row?.state === 'released') continue;
      if (!row) throw faultError('internal');
      await tx.update(imageCopies).set({ artifactId: row.id, attempt }).where(eq(imageCopies.id, id));
      return { artifactId: row.id, token, attempt };
    }
  });
}

/** AWS has begun it. */
export async function confirmCopy(
  ctx: ProgramContext,
  { id, imageId, workspaceId }: CopyRow,
  { artifactId }: Begun,
  copyImageId: string,
  pollMs: number,
): Promise<void> {
  await inTransaction(ctx, workspaceId, async ({ tx, event }) => {
    const copy = await lockCopy(tx, { id, imageId });
    // The AMI may have gone while AWS was asked, and the release may have found nothing yet: it looks again.
    const anew = copy ? {} : { releasedAt: null, releaseNotBefore: sql`now()` };
    await tx
      .update(artifacts)
      .set({ state: 'created', externalId: copyImageId, ...anew })
      .where(eq(artifacts.id, artifactId));
    if (!copy) return;
    await tx
      .update(imageCopies)
      .set({ state: 'copying', copyImageId, startedAt: ctx.now(), fault: null, tries: 0, notBefore: inMs(pollMs) })
      .where(eq(imageCopies.id, id));
    event({ topic: 'images', subjectId: imageId, kind: 'changed' });
  });
}

const inMs = (ms: number) => sql`now() + make_interval(secs => ${ms / 1000})`;

/** It goes on: looked at again after so long. */
export async function lookLater({ db }: ProgramContext, { id }: CopyRow, ms: number): Promise<void> {
  await db
    .update(imageCopies)
    .set({ tries: 0, fault: null, notBefore: inMs(ms) })
    .where(eq(imageCopies.id, id));
}

const WAITS: ReadonlySet<string> = new Set(['aws-busy', 'aws-throttled', 'aws-unreachable', 'console-database-away']);

/** A call that failed is made again, later and later; what no repetition helps, and what has been repeated enough, is at its end. */
export async function copyFailed(ctx: ProgramContext, copy: CopyRow, why: Fault): Promise<void> {
  // AWS copies on, whoever can look at it. Waiting for room there is no failure, and neither is a database or an AWS that is away.
  const underWay = copy.state === 'copying';
  const counts = !underWay && !WAITS.has(why.code);
  const tries = copy.tries + (counts ? 1 : 0);
  if (!underWay && (why.retry === 'never' || tries >= MOST_TRIES))
    return endCopy(ctx, copy, { state: 'failed', fault: why, tries });
  const seconds = counts ? 15 * 2 ** (tries - 1) : 60;
  await inTransaction(ctx, copy.workspaceId, async ({ tx, event }) => {
    if (!(await lockCopy(tx, copy))) return;
    await tx
      .update(imageCopies)
      .set({ tries, fault: why, notBefore: inMs(seconds * 1000) })
      .where(eq(imageCopies.id, copy.id));
    event({ topic: 'images', subjectId: copy.imageId, kind: 'changed' });
  });
}

export async function endCopy(
  ctx: ProgramContext,
  { id, imageId, workspaceId }: CopyRow,
  end: { state: 'available' | 'failed'; fault: Fault | null; tries?: number },
): Promise<void> {
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const copy = await lockCopy(tx, { id, imageId });
    if (copy?.state !== 'pending' && copy?.state !== 'copying') return;
    await tx
      .update(imageCopies)
      .set({ ...end, endedAt: ctx.now() })
      .where(eq(imageCopies.id, id));
    // What was begun in vain is taken away.
    if (end.state === 'failed' && copy.artifactId)
      await tx.update(artifacts).set({ releaseNotBefore: sql`now()` }).where(eq(artifacts.id, copy.artifactId));
    audit({
      action: copy.kind === 'share' ? 'image.share' : 'image.copy',
      subjectKind: 'image',
      subjectId: imageId,
      subjectName: copy.copyImageId ?? imageId,
      after: { account: copy.account, region: copy.region, state: end.state, fault: end.fault?.message ?? null },
    });
    event({ topic: 'images', subjectId: imageId, kind: 'changed' });
  });
}
