// Tests a target: tries each right of the console by name and looks at bucket and role. What that makes at AWS is in the ledger
// first, so that whatever ends the test leaves nothing behind for good.

import { and, eq, inArray, isNull, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { artifacts, awsTargets, connectors, members, targetTests, users } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { DeniedBy, TargetTestResult, TriedRight } from '../../../replication/model/target-test.ts';
import { policyText, statementFor } from '../../../replication/target/aws/permissions/policies.ts';
import { type Chosen, NEEDS } from '../../../replication/target/aws/permissions/rights.ts';
import type { Scratch, TrialOptions, Tried } from '../../../replication/target/aws/permissions/trial.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { copiedFrom } from '../targets/copy-targets.ts';
import { targetInput } from '../targets/settings.ts';
import { type AtPlace, targetOf } from '../targets/store.ts';
import { chosenOf } from './target-permissions.ts';
import { targetPool } from './target-pool.ts';

/** A page waits no longer, the writes before and after included. */
const TEST_MS = 20_000;
/** The reaper takes what a test that was killed has left. */
const LEFT_AFTER_SECONDS = 120;

export const testTargetInput = z.object({
  targetId: z.string(),
  /** Also makes and deletes a snapshot of 1 GiB. */
  withSnapshot: z.boolean().default(false),
});

export interface LastTargetTest {
  testedAt: Date;
  /** Null for one who is no member any more. */
  testedBy: string | null;
  /** False where place or sign-in have changed since. */
  current: boolean;
  /** Scratch things that are still at AWS; they are taken away by and by. */
  leftBehind: number;
  result: TargetTestResult;
}

/** Tests a target as it is now, and keeps what was found in place of the test before. @throws `not-found` */
export async function testTarget(
  ctx: ServiceContext,
  input: z.input<typeof testTargetInput>,
): Promise<LastTargetTest | null> {
  const workspaceId = guard(ctx, 'target.manage');
  const { targetId, withSnapshot } = parseInput(testTargetInput, input);
  const found = await targetOf(ctx.db, workspaceId, targetId);
  const { target, place } = found;
  const at: AtPlace = { targetId, targetRevision: place.revision };
  const chosen = chosenOf(found, await copiedFrom(ctx.db, workspaceId, targetId));
  const opened = await targetPool().at(ctx.db, at);
  const began = performance.now();
  const made: string[] = [];
  const declare: TrialOptions['declare'] = async (kind, token, details) => {
    const scratch = await declareScratch(ctx, workspaceId, at, { kind, token, details });
    made.push(scratch.artifactId);
    return scratch;
  };
  const { arn, account, tried, findings } = await opened.tryRights(
    { chosen, withSnapshot, declare },
    AbortSignal.timeout(TEST_MS),
  );
  const known = account ? { ...chosen, account } : chosen;
  const rights = tried.map((one) => toRow(one, known));
  const result: TargetTestResult = {
    arn,
    account,
    withSnapshot,
    findings,
    rights,
    connectors: chosen.connectors === 'own' ? await connectorsSay(ctx, workspaceId) : [],
    milliseconds: Math.round(performance.now() - began),
  };
  await keep(ctx, workspaceId, at, { made, signInVersion: target.signInVersion, result });
  return lastTargetTest(ctx, { targetId });
}

/** The latest test of a target, or of the workspace's first; null before any. */
export async function lastTargetTest(
  ctx: ServiceContext,
  input?: z.input<typeof targetInput>,
): Promise<LastTargetTest | null> {
  const workspaceId = guard(ctx, 'target.read');
  const { target } = await targetOf(ctx.db, workspaceId, parseInput(targetInput, input)?.targetId);
  const [row] = await ctx.db
    .select({ test: targetTests, by: users.name })
    .from(targetTests)
    .leftJoin(members, eq(members.id, targetTests.testedBy))
    .leftJoin(users, eq(users.id, members.userId))
    .where(eq(targetTests.targetId, target.id));
  if (!row) return null;
  const left = await ctx.db
    .select({ id: artifacts.id })
    .from(artifacts)
    .where(and(eq(artifacts.targetId, target.id), isNull(artifacts.runId), ne(artifacts.state, 'released')))
    .limit(100);
  const { testedAt, revision, signInVersion, result } = row.test;
  return {
    testedAt,
    testedBy: row.by,
    current: revision === target.revision && signInVersion === target.signInVersion,
    leftBehind: left.length,
    result,
  };
}

async function declareScratch(
  ctx: ServiceContext,
  workspaceId: WorkspaceId,
  at: AtPlace,
  what: Pick<typeof artifacts.$inferInsert, 'kind' | 'token' | 'details'>,
): Promise<Scratch> {
  const artifactId = newId.artifact();
  await inTransaction(ctx, workspaceId, async ({ tx }) => {
    const [target] = await tx
      .select({ id: awsTargets.id })
      .from(awsTargets)
      .where(and(eq(awsTargets.id, at.targetId), eq(awsTargets.workspaceId, workspaceId)))
      .for('key share');
    if (!target) throw faultError('not-found', { message: 'The AWS target was deleted while it was tested.' });
    const releaseNotBefore = sql`now() + make_interval(secs => ${LEFT_AFTER_SECONDS})`;
    await tx.insert(artifacts).values({ id: artifactId, workspaceId, ...at, ...what, fence: 0, releaseNotBefore });
  });
  const set = (values: Partial<typeof artifacts.$inferInsert>) =>
    inTransaction(ctx, workspaceId, async ({ tx }) => {
      await tx.update(artifacts).set(values).where(eq(artifacts.id, artifactId));
    });
  return {
    artifactId,
    made: (externalId) => set({ state: 'created', externalId }),
    gone: () => set({ state: 'released', releasedAt: ctx.now() }),
  };
}

async function keep(
  ctx: ServiceContext,
  workspaceId: WorkspaceId,
  { targetId, targetRevision: revision }: AtPlace,
  { made, signInVersion, result }: { made: string[]; signInVersion: number; result: TargetTestResult },
): Promise<void> {
  const testedBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'system';
  const row = { revision, signInVersion, testedBy, testedAt: ctx.now(), result };
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const here = and(eq(awsTargets.id, targetId), eq(awsTargets.workspaceId, workspaceId));
    const [held] = await tx.select({ name: awsTargets.name }).from(awsTargets).where(here).for('key share');
    if (!held) throw faultError('not-found', { message: 'The AWS target was deleted while it was tested.' });
    await tx
      .insert(targetTests)
      .values({ targetId, ...row })
      .onConflictDoUpdate({ target: targetTests.targetId, set: row });
    if (made.length > 0) {
      const still = and(
        eq(artifacts.workspaceId, workspaceId),
        inArray(artifacts.id, made),
        ne(artifacts.state, 'released'),
      );
      await tx.update(artifacts).set({ releaseNotBefore: sql`now()` }).where(still);
    }
    const count = (outcome: TriedRight['outcome']) => result.rights.filter((right) => right.outcome === outcome).length;
    audit({
      action: 'target.test',
      subjectKind: 'target',
      subjectId: targetId,
      subjectName: held.name,
      after: {
        allowed: count('allowed'),
        denied: result.rights.flatMap(({ action, outcome }) => (outcome === 'denied' ? [action] : [])),
        notTried: count('not-tried'),
        withSnapshot: result.withSnapshot,
      },
    });
    event({ topic: 'targets', subjectId: targetId, kind: 'changed' });
  });
}

