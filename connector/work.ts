// Performs one leased task: keeps the lease, stops at once when it is lost or the run is cancelled, settles.
import { withPatience } from '../replication/disks/outlast.ts';
import type { Artifact } from '../replication/model/artifact.ts';
import { FaultError, isAbort, toFault } from '../replication/model/fault.ts';
import type { PowerAction, PowerResult } from '../replication/model/power.ts';
import { type CatalogServer, unreadableServer } from '../replication/model/server.ts';
import type { Source } from '../replication/sources/source.ts';
import { CONNECTOR_STEP_CODE } from '../replication/steps/connector/index.ts';
import { releaseAtSource } from '../replication/steps/connector/release.ts';
import type { ConnectorStepContext } from '../replication/steps/connector/step.ts';
import { withAwsFindings } from '../replication/target/aws/machine-limits.ts';
import type { Confirmation, Task } from '../replication/wire/gateway.ts';
import { type LeaseEnvironment, LeaseKeeper } from './lease-keeper.ts';
import { isConsoleAway, isRefused } from './link.ts';
import type { Log } from './log.ts';
import type { TargetsOfTasks } from './targets.ts';

export interface WorkEnvironment extends LeaseEnvironment {
  source: Source;
  targets: TargetsOfTasks;
}

/** A console that does not answer by then finds out by the lease's end. */
const GIVE_BACK_MS = 3_000;

type StepTask = Extract<Task, { kind: 'step' }>;

/** Never rejects: what goes wrong is settled with the console, or left to the lease's end. */
export async function performTask(task: Task, env: WorkEnvironment): Promise<void> {
  const { link } = env;
  const hold = { taskId: task.id, fence: task.fence };
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, env.signal]);
  const keeper = new LeaseKeeper(task, link, stop, env);
  try {
    const result = await runTask(task, env, signal, keeper);
    const last = await keeper.end();
    await link.call('settle', { ...hold, outcome: { ok: true, result }, ...last }, env.signal);
  } catch (error) {
    const last = await keeper.end();
    const reason = signal.aborted && (isAbort(error) || error === signal.reason) ? signal.reason : error;
    // Overtaken: somebody else goes on, and nothing that is said now would count.
    if (reason instanceof FaultError && reason.fault.code === 'lease-lost') return;
    // Processes that are started anew one after another are no silent holders.
    if (env.signal.aborted) {
      const soon = AbortSignal.timeout(GIVE_BACK_MS);
      await link
        .call('give-back', hold, soon)
        .catch((failed) => env.log('warn', `Could not give ${task.id} back: ${toFault(failed).message}`));
      return;
    }
    // A console that is away is no failure of the work: the lease runs out, and whoever claims it does it again.
    if (isConsoleAway(reason)) return;
    const fault = toFault(reason);
    env.log('warn', `${task.kind} ${task.id}: ${fault.message}`, { code: fault.code, cause: fault.cause });
    const settle = (news: typeof last) =>
      link.call('settle', { ...hold, outcome: { ok: false, fault }, ...news }, env.signal);
    await settle(last)
      // The fault itself is always taken. What goes with it may be what was refused, and the end counts more.
      .catch((refused) =>
        toFault(refused).code === 'lease-lost' || env.signal.aborted ? undefined : settle({ lines: [], confirmed: [] }),
      )
      .catch((failed) => env.log('warn', `Could not settle ${task.id}: ${toFault(failed).message}`));
  }
}

function runTask(task: Task, env: WorkEnvironment, signal: AbortSignal, keeper: LeaseKeeper): Promise<unknown> {
  switch (task.kind) {
    case 'import-catalog':
      return importCatalog(task, env, signal);
    case 'release-artifacts':
      return releaseAll(task, env, signal);
    case 'power':
      return switchPower(task, env, signal, keeper);
    case 'step':
      return withPatience({ forMs: task.input.outageSeconds * 1000, tell: (waiting) => keeper.waitFor(waiting) }, () =>
        performStep(task, env, signal, keeper),
      );
  }
}

async function importCatalog(task: Task, env: WorkEnvironment, signal: AbortSignal): Promise<null> {
  const hold = { taskId: task.id, fence: task.fence };
  const send = (servers: CatalogServer[]) => env.link.call('catalog', { ...hold, servers, last: false }, signal);
  for await (const found of env.source.inventory(signal)) {
    const servers = found.map((server) => withAwsFindings(server));
    try {
      await send(servers);
    } catch (error) {
      if (!isRefused(error)) throw error;
      for (const server of servers) await sendOne(server, send, env.log);
    }
  }
  await env.link.call('catalog', { ...hold, servers: [], last: true }, signal);
  return null;
}

/** One server of a page that was refused: what is wrong with it costs its own row only. */
async function sendOne(
  server: CatalogServer,
  send: (servers: CatalogServer[]) => Promise<unknown>,
  log: Log,
): Promise<void> {
  try {
    await send([server]);
  } catch (error) {
    if (!isRefused(error)) throw error;
    const why = toFault(error).cause ?? '';
    log('warn', `The console does not take what was read of ${server.vmId}`, { cause: why });
    await send([unreadableServer(server, `The console did not take what was read of it: ${why}`)]);
  }
}

