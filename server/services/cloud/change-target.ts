// Changes of a target by people. Where it is asked for elsewhere, AWS says first whose account the sign-in opens there.
import type { z } from 'zod';
import { guard, parseInput, type ServiceContext } from '../context.ts';
import { changed, targetChangeInput } from '../targets/change.ts';
import { checkMove, signInOf } from '../targets/sign-in.ts';
import { targetOf } from '../targets/store.ts';
import { updateTarget } from '../targets/update.ts';
import { accountOf, anotherAccount, askingSts, LONGEST_ASKING_MS } from './account-of.ts';
import { checkSts } from './believed-sts.ts';

/**
 * As `updateTarget`. @throws also what AWS says of the sign-in where the target would be, `aws-account-differs` when it opens
 * another account there, `input-invalid` when its STS is not one that is believed
 */
export async function changeTarget(
  ctx: ServiceContext,
  input: z.input<typeof targetChangeInput>,
  { withinMs = LONGEST_ASKING_MS } = {},
): Promise<{ version: number; revision: number }> {
  const workspaceId = guard(ctx, 'target.manage');
  const wanted = parseInput(targetChangeInput, input);
  const found = await targetOf(ctx.db, workspaceId, wanted.targetId);
  const { after, changes } = changed(found, wanted);
  const fields = changes.map(({ field }) => field);
  const isCurrent = wanted.version === undefined || wanted.version === found.target.version;
  // What updateTarget refuses anyway is not asked about.
  if (isCurrent && !found.target.retiredAt && (fields.includes('endpoints') || fields.includes('region'))) {
    await checkMove(ctx.db, ctx.principal, found.target, fields);
    checkSts(after.endpoints);
    const { region, bucket, endpoints } = after;
    const where = { targetId: found.target.id, region, bucket, endpoints };
    const account = await askingSts(withinMs, (signal) => accountOf(signInOf(found.target), where, signal));
    if (found.place.account && found.place.account !== account) throw anotherAccount(found.place.account, account);
  }
  return updateTarget(ctx, input);
}
