// Launching an instance of an AMI: the row and its token first, then EC2, so that a crash between makes no second one.

import { createHash } from 'node:crypto';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { artifacts, images, instances, replicationJobs } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { type FaultCode, FaultError, faultError, toFault } from '../../../replication/model/fault.ts';
import { launchConfigurationSchema } from '../../../replication/model/launch-configuration.ts';
import type { AwsTarget, LaunchInput } from '../../../replication/target/aws/target.ts';
import { log } from '../../log.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';
import { writeLaunchConfiguration } from '../jobs/launch-configuration.ts';
import { launchDefaultsOf } from '../targets/settings.ts';
import { type AtPlace, placeAt, targetOf } from '../targets/store.ts';
import { launchByDefaults } from './default-launch.ts';
import { cloudDeadline, targetPool } from './target-pool.ts';

export const launchInstanceInput = z.object({
  /** Made by the caller; sent again with the same launch it starts nothing twice. */
  requestId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  runId: z.string(),
  purpose: z.enum(['test', 'final']),
  ...launchConfigurationSchema.shape,
  /** Keep all of this as the job's launch configuration, but for the purpose's own name tag. */
  saveConfiguration: z.boolean().default(false),
});
export type LaunchInstanceInput = z.input<typeof launchInstanceInput>;

/** What must be written with the row of a launch, or refuse it: called in its transaction, before the row stands. */
export type Alongside = (work: Work, id: string) => Promise<void>;

/**
 * Answers our own id of the launch and EC2's; null while nobody knows whether EC2 took it, and the worker asks again.
 * A refusal by EC2 is kept with the row and thrown as `launch-refused`.
 */
export async function launchInstance(
  ctx: ServiceContext,
  input: LaunchInstanceInput,
  alongside?: Alongside,
): Promise<{ id: string; instanceId: string | null }> {
  const parsed = parseInput(launchInstanceInput, input);
  const workspaceId = guard(ctx, parsed.purpose === 'final' ? 'instance.launch' : 'instance.launch-test');
  if (parsed.saveConfiguration) guard(ctx, 'job.edit');
  const id = parsed.requestId ? idOfRequest(workspaceId, parsed.requestId) : newId.launch();
  const launch = await inTransaction(ctx, workspaceId, async (work) => {
    const { tx, audit, event } = work;
    // Two of the same request at once: the second waits here and then finds the first.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${id}))`);
    await alongside?.(work, id);
    const [known] = await tx
      .select()
      .from(instances)
      .where(and(eq(instances.id, id), eq(instances.workspaceId, workspaceId)));
    if (known) return { name: known.name, input: known.input, at: known, known };
    const [image] = await tx
      .select()
      .from(images)
      .where(and(eq(images.runId, parsed.runId), eq(images.workspaceId, workspaceId), isNull(images.deregisteredAt)))
      // The launch counts on the AMI: two that only share it would each wait for the other to let go.
      .for('no key update');
    if (!image) throw faultError('not-found', { message: `${parsed.runId} has no AMI that can be launched.` });
    const { runId, purpose, tags, requestId: _requestId, saveConfiguration, ...rest } = parsed;
    const { target } = await targetOf(tx, workspaceId, image.targetId);
    const given = Object.fromEntries(tags.map((tag) => [tag.key, tag.value]));
    const launchInput: LaunchInput = {
      ...rest,
      imageId: image.id,
      token: id,
      tags: {
        Name: given.Name ?? `${image.name}${purpose === 'test' ? ' (test)' : ''}`,
        ...target.tags,
        ...given,
        'migration:managed-by': 'landfall',
        'landfall:run': runId,
        'landfall:purpose': purpose,
      },
    };
    await tx.insert(instances).values({
      id,
      workspaceId,
      imageId: image.id,
      runId,
      name: image.name,
      purpose,
      input: launchInput,
      state: 'launching',
      launchedBy: ctx.principal.kind === 'member' ? ctx.principal.name : 'Landfall',
      launchedAt: ctx.now(),
    });
    await tx.insert(artifacts).values({
      id: newId.artifact(),
      workspaceId,
      runId,
      kind: 'instance',
      token: id,
      fence: 0,
      details: { image: image.id },
    });
    audit({
      action: purpose === 'final' ? 'instance.launch' : 'instance.launch-test',
      subjectKind: 'instance',
      subjectId: id,
      subjectName: image.name,
      after: { ...launchInput },
    });
    event({ topic: 'instances', subjectId: id, kind: 'changed' });
    if (saveConfiguration) {
      // A test's name is not the name of the server; Landfall names what has none.
      const kept = tags.filter(({ key, value }) => key !== 'Name' || value !== `${image.name} (test)`);
      await writeLaunchConfiguration(work, workspaceId, image.jobId, { ...rest, tags: kept });
    }
    return { name: image.name, input: launchInput, at: image, known: null };
  });
  return askEc2(ctx, workspaceId, id, launch);
}

