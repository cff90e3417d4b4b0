// Credentials for AWS that a connector gets for one run while it holds a task of it: they reach the run's own objects, digests and
// snapshots, and last an hour. AWS is asked outside of any transaction; whoever was overtaken meanwhile gets nothing.

import { and, eq } from 'drizzle-orm';
import { audit as auditTable } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { DIGEST_PREFIX, digestPrefix, stagingPrefix } from '../../../replication/model/baseline.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { type LentScope, lendCredentials } from '../../../replication/target/aws/lend.ts';
import type { GatewayResponse } from '../../../replication/wire/gateway.ts';
import { inTransaction, type ProgramContext, type Work } from '../context.ts';
import { type Held, lockHeldRun } from '../leases/lease.ts';
import { signInOf } from '../targets/sign-in.ts';
import { placeAt, targetById } from '../targets/store.ts';
import { lenderFor } from './credentials.ts';

const LENT = 'target.lend';

/**
 * @throws `lease-lost` to whoever does not hold a task of a run, `conflict` where the target lends nothing, `lending-impossible`
 * and what AWS says of the console's own sign-in
 */
export async function lendToRun(
  ctx: ProgramContext,
  workspaceId: WorkspaceId,
  held: Held,
): Promise<GatewayResponse<'lend'>> {
  const { target, place, run } = await inTransaction(ctx, workspaceId, (work) => lentRun(work, held));
  const { partition, region, bucket, prefix } = place;
  const scope: LentScope = {
    ...{ partition, region, bucket },
    stagingPrefix: stagingPrefix(prefix, run.jobId, run.id),
    digestPrefix: digestPrefix(run.jobId, run.id),
    jobDigestPrefix: `${DIGEST_PREFIX}${run.jobId}/`,
    runId: run.id,
  };
  const { asking, how } = lenderFor(signInOf(target), place);
  const { expiration, ...keys } = await lendCredentials(asking, how, scope);
  await inTransaction(ctx, workspaceId, async (work) => {
    await lentRun(work, held);
    const before = and(
      eq(auditTable.workspaceId, workspaceId),
      eq(auditTable.subjectName, run.serverName),
      eq(auditTable.action, LENT),
      eq(auditTable.subjectId, run.id),
    );
    // Once a run, however often they are renewed; the run's row is locked.
    const [known] = await work.tx.select({ id: auditTable.id }).from(auditTable).where(before).limit(1);
    if (known) return;
    work.audit({
      action: LENT,
      subjectKind: 'run',
      subjectId: run.id,
      subjectName: run.serverName,
      after: { target: target.name, region, bucket, prefix: scope.stagingPrefix, by: how.by },
    });
  });
  return { ...keys, seconds: (expiration.getTime() - ctx.now().getTime()) / 1000 };
}

async function lentRun({ tx }: Work, held: Held) {
  const { run } = await lockHeldRun(tx, held);
  if (!run) throw faultError('conflict', { message: 'Only the work of a run is lent credentials for AWS.' });
  const target = await targetById(tx, run.targetId);
  if (target.connectorSignIn !== 'lent') {
    throw faultError('conflict', {
      message: `The AWS target ${target.name} lends no credentials: its connectors sign in with a key of their own.`,
    });
  }
  return { run, target, place: await placeAt(tx, run) };
}
