// What becomes of an AMI's copies, as the engine writes it down: who looks at which, the ledger's row before AWS is asked, the end.
import { eq, sql } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { artifacts, awsTargets, imageCopies, images, type RunRow, replicationRuns } from '../../../db/schema/index.ts';
import { type Fault, FaultError, fault, faultError } from '../../../replication/model/fault.ts';
import { inTransaction, type ProgramContext } from '../context.ts';
import type { AtPlace } from '../targets/store.ts';
import { type CopyRow, goneTarget, lockCopy, MOST_COPY_HOURS } from './copies.ts';

const AT_ONCE = 40;
const AT_ONCE_OF_PLACE = 5;
/** Longer than a turn of the engine: nobody else looks at a row that somebody is asking AWS about. */
const HELD_SECONDS = 90;
/** Then only a person can help: after 15, 30 … 960 seconds, half an hour in all. */
const MOST_TRIES = 8;

export interface TakenCopy {
  copy: CopyRow;
  /** The run that made the AMI. */
  run: RunRow;
}

/** What answers as one. */
export const placeOf = ({ targetId, targetRevision, region }: CopyRow): string =>
  [targetId, targetRevision, region].join(' ');

/** The next that are due, a few of each place, each handed to one worker at a time. */
export async function takeCopies({ db }: ProgramContext): Promise<TakenCopy[]> {
  const isDue = sql`c.state in ('pending', 'copying') and c.not_before <= now()`;
  const ranked = sql`(select c.id, row_number() over (partition by c.target_id, c.target_revision, c.region order by c.not_before) as place
    from ${imageCopies} c where ${isDue})`;
  const due = sql`(select c.id from ${imageCopies} c join ${ranked} ranked on ranked.id = c.id
    where ${isDue} and ranked.place <= ${AT_ONCE_OF_PLACE}
    order by ranked.place, c.not_before limit ${AT_ONCE} for update of c skip locked)`;
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

/** The ledger's row, before AWS is asked: the same one however often this is done. Null when the AMI went meanwhile. @throws the end of it when its target was deleted */
export function declareCopy(
  ctx: ProgramContext,
  { id, imageId, workspaceId }: CopyRow,
  run: RunRow,
): Promise<Begun | null> {
  return inTransaction(ctx, workspaceId, async ({ tx }) => {
    const copy = await lockCopy(tx, { id, imageId });
    if (copy?.state !== 'pending') return null;
    const there = eq(awsTargets.id, copy.targetId);
    const [target] = await tx
      .select({ retiredAt: awsTargets.retiredAt })
      .from(awsTargets)
      .where(there)
      .for('key share');
    if (!target || target.retiredAt) throw new FaultError(goneTarget(copy.targetId));
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

/** Between looks at a copy that cannot be asked about. */
const LONGEST_PAUSE_SECONDS = 3_600;
const HOUR_MS = 3_600_000;

const WAITS: ReadonlySet<string> = new Set(['aws-busy', 'aws-throttled', 'aws-unreachable', 'console-database-away']);

/** A call that failed is made again, later and later; what no repetition helps, and what has been repeated enough, is at its end. */
export async function copyFailed(ctx: ProgramContext, copy: CopyRow, why: Fault): Promise<void> {
  // AWS copies on, whoever can look at it. Waiting for room there is no failure, and neither is a database or an AWS that is away.
  const underWay = copy.state === 'copying';
  const waits = !underWay && WAITS.has(why.code);
  const tries = copy.tries + (waits ? 0 : 1);
  if (why.retry === 'never' || (!underWay && tries >= MOST_TRIES))
    return endCopy(ctx, copy, { state: 'failed', fault: why, tries });
  const since = (copy.startedAt ?? copy.createdAt).getTime();
  if (underWay && ctx.now().getTime() - since > MOST_COPY_HOURS * HOUR_MS) {
    const message = `Whether AWS finished the copy could not be learnt within ${MOST_COPY_HOURS} hours.`;
    const end = fault('image-copy-failed', { message, cause: why.cause ?? why.message });
    return endCopy(ctx, copy, { state: 'failed', fault: end, tries });
  }
  const growing = (underWay ? 60 : 15) * 2 ** Math.min(tries - 1, 10);
  const seconds = waits ? 60 : Math.min(growing, LONGEST_PAUSE_SECONDS);
  await inTransaction(ctx, copy.workspaceId, async ({ tx, event }) => {
    if (!(await lockCopy(tx, copy))) return;
    await tx
      .update(imageCopies)
      .set({ tries, fault: why, notBefore: inMs(seconds * 1000) })
      .where(eq(imageCopies.id, copy.id));
    if (copy.fault?.code !== why.code) event({ topic: 'images', subjectId: copy.imageId, kind: 'changed' });
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
