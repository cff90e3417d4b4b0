// Performs one leased cloud-side step: keeps the lease, stops at once when it is lost or the run is cancelled, settles.
import { type PatienceOptions, withPatience } from '../../replication/disks/outlast.ts';
import type { Artifact } from '../../replication/model/artifact.ts';
import { type Fault, FaultError, fault, faultError, toFault } from '../../replication/model/fault.ts';
import { foreignText, wellFormedJson } from '../../replication/model/foreign-text.ts';
import { CLOUD_STEPS, type CloudStepId } from '../../replication/model/itinerary.ts';
import { waitingWords } from '../../replication/model/outage.ts';
import type { StepProgress } from '../../replication/model/step-results.ts';
import { markFinished } from '../../replication/steps/cloud/create-image.ts';
import { CLOUD_STEP_CODE } from '../../replication/steps/cloud/index.ts';
import type { CloudStepContext } from '../../replication/steps/cloud/step.ts';
import type { AwsTarget } from '../../replication/target/aws/target.ts';
import { type LogLine, MOST_LINES } from '../../replication/wire/gateway.ts';
import { log } from '../log.ts';
import { confirmArtifacts, declareArtifacts } from '../services/artifacts/ledger.ts';
import type { Targets } from '../services/cloud/target-pool.ts';
import type { ProgramContext } from '../services/context.ts';
import { faultOf, untilDatabaseAnswers } from '../services/database-faults.ts';
import { imagePruned, imagesToPrune, recordImage } from '../services/images/record.ts';
import { giveBack, type Held } from '../services/leases/lease.ts';
import type { AtPlace } from '../services/targets/store.ts';
import type { ClaimedTask } from '../services/tasks/claim.ts';
import { extendTask, type News } from '../services/tasks/extend.ts';
import { settleTask } from '../services/tasks/settle.ts';

/** A database that stays away, or holds one thing back, for longer is no short outage; then the step is done again. */
const ENDING_MS = 120_000;

export interface PerformOptions {
  targets: Targets;
  leaseSeconds: number;
  /** Milliseconds between polls of AWS's tasks. */
  pollMs: number;
  /** Seconds for which a step waits for an AWS that is away. */
  outageSeconds: number;
  /** Aborted when the worker stops. */
  signal: AbortSignal;
}

