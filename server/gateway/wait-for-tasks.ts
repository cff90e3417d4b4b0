// The connector's long poll: work as soon as there is some, or an empty answer at the end of the wait.

import { bytesPerSecondAt, NO_LIMIT } from '../../replication/model/bandwidth.ts';
import { digestPrefix, stagingPrefix } from '../../replication/model/baseline.ts';
import { fault } from '../../replication/model/fault.ts';
import type { StepId } from '../../replication/model/itinerary.ts';
import type { GatewayRequest, GatewayResponse, Task } from '../../replication/wire/gateway.ts';
import { outageSeconds } from '../env.ts';
import { currentConnector } from '../services/connectors/current.ts';
import { checkSession, holderOf, touchConnector } from '../services/connectors/report.ts';
import type { ConnectorHead } from '../services/connectors/status.ts';
import type { ProgramContext } from '../services/context.ts';
import { listenForTasks } from '../services/leases/hints.ts';
import { type ClaimedTask, claimTasks } from '../services/tasks/claim.ts';
import { settleTask } from '../services/tasks/settle.ts';

/** Leases of dead processes run out without a hint, so the wait looks again this often. */
const LOOK_AGAIN_MS = 3_000;

export async function waitForTasks(
  ctx: ProgramContext,
  connector: ConnectorHead,
  input: GatewayRequest<'claim'> & { leaseSeconds: number },
  signal: AbortSignal,
): Promise<GatewayResponse<'claim'>> {
  const until = performance.now() + input.waitSeconds * 1000;
  const hints = await listenForTasks(connector.id);
  try {
    for (;;) {
      const row = await currentConnector(ctx, connector.id);
      checkSession(row, input.session);
      await touchConnector(ctx, connector.id);
      const holder = holderOf(connector.id, input.session);
      // A client that has gone away must not be leased anything.
      const leased = signal.aborted
        ? []
        : await claimTasks(ctx, {
            workspaceId: connector.workspaceId,
            place: 'connector',
            connectorId: connector.id,
            holder,
            free: input.free,
            leaseSeconds: input.leaseSeconds,
          });
      const claimed = input.borrows ? leased : await withoutLent(ctx, holder, leased);
      const left = until - performance.now();
      const checkNow = row.checkRequestedAt !== null;
      if (claimed.length > 0 || checkNow || left <= 0 || signal.aborted) {
        return {
          tasks: claimed.map((task) => toWire(task, input.leaseSeconds)),
          checkNow,
          bytesPerSecond: bandwidthNow(ctx, row),
        };
      }
      await hints.next(Math.min(left, LOOK_AGAIN_MS), signal);
    }
  } finally {
    hints.release();
  }
}

/** The steps that use AWS, and the one with which a run begins. */
const AT_AWS: readonly (StepId | null)[] = ['check-server', 'find-changes', 'copy-disks'];

/** A connector that knows of no lending would use a key of its own, or none: its work ends with the reason, and is no longer there. */
async function withoutLent(ctx: ProgramContext, holder: string, claimed: ClaimedTask[]): Promise<ClaimedTask[]> {
  const refused = claimed.filter(
    ({ task, connectorSignIn }) => connectorSignIn === 'lent' && AT_AWS.includes(task.stepId),
  );
  for (const { task } of refused) {
    const outcome = { ok: false as const, fault: fault('connector-outdated') };
    await settleTask(ctx, task.workspaceId, { taskId: task.id, fence: task.fence, holder }, outcome);
  }
  return claimed.filter((one) => !refused.includes(one));
}

function toWire({ task, run, place, connectorSignIn, artifacts, measured }: ClaimedTask, leaseSeconds: number): Task {
  const lease = { id: task.id, fence: task.fence, leaseSeconds };
  if (task.kind === 'import-catalog') return { kind: 'import-catalog', ...lease };
  if (task.kind === 'release-artifacts') return { kind: 'release-artifacts', ...lease, artifacts };
  if (task.kind === 'power') {
    if (!task.power) throw new Error(`Task ${task.id} asks for nothing`);
    return { kind: 'power', ...lease, ...task.power };
  }
  if (!run || !place || !task.stepId) throw new Error(`Task ${task.id} has no run`);
  return {
    kind: 'step',
    ...lease,
    attempt: task.attempt,
    artifacts,
    checkpoint: task.checkpoint ?? null,
    input: {
      runId: run.id,
      jobId: run.jobId,
      workspaceId: run.workspaceId,
      vmId: run.settings.vmId,
      serverName: run.serverName,
      stepId: task.stepId as Extract<Task, { kind: 'step' }>['input']['stepId'],
      results: run.results,
      target: {
        id: place.targetId,
        revision: place.revision,
        region: place.region,
        bucket: place.bucket,
        prefix: place.prefix,
        endpoints: place.endpoints,
        signIn: connectorSignIn,
      },
      tags: run.settings.tags ?? {},
      staging: { bucket: place.bucket, prefix: stagingPrefix(place.prefix, run.jobId, run.id) },
      digestPrefix: digestPrefix(run.jobId, run.id),
      transfer: run.settings.transfer ?? 's3',
      transport: run.settings.transport ?? 'auto',
      baselines: measured.baselines,
      revoked: measured.revoked,
      outageSeconds: outageSeconds(),
    },
  };
}

/** Bytes a second that the connector may send at this hour; null without a limit. */
export function bandwidthNow(ctx: ProgramContext, connector: Pick<ConnectorHead, 'bandwidth'>): number | null {
  return bytesPerSecondAt(connector.bandwidth ?? NO_LIMIT, ctx.now());
}