interface Written {
  name: string;
  input: LaunchInput;
  at: AtPlace;
  /** From an earlier call. */
  known: Pick<typeof instances.$inferSelect, 'fault' | 'instanceId'> | null;
}

/** Of one that was answered before, the same answer. */
async function askEc2(ctx: ServiceContext, workspaceId: WorkspaceId, id: string, { name, input, at, known }: Written) {
  if (known?.fault) throw new FaultError(known.fault);
  if (known?.instanceId) return { id, instanceId: known.instanceId };
  try {
    return { id, instanceId: await finishLaunch(ctx, { id, workspaceId, name, input, ...placeOf(at) }) };
  } catch (error) {
    const [row] = await ctx.db.select({ state: instances.state }).from(instances).where(eq(instances.id, id));
    if (row?.state !== 'launching') throw error;
    log().warn({ error, launch: id }, 'EC2 did not say whether it launches; it is asked again');
    return { id, instanceId: null };
  }
}

export const configuredLaunchInput = z.object({
  requestId: z.string().regex(/^[0-9a-f]{32}$/),
  runId: z.string(),
  purpose: z.enum(['test', 'final']),
});

/** Launches as the job's launch configuration says, else the target's default settings. @throws `conflict` without either */
export async function launchAsConfigured(
  ctx: ServiceContext,
  input: z.infer<typeof configuredLaunchInput>,
  alongside?: Alongside,
): Promise<{ id: string; instanceId: string | null }> {
  const { requestId, runId, purpose } = parseInput(configuredLaunchInput, input);
  const workspaceId = guard(ctx, purpose === 'final' ? 'instance.launch' : 'instance.launch-test');
  const id = idOfRequest(workspaceId, requestId);
  // Sent again: what it was made of stands in its row, and AWS has nothing to say to that.
  const here = and(eq(instances.id, id), eq(instances.workspaceId, workspaceId));
  const [known] = await ctx.db.select().from(instances).where(here);
  if (known) {
    await inTransaction(ctx, workspaceId, async (work) => alongside?.(work, id));
    return askEc2(ctx, workspaceId, id, { name: known.name, input: known.input, at: known, known });
  }
  const [row] = await ctx.db
    .select({
      configuration: replicationJobs.launchConfiguration,
      serverName: replicationJobs.serverName,
      targetId: images.targetId,
      targetRevision: images.targetRevision,
    })
    .from(images)
    .innerJoin(replicationJobs, eq(replicationJobs.id, images.jobId))
    .where(and(eq(images.runId, runId), eq(images.workspaceId, workspaceId)));
  if (!row) throw faultError('not-found', { message: `${runId} made no AMI.` });
  const { target, place } = await targetOf(ctx.db, workspaceId, row.targetId);
  const { region } = await placeAt(ctx.db, row);
  const given = launchDefaultsOf(target);
  // Subnets and groups are those of a Region.
  const defaults = place.region === region ? given : null;
  if (!row.configuration && given && !defaults) {
    throw faultError('conflict', {
      message: `The job of ${row.serverName} has no launch configuration, its AMI is in ${region}, and the default launch settings of the AWS target ${target.name} are of ${place.region}.`,
      remedy: 'Launch with the wizard, or replicate the server again, which makes an AMI where the target is now.',
    });
  }
  const configuration = row.configuration ?? (defaults && (await launchByDefaults(ctx, runId, defaults)));
  if (!configuration) {
    throw faultError('conflict', {
      message: `The job of ${row.serverName} has no launch configuration, and its AWS target no default launch settings.`,
      remedy: 'Launch an instance once with the wizard and save its settings as the launch configuration.',
    });
  }
  // A test leaves nothing behind when it ends.
  const volumes = configuration.volumes.map((volume) => ({
    ...volume,
    deleteOnTermination: purpose === 'test' || volume.deleteOnTermination,
  }));
  return launchInstance(ctx, { ...configuration, volumes, requestId, runId, purpose }, alongside);
}

