// The way to create AWS targets, whoever asks: a person, or the environment for the first one.
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { awsTargetPlaces, awsTargets } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { type ConnectorSignIn, partitionOf } from '../../../replication/model/target.ts';
import { targetFieldsSchema } from '../../../replication/model/target-fields.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { checkCopyTargets } from './copy-targets.ts';
import { placeInput } from './place.ts';
import { checkUse, targetUseInput } from './settings.ts';
import { idOfRequest, newExternalId, type SignIn, signInColumns, toldOf } from './sign-in.ts';

export const createTargetInput = z.object({
  /** Made by the caller; sent again it makes nothing twice and answers the same target. */
  requestId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  name: targetFieldsSchema.shape.name,
  ...placeInput.shape,
  ...targetUseInput.shape,
});

/** How a target signs in, once AWS has said whose account that is. */
export interface SignedIn {
  targetId: string;
  signIn: SignIn;
  connectorSignIn: ConnectorSignIn;
}

/** What people may ask for stands in services/cloud/sign-in.ts. Without a sign-in it is the environment's. */
export async function createTarget(
  ctx: ServiceContext,
  input: z.input<typeof createTargetInput>,
  signedIn?: SignedIn,
): Promise<{ targetId: string; created: boolean }> {
  const workspaceId = guard(ctx, 'target.manage');
  if (!signedIn && ctx.principal.kind !== 'system') throw faultError('sign-in-reserved');
  const { requestId, name, ...rest } = parseInput(createTargetInput, input);
  const place = placeInput.parse(rest);
  const use = targetUseInput.parse(rest);
  checkUse(use, place);
  const targetId = signedIn?.targetId ?? (requestId ? idOfRequest(workspaceId, requestId) : newId.target());
  const signIn = {
    ...signInColumns(signedIn?.signIn ?? { kind: 'environment' }, { id: targetId, workspaceId }),
    connectorSignIn: signedIn?.connectorSignIn ?? 'own',
    externalId: newExternalId(workspaceId, targetId),
  };
  return inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    // Two of the same request at once: the second waits here and then finds the first.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${targetId}))`);
    const [known] = await tx.select({ id: awsTargets.id }).from(awsTargets).where(eq(awsTargets.id, targetId));
    if (known) return { targetId, created: false };
    await checkCopyTargets(tx, workspaceId, { id: targetId, ...place, ...use });
    const createdBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'system';
    const [made] = await tx
      .insert(awsTargets)
      .values({
        ...{ id: targetId, workspaceId, name, ...use, launchDefaults: use.launchDefaults ?? {} },
        ...{ ...signIn, createdBy, createdAt: ctx.now() },
      })
      .returning();
    if (!made) throw faultError('internal');
    const where = { ...place, partition: partitionOf(place.region) };
    await tx.insert(awsTargetPlaces).values({ targetId, revision: made.revision, ...where, createdAt: ctx.now() });
    audit({
      action: 'target.create',
      subjectKind: 'target',
      subjectId: targetId,
      subjectName: name,
      after: { ...where, ...use, ...toldOf(signIn) },
    });
    event({ topic: 'targets', subjectId: targetId, kind: 'changed' });
    return { targetId, created: true };
  });
}