export async function performStep(ctx: ProgramContext, claimed: ClaimedTask, options: PerformOptions): Promise<void> {
  const { task, run } = claimed;
  const stepId = CLOUD_STEPS.find((id) => id === task.stepId);
  if (!run || !stepId || !task.holder) return;
  const held: Held = { taskId: task.id, fence: task.fence, holder: task.holder };
  const { workspaceId } = task;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, options.signal]);

  let latest: StepProgress | undefined;
  let waitingFor: string | null | undefined;
  const lines: LogLine[] = [];
  const tell = async () => {
    const news: News = { progress: latest, waitingFor };
    latest = undefined;
    waitingFor = undefined;
    const said = lines.splice(0, MOST_LINES);
    const told = { ...news, lines: said };
    const answer = await extendTask(ctx, workspaceId, held, options.leaseSeconds, told).catch((error) => {
      lines.unshift(...said);
      if (waitingFor === undefined) waitingFor = news.waitingFor;
      throw error;
    });
    if (!answer.go) stop.abort(faultError(answer.reason === 'cancelled' ? 'cancelled' : 'lease-lost'));
  };
  // The lease is measured from the last extension that succeeded: without one in time the step stops itself.
  let extendedAt = performance.now();
  let telling = null as Promise<void> | null;
  const beat = setInterval(
    () => {
      if (performance.now() - extendedAt > options.leaseSeconds * 900) stop.abort(faultError('lease-lost'));
      // The database counts from the transaction's begin; a lock that it waits for comes after that.
      const askedAt = performance.now();
      telling ??= tell()
        .then(() => {
          extendedAt = askedAt;
        })
        .catch((error) => log().warn({ error, taskId: task.id }, 'could not extend the lease'))
        .finally(() => {
          telling = null;
        });
    },
    Math.min(1000, (options.leaseSeconds * 1000) / 3),
  );

  // A database that is away is waited for as long as the lease lasts; after that whoever claims the step does it again. The lease
  // may be extended all the while, where only what is asked for here is held or takes too long.
  const patiently = <T>(work: () => Promise<T>) => untilDatabaseAnswers(work, signal, ENDING_MS);
  const targetAt = (where: AtPlace) => options.targets.at(ctx.db, where);
  const contextAt = (target: AwsTarget): CloudStepContext => ({
    run: {
      id: run.id,
      jobId: run.jobId,
      workspaceId,
      serverName: run.serverName,
      license: run.settings.license,
      imageMethod: run.settings.imageMethod,
      guestFamily: run.settings.guestFamily,
      transfer: run.settings.transfer ?? 's3',
      verification: run.settings.verification ?? 'sampled',
      encryption: run.settings.encryption ?? { encrypted: false, kmsKeyArn: null },
      tags: run.settings.tags ?? {},
      attempt: task.attempt,
    },
    baselines: claimed.measured.baselines,
    results: run.results,
    artifacts: claimed.artifacts,
    target,
    signal,
    pollMs: options.pollMs,
    imagesToPrune: () =>
      patiently(async () => {
        const images = await imagesToPrune(ctx, run.jobId, run.settings.keepImages);
        // Each where it was made: the job may have gone elsewhere before.
        return Promise.all(images.map(async ({ at, ...image }) => ({ ...image, target: await targetAt(at) })));
      }),
    imagePruned: (imageId) => patiently(() => imagePruned(ctx, workspaceId, imageId)),
    declare: async (input) => (await patiently(() => declareArtifacts(ctx, workspaceId, held, [input])))[0] as Artifact,
    confirm: (artifact, state, externalId, details) =>
      patiently(() =>
        confirmArtifacts(ctx, workspaceId, held, [{ artifactId: artifact.id, state, externalId, details }]),
      ),
    progress: (progress) => {
      latest = wellFormedJson(progress) as StepProgress;
    },
    log: (level, text) => void lines.push({ at: ctx.now().toISOString(), level, text: foreignText(text) }),
  });

  const patience: PatienceOptions = {
    forMs: options.outageSeconds * 1000,
    tell: (waiting) => {
      waitingFor = waiting && waitingWords(waiting.fault, waiting.until);
    },
  };
  // Only the fence can refuse an end, so it may be told late: better than the whole step once more.
  const ending = <T>(work: () => Promise<T>) => untilDatabaseAnswers(work, options.signal, ENDING_MS);
  try {
    // Whoever wants it to stop wants nothing more made for it.
    if (run.cancelRequestedAt) throw faultError('cancelled');
    const context = contextAt(await patiently(() => targetAt(run)));
    // Words of AWS come with it.
    const result = wellFormedJson(await withPatience(patience, () => runStep(stepId, context)));
    if (stepId === 'create-image') {
      const made = result as { imageId: string };
      await ending(() => recordImage(ctx, run, held, made));
      await withPatience(patience, () => markFinished(context, made.imageId));
    }
    clearInterval(beat);
    await (telling as Promise<void> | null);
    await ending(() => settleTask(ctx, workspaceId, held, { ok: true, result }, { lines }));
  } catch (error) {
    clearInterval(beat);
    const reason = signal.aborted ? signal.reason : error;
    if (reason instanceof FaultError && reason.fault.code === 'lease-lost') return;
    // A worker that stops lets the lease run out; another one goes on.
    if (options.signal.aborted) {
      // Workers that are started anew one after another are no silent holders.
      await (telling as Promise<void> | null)?.catch(() => {});
      await giveBack(ctx.db, held).catch((failed) => log().warn({ error: failed }, 'could not give a step back'));
      return;
    }
    log().warn({ error, runId: run.id, step: stepId }, 'step failed');
    await (telling as Promise<void> | null)?.catch(() => {});
    // The lease runs out, and whoever claims the step does it again: that counts as no failed try.
    if (faultOf(reason).code === 'console-database-away') return;
    const settle = (news: { lines?: LogLine[] }) =>
      ending(() => settleTask(ctx, workspaceId, held, { ok: false, fault: refused(stepId, reason) }, news));
    // What goes with the fault may be what was refused; the end counts more than the last lines.
    await settle({ lines })
      .catch((failed) => (toFault(failed).code === 'lease-lost' ? undefined : settle({})))
      .catch((failed) => log().warn({ error: failed, runId: run.id }, 'could not settle'));
  }
}

/** The fault of a step. A result that was refused as invalid is nobody's input: it says that the step is at fault. */
function refused(stepId: CloudStepId, reason: unknown): Fault {
  const theFault = faultOf(reason);
  if (theFault.code !== 'input-invalid') return theFault;
  return fault('message-refused', {
    message: `What the step ${stepId} found out was not of the form that the console knows.`,
    cause: `${theFault.message} ${theFault.cause ?? ''}`.trim(),
  });
}

function runStep(stepId: CloudStepId, context: CloudStepContext): Promise<unknown> {
  return CLOUD_STEP_CODE[stepId](context);
}