function toRow({ right, outcome, detail, denial }: Tried, chosen: Chosen): TriedRight {
  const { action, on, purpose, need } = right;
  const row = { action, on, purpose, need: NEEDS[need].label, outcome, detail };
  if (!denial) return row;
  const by = deniedBy(denial.by, action);
  const helps = !denial.explicit && ADDING_HELPS.includes(by);
  return {
    ...row,
    denial: {
      by,
      explicit: denial.explicit,
      policyArn: denial.arn,
      remedy: denial.remedy,
      words: denial.words,
      statement: helps ? policyText(statementFor(right, chosen)) : null,
    },
  };
}

/** Where one more Allow is the remedy. */
const ADDING_HELPS: readonly DeniedBy[] = ['identity policy', 'permissions boundary', 'session policy', 'unknown'];

type Kind = NonNullable<NonNullable<Tried['denial']>['by']>;

function deniedBy(by: Kind | null, action: string): DeniedBy {
  if (by === null) return 'unknown';
  if (by === 'identity-based policy') return 'identity policy';
  if (by !== 'resource-based policy') return by;
  if (action.startsWith('s3:')) return 'bucket policy';
  return action.startsWith('kms:') ? 'KMS key policy' : 'resource policy';
}

/** Their own keys only they can try: what their latest health check said of AWS. */
async function connectorsSay(ctx: ServiceContext, workspaceId: WorkspaceId): Promise<TargetTestResult['connectors']> {
  const rows = await ctx.db
    .select({ name: connectors.name, checks: connectors.checks, checkedAt: connectors.checkedAt })
    .from(connectors)
    .where(and(eq(connectors.workspaceId, workspaceId), isNull(connectors.disassociatedAt)))
    .orderBy(connectors.name)
    .limit(50);
  return rows.map(({ name, checks, checkedAt }) => ({
    name,
    at: checkedAt?.toISOString() ?? null,
    checks: checks.filter(({ id }) => AWS_CHECKS.includes(id)).map(({ label, ok, detail }) => ({ label, ok, detail })),
  }));
}

const AWS_CHECKS: readonly string[] = ['s3', 'ebs-direct', 'aws-clock'];