async function releaseAll(
  task: Extract<Task, { kind: 'release-artifacts' }>,
  env: WorkEnvironment,
  signal: AbortSignal,
): Promise<null> {
  const queues = byServer(task.artifacts);
  const releaseNext = async (): Promise<void> => {
    for (let queue = queues.shift(); queue; queue = queues.shift()) {
      for (const artifact of queue) await releaseOne(task, artifact, env, signal);
    }
  };
  await Promise.all(Array.from({ length: RELEASES_AT_ONCE }, releaseNext));
  return null;
}

/** Servers of which something is released at once: a consolidation takes its time, and the others need not wait for it. */
const RELEASES_AT_ONCE = 8;

/** What there is of each server, leases first: a snapshot that is being exported cannot be removed. */
function byServer(artifacts: readonly Artifact[]): Artifact[][] {
  const servers = Map.groupBy(artifacts, ({ details }) => details.vmId ?? '');
  const place = ({ kind }: Artifact) => (kind === 'nfc-lease' ? 0 : 1);
  return [...servers.values()].map((queue) => queue.sort((a, b) => place(a) - place(b)));
}

/** What fails is told with its reason: the console has it tried again later, and in the end asks a person. */
async function releaseOne(
  task: Extract<Task, { kind: 'release-artifacts' }>,
  artifact: Artifact,
  env: WorkEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const { id: artifactId, externalId, kind, state } = artifact;
  const tell = (confirmation: Confirmation) =>
    env.link.call('confirm', { taskId: task.id, fence: task.fence, artifacts: [confirmation] }, signal);
  try {
    await releaseAtSource(artifact, env.source, signal);
  } catch (error) {
    signal.throwIfAborted();
    const fault = toFault(error);
    env.log('warn', `Could not release ${kind} ${externalId ?? ''}: ${fault.message}`);
    await tell({ artifactId, externalId, state, fault });
    return;
  }
  await tell({ artifactId, externalId, state: 'released' });
}

async function switchPower(
  task: Extract<Task, { kind: 'power' }>,
  env: WorkEnvironment,
  signal: AbortSignal,
  keeper: LeaseKeeper,
): Promise<PowerResult> {
  const { vmId, serverName, action, deadlineSeconds } = task;
  keeper.say('info', POWER_WORDS[action](serverName));
  const result = await env.source.setPower(vmId, action, { deadlineSeconds }, signal);
  keeper.say(result.note ? 'warning' : 'info', result.note ?? `${serverName} is ${result.power}.`);
  return result;
}

const POWER_WORDS: Record<PowerAction, (name: string) => string> = {
  'shut-down': (name) => `Asking the guest of ${name} to shut down.`,
  'power-off': (name) => `Powering ${name} off.`,
  'power-on': (name) => `Powering ${name} on.`,
};

async function performStep(
  task: StepTask,
  env: WorkEnvironment,
  signal: AbortSignal,
  keeper: LeaseKeeper,
): Promise<unknown> {
  const hold = { taskId: task.id, fence: task.fence };
  if (task.input.stepId === 'check-server') env.targets.demandKey(task.input.target);
  const target = env.targets.of(task.input.target, () => env.link.call('lend', hold, signal));
  try {
    return await CONNECTOR_STEP_CODE[task.input.stepId](stepContext(task, target, env, signal, keeper));
  } finally {
    target.close();
  }
}

function stepContext(
  task: StepTask,
  { staging, ebs }: ReturnType<TargetsOfTasks['of']>,
  env: WorkEnvironment,
  signal: AbortSignal,
  keeper: LeaseKeeper,
): ConnectorStepContext {
  const { input } = task;
  const hold = { taskId: task.id, fence: task.fence };
  return {
    run: {
      id: input.runId,
      jobId: input.jobId,
      workspaceId: input.workspaceId,
      vmId: input.vmId,
      serverName: input.serverName,
      tags: input.tags,
    },
    // Written by our own steps and checked by the console when they were settled.
    results: input.results as ConnectorStepContext['results'],
    fence: task.fence,
    artifacts: task.artifacts,
    source: env.source,
    staging,
    ebs,
    bandwidth: env.bandwidth.bucket,
    transfer: input.transfer,
    transport: input.transport,
    baselines: input.baselines,
    revoked: input.revoked,
    digestPrefix: input.digestPrefix,
    bucket: input.staging.bucket,
    prefix: input.staging.prefix,
    signal,
    declare: async (...artifacts) => {
      const { artifactIds } = await env.link.call('declare', { ...hold, artifacts }, signal);
      return artifactIds as { [K in keyof typeof artifacts]: string };
    },
    confirm: async (...artifacts) => {
      await env.link.call('confirm', { ...hold, artifacts }, env.signal);
    },
    confirmAtEnd: (...artifacts) => keeper.confirmAtEnd(artifacts),
    stillMine: () => keeper.ask(),
    progress: (progress) => keeper.show(progress),
    log: (level, text) => keeper.say(level, text),
  };
}
