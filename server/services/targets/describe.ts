// One AWS target with all that its page shows; no secret of how it signs in leaves.
import { eq } from 'drizzle-orm';
import type { z } from 'zod';
import { members, users } from '../../../db/schema/index.ts';
import { guard, parseInput, type ServiceContext } from '../context.ts';
import { settingsOf, targetInput } from './settings.ts';
import { targetOf, targetsOf } from './store.ts';

/** With who changed it last; `changedAt` is null while it is as it was made. */
export async function describeTarget(ctx: ServiceContext, input?: z.infer<typeof targetInput>) {
  const workspaceId = guard(ctx, 'target.read');
  const { target, place } = await targetOf(ctx.db, workspaceId, parseInput(targetInput, input)?.targetId);
  const [first] = await targetsOf(ctx.db, workspaceId);
  const [changed] = await ctx.db
    .select({ by: users.name })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(eq(members.id, target.changedBy ?? ''));
  const { account, partition, region, bucket, prefix, endpoints, importRole, awaitsEnvironment } = place;
  const { signIn, accessKeyId, roleArn, externalId, connectorSignIn } = target;
  return {
    id: target.id,
    name: target.name,
    /** Jobs for which none is chosen go into it. */
    isFirst: first?.target.id === target.id,
    ...{ account, partition, region, bucket, prefix, endpoints, importRole, awaitsEnvironment },
    ...settingsOf(target),
    ...{ signIn, accessKeyId, roleArn, externalId, connectorSignIn },
    /** Names what the reader has seen, for a change of it. */
    version: target.version,
    createdAt: target.createdAt,
    changedAt: target.changedAt,
    changedBy: changed?.by ?? null,
    retiredAt: target.retiredAt,
    environmentNote: target.environmentNote,
  };
}