/** The same id for the same request of a workspace, so that the row itself tells that it was sent before. */
function idOfRequest(workspaceId: WorkspaceId, requestId: string): string {
  return `launch-${createHash('sha256').update(`${workspaceId}/${requestId}`).digest('hex').slice(0, 17)}`;
}

const placeOf = ({ targetId, targetRevision }: AtPlace): AtPlace => ({ targetId, targetRevision });

/** EC2 was not asked, or did not listen. */
const NOT_SIGNED_IN: ReadonlySet<FaultCode> = new Set([
  'aws-credentials-refused',
  'aws-credentials-missing',
  'aws-role-refused',
  'aws-role-unguarded',
  'secret-key-missing',
  'secret-unreadable',
]);

/**
 * Calls EC2 with the row's token and keeps the answer. Repeating it finds the same instance.
 * @param again an earlier call may have been taken: a target that cannot be opened or signed in to says nothing of it
 */
export async function finishLaunch(
  ctx: ServiceContext,
  row: AtPlace & { id: string; workspaceId: WorkspaceId; name: string; input: LaunchInput },
  { again = false, signal = cloudDeadline() }: { again?: boolean; signal?: AbortSignal } = {},
): Promise<string> {
  let opened: AwsTarget | null = null;
  try {
    opened = await targetPool().at(ctx.db, row);
    const instanceId = await opened.instances.launch(row.input, signal);
    await inTransaction(ctx, row.workspaceId, async ({ tx, event }) => {
      await tx.update(instances).set({ instanceId, state: 'pending' }).where(eq(instances.id, row.id));
      await tx.update(artifacts).set({ state: 'created', externalId: instanceId }).where(eq(artifacts.token, row.id));
      event({ topic: 'instances', subjectId: row.id, kind: 'changed' });
    });
    return instanceId;
  } catch (error) {
    const fault = toFault(error);
    // Whether EC2 took it is unknown: the row stays as it is and the worker asks again with the same token.
    if (fault.retry === 'now' || fault.code === 'internal') throw error;
    if (again && (!opened || NOT_SIGNED_IN.has(fault.code))) throw error;
    await inTransaction(ctx, row.workspaceId, async ({ tx, audit, event }) => {
      await tx
        .update(instances)
        .set({ state: 'failed', fault, terminatedAt: ctx.now() })
        .where(eq(instances.id, row.id));
      await tx.update(artifacts).set({ state: 'released', releasedAt: ctx.now() }).where(eq(artifacts.token, row.id));
      audit({
        action: 'instance.launch-refused',
        subjectKind: 'instance',
        subjectId: row.id,
        subjectName: row.name,
        after: { message: fault.message, cause: fault.cause },
      });
      event({ topic: 'instances', subjectId: row.id, kind: 'changed' });
    });
    throw error instanceof FaultError ? error : faultError('launch-refused', {}, error);
  }
}
