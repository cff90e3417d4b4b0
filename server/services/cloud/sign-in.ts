// The ways in which people let the console sign in to a target. AWS is asked who that is before anything is saved: a key that
// does not work, and one of another account, change nothing.

import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { awsTargetPlaces, awsTargets } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { ConnectorSignIn } from '../../../replication/model/target.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { createTarget, createTargetInput } from '../targets/create.ts';
import {
  checkAllowed,
  connectorSignInInput,
  idOfRequest,
  newExternalId,
  oneTargetInput,
  type SignIn,
  type SignInInput,
  signInColumns,
  signInInput,
  targetToSignIn,
  toldOf,
} from '../targets/sign-in.ts';
import { accountAsItIs, accountOf, anotherAccount, askingSts, LONGEST_ASKING_MS } from './account-of.ts';
import { checkSts } from './believed-sts.ts';

const signInFields = { signIn: signInInput, connectorSignIn: connectorSignInInput.default('own') };
export const createSignedInTargetInput = z.object({ ...createTargetInput.shape, ...signInFields });
/** Without a sign-in the console's stays as it is, and nobody has to give its secret again. */
export const changeSignInInput = z.object({ ...oneTargetInput.shape, ...signInFields, signIn: signInInput.optional() });

/**
 * Creates a target of the account that the sign-in belongs to. @throws `aws-credentials-refused`, `aws-role-refused` and what else
 * AWS says of the sign-in, `aws-account-differs` when another account was expected, `input-invalid` when its STS is not believed
 */
export async function createSignedInTarget(
  ctx: ServiceContext,
  input: z.input<typeof createSignedInTargetInput>,
  { withinMs = LONGEST_ASKING_MS } = {},
): Promise<{ targetId: string; created: boolean }> {
  const workspaceId = guard(ctx, 'target.manage');
  const { signIn: chosen, connectorSignIn, ...target } = parseInput(createSignedInTargetInput, input);
  const targetId = target.requestId ? idOfRequest(workspaceId, target.requestId) : newId.target();
  const known = and(eq(awsTargets.id, targetId), eq(awsTargets.workspaceId, workspaceId));
  if ((await ctx.db.$count(awsTargets, known)) > 0) return { targetId, created: false };
  await checkAllowed(ctx.db, chosen.kind);
  checkSts(target.endpoints);
  const signIn = inFull(chosen, newExternalId(workspaceId, targetId));
  const account = await askingSts(withinMs, (signal) => accountOf(signIn, { targetId, ...target }, signal));
  if (target.account && target.account !== account) throw anotherAccount(target.account, account);
  return createTarget(ctx, { ...target, account }, { targetId, signIn, connectorSignIn });
}

/** Counts at once, everywhere, also for what was made before. Answers the account, which is that of before. @throws as above */
export async function changeTargetSignIn(
  ctx: ServiceContext,
  input: z.input<typeof changeSignInInput>,
  { withinMs = LONGEST_ASKING_MS } = {},
): Promise<{ account: string | null }> {
  const workspaceId = guard(ctx, 'target.manage');
  const { targetId, signIn: chosen, connectorSignIn } = parseInput(changeSignInInput, input);
  const { target, place } = await targetToSignIn(ctx.db, workspaceId, targetId);
  if (!chosen) {
    await changeConnectorSignIn(ctx, workspaceId, targetId, connectorSignIn);
    return { account: place.account };
  }
  await checkAllowed(ctx.db, chosen.kind);
  const externalId = target.externalId ?? newExternalId(workspaceId, targetId);
  const signIn = inFull(chosen, externalId);
  const { account, until } = await askingSts(withinMs, async (signal) => ({
    account: await accountOf(signIn, place, signal),
    // Nobody has asked yet: whoever it was until now says it, unless that does not work any more.
    until: place.account ?? (await accountAsItIs(target, place, signal)),
  }));
  if (until !== null && until !== account) throw anotherAccount(until, account);
  return inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const [before] = await tx.select().from(awsTargets).where(eq(awsTargets.id, targetId)).for('no key update');
    if (!before) throw faultError('not-found', { message: `There is no AWS target ${targetId}.` });
    const places = await tx.select().from(awsTargetPlaces).where(eq(awsTargetPlaces.targetId, targetId));
    const other = places.find((one) => one.account !== null && one.account !== account);
    if (other?.account) throw anotherAccount(other.account, account);
    const after = { ...signInColumns(signIn, target), connectorSignIn };
    const changedBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'landfall';
    await tx
      .update(awsTargets)
      .set({
        ...after,
        externalId: before.externalId ?? externalId,
        signInVersion: before.signInVersion + 1,
        changedBy,
        changedAt: ctx.now(),
      })
      .where(eq(awsTargets.id, targetId));
    await tx
      .update(awsTargetPlaces)
      .set({ account })
      .where(
        and(
          eq(awsTargetPlaces.targetId, targetId),
          eq(awsTargetPlaces.revision, place.revision),
          isNull(awsTargetPlaces.account),
        ),
      );
    audit({
      action: 'target.sign-in',
      subjectKind: 'target',
      subjectId: targetId,
      subjectName: before.name,
      before: toldOf(before),
      after: { ...toldOf(after), account },
    });
    event({ topic: 'targets', subjectId: targetId, kind: 'changed' });
    return { account };
  });
}

async function changeConnectorSignIn(
  ctx: ServiceContext,
  workspaceId: WorkspaceId,
  targetId: string,
  connectorSignIn: ConnectorSignIn,
): Promise<void> {
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const [before] = await tx.select().from(awsTargets).where(eq(awsTargets.id, targetId)).for('no key update');
    if (!before) throw faultError('not-found', { message: `There is no AWS target ${targetId}.` });
    if (before.connectorSignIn === connectorSignIn) return;
    const changedBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'landfall';
    await tx
      .update(awsTargets)
      .set({ connectorSignIn, changedBy, changedAt: ctx.now() })
      .where(eq(awsTargets.id, targetId));
    audit({
      action: 'target.sign-in',
      subjectKind: 'target',
      subjectId: targetId,
      subjectName: before.name,
      before: toldOf(before),
      after: toldOf({ ...before, connectorSignIn }),
    });
    event({ topic: 'targets', subjectId: targetId, kind: 'changed' });
  });
}

function inFull(chosen: SignInInput, externalId: string): SignIn {
  return chosen.kind === 'assume-role' ? { ...chosen, externalId } : chosen;
}
