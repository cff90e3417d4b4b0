// The worker's engine: nudges advance runs, a loop claims cloud-side steps, ticks schedule, sweep and reap.
// Any number of workers may run it at once.
import { randomUUID } from 'node:crypto';
import { rest } from '../../replication/disks/pause.ts';
import { auditDays, historyDays, outageSeconds } from '../env.ts';
import { log } from '../log.ts';
import { sendQueuedMail } from '../mail/send-queued.ts';
import { onDelivery, onMail, onNudge } from '../queue/queue.ts';
import { keepAuditChain } from '../services/activity/keep-chain.ts';
import { learnAccounts } from '../services/cloud/target.ts';
import { cloudDeadline, type Targets } from '../services/cloud/target-pool.ts';

import { watchInstances } from '../services/cloud/watch-instances.ts';
import { noteSilentConnectors } from '../services/connectors/report.ts';
import type { ProgramContext } from '../services/context.ts';
import { untilDatabaseAnswers } from '../services/database-faults.ts';
import { trimHistory } from '../services/history/trim.ts';
import { createDueRuns } from '../services/jobs/create-due-runs.ts';
import { listenForTasks } from '../services/leases/hints.ts';
import { deliver, deliverOverdue } from '../services/notifications/deliver.ts';
import { tendNotifications } from '../services/notifications/tend.ts';
import { fulfilSmallestWishes } from '../services/overview/replicate-smallest.ts';
import { Round } from '../services/round.ts';
import { advanceRun } from '../services/runs/advance.ts';
import { foldTallies } from '../services/tallies/keep.ts';
import { targetsFromEnvironment } from '../services/targets/from-environment.ts';
import { claimTasks } from '../services/tasks/claim.ts';
import { tendCutovers } from './cutovers.ts';
import { performStep } from './perform.ts';
import { prepareBuckets } from './prepare-buckets.ts';
import { reap } from './reaper.ts';
import { sweepRuns } from './sweep.ts';
import { tendCopies } from './tend-copies.ts';

export interface EngineOptions {
  /** Of no workspace: the engine works for all. */
  ctx: ProgramContext;
  targets: Targets;
  /** Steps performed at once by this process. */
  concurrency?: number;
  leaseSeconds?: number;
  /** Milliseconds between polls of AWS's tasks. */
  pollMs?: number;
  /** What the pauses between ticks are multiplied by. */
  tickScale?: number;
  signal: AbortSignal;
}

/** Runs until the signal is aborted; resolves when everything under way has stopped. */
export async function runEngine(options: EngineOptions): Promise<void> {
  const { ctx, targets, signal } = options;
  const holder = `worker-${randomUUID()}`;
  const leaseSeconds = options.leaseSeconds ?? 20;
  await untilDatabaseAnswers(() => onNudge((runId) => advanceRun(ctx, runId)), signal);
  await untilDatabaseAnswers(() => onMail(sendQueuedMail), signal);
  await untilDatabaseAnswers(() => onDelivery((deliveryId) => deliver(ctx, deliveryId)), signal);
  // Before any work: of one from before targets were rows only the environment knows how it is reached.
  await untilDatabaseAnswers(() => targetsFromEnvironment(ctx), signal);
  const rounds = { cutovers: new Round(), active: new Round(), pending: new Round() };
  const instances = { changing: new Round(), all: new Round() };
  const tick = (milliseconds: number, name: string, work: () => Promise<unknown>) =>
    every(milliseconds * (options.tickScale ?? 1), signal, name, work);
  const ticks = [
    tick(1_000, 'scheduler', () => createDueRuns(ctx)),
    tick(1_000, 'wishes', () => fulfilSmallestWishes(ctx)),
    tick(1_000, 'cutovers', () => tendCutovers(ctx, rounds.cutovers)),
    tick(1_000, 'notifications', () => tendNotifications(ctx)),
    tick(2_000, 'deliveries', () => deliverOverdue(ctx)),
    tick(1_000, 'sweep', () => sweepRuns(ctx, rounds)),
    tick(5_000, 'connectors', () => noteSilentConnectors(ctx)),
    tick(2_000, 'reaper', () => reap(ctx, targets, signal)),
    tick(3_000, 'instances', () => watchInstances(ctx, targets, instances, AbortSignal.any([signal, cloudDeadline()]))),
    tick(2_000, 'copies of AMIs', () => tendCopies(ctx, targets, signal, options.pollMs)),
    tick(1_000, 'tallies', () => foldTallies(ctx)),
    tick(60_000, 'audit trail', () => keepAuditChain(ctx, auditDays())),
    tick(5_000, 'history', () => trimHistory(ctx, historyDays())),
    tick(10_000, 'targets', async () => {
      await targetsFromEnvironment(ctx);
      await learnAccounts(ctx, targets, signal);
    }),
    tick(600_000, 'staging buckets', () => prepareBuckets(ctx, targets, signal)),
  ];
  const working = new Set<Promise<void>>();
  const concurrency = options.concurrency ?? 16;
  const hints = await listenForTasks(null);
  try {
    while (!signal.aborted) {
      try {
        const free = concurrency - working.size;
        const claimed = await claimTasks(ctx, {
          workspaceId: null,
          place: 'cloud',
          connectorId: null,
          holder,
          free,
          leaseSeconds,
        });
        for (const task of claimed) {
          const work = performStep(ctx, task, {
            targets,
            leaseSeconds,
            pollMs: options.pollMs ?? 15_000,
            outageSeconds: outageSeconds(),
            signal,
          })
            .catch((error) => log().error({ error }, 'a step ended without being settled'))
            .finally(() => {
              // Work that found every place taken was hinted at before.
              if (working.size >= concurrency) hints.wake();
              working.delete(work);
            });
          working.add(work);
        }
      } catch (error) {
        log().warn({ error }, 'could not claim work; trying again');
      }
      await hints.next(2_000, signal);
    }
  } finally {
    hints.release();
    await Promise.all([...ticks, ...working]);
  }
}

/** Calls `work` again and again with a pause between; a failure is logged and the next turn comes. */
async function every(
  milliseconds: number,
  signal: AbortSignal,
  name: string,
  work: () => Promise<unknown>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) log().warn({ error }, `${name} failed; it is tried again`);
    }
    await rest(milliseconds, signal);
  }
}
