// Launching an instance of an AMI: the row and its token first, then EC2, so that a crash between makes no second one.
import { createHash } from 'node:crypto';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { artifacts, images, instances } from '../../../db/schema/index.ts';
import { FaultError, faultError, toFault } from '../../../replication/model/fault.ts';
import { VOLUME_TYPES } from '../../../replication/model/volume.ts';
import type { LaunchInput } from '../../../replication/target/aws/target.ts';
import { log } from '../../log.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { awsTarget, cloudDeadline } from './target.ts';

const MAX_USER_DATA_BYTES = 16 * 1024;

export const launchInstanceInput = z.object({
  /** Made by the caller; sent again with the same launch it starts nothing twice. */
  requestId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  runId: z.string(),
  purpose: z.enum(['test', 'final']),
  instanceType: z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'Choose an instance type'),
  subnetId: z.string().regex(/^subnet-[0-9a-f]+$/, 'Choose a subnet'),
  securityGroupIds: z
    .array(z.string().regex(/^sg-[0-9a-f]+$/))
    .min(1, 'Choose at least one security group')
    .max(5, 'At most 5 security groups'),
  keyName: z.string().max(255).nullable(),
  publicAddress: z.boolean().nullable(),
  volumes: z
    .array(
      z.object({
        device: z.string(),
        type: z.enum(VOLUME_TYPES),
        sizeGiB: z.number().int().min(1).max(65_536),
        iops: z.number().int().min(100).max(256_000).nullable(),
        deleteOnTermination: z.boolean(),
      }),
    )
    .max(30),
  tags: z
    .array(
      z.object({
        key: z
          .string()
          .trim()
          .min(1, 'A tag needs a key')
          .max(128)
          .refine((key) => !key.startsWith('aws:'), 'Keys may not begin with aws:'),
        value: z.string().max(256),
      }),
    )
    .max(40, 'At most 40 tags')
    .refine((tags) => new Set(tags.map((tag) => tag.key)).size === tags.length, 'A key stands twice'),
  userData: z
    .string()
    .nullable()
    .refine((text) => !text || Buffer.byteLength(text) <= MAX_USER_DATA_BYTES, 'At most 16 KiB'),
});
export type LaunchInstanceInput = z.input<typeof launchInstanceInput>;

/**
 * Answers our own id of the launch and EC2's; null while nobody knows whether EC2 took it, and the worker asks again.
 * A refusal by EC2 is kept with the row and thrown as `launch-refused`.
 */
export async function launchInstance(
  ctx: ServiceContext,
  input: LaunchInstanceInput,
): Promise<{ id: string; instanceId: string | null }> {
  const parsed = parseInput(launchInstanceInput, input);
  const workspaceId = guard(ctx, parsed.purpose === 'final' ? 'instance.launch' : 'instance.launch-test');
  const id = parsed.requestId ? idOfRequest(workspaceId, parsed.requestId) : newId.launch();
  const launch = await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    // Two of the same request at once: the second waits here and then finds the first.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${id}))`);
    const [known] = await tx.select().from(instances).where(eq(instances.id, id));
    if (known) return { name: known.name, input: known.input, known };
    const [image] = await tx
      .select()
      .from(images)
      .where(and(eq(images.runId, parsed.runId), eq(images.workspaceId, workspaceId), isNull(images.deregisteredAt)))
      .for('share');
    if (!image) throw faultError('not-found', { message: `${parsed.runId} has no AMI that can be launched.` });
    const { runId, purpose, tags, requestId: _requestId, ...rest } = parsed;
    const given = Object.fromEntries(tags.map((tag) => [tag.key, tag.value]));
    const launchInput: LaunchInput = {
      ...rest,
      imageId: image.id,
      token: id,
      tags: {
        Name: given.Name ?? `${image.name}${purpose === 'test' ? ' (test)' : ''}`,
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
    return { name: image.name, input: launchInput, known: null };
  });
  if (launch.known?.fault) throw new FaultError(launch.known.fault);
  if (launch.known?.instanceId) return { id, instanceId: launch.known.instanceId };
  try {
    return { id, instanceId: await finishLaunch(ctx, { id, workspaceId, name: launch.name, input: launch.input }) };
  } catch (error) {
    const [row] = await ctx.db.select({ state: instances.state }).from(instances).where(eq(instances.id, id));
    if (row?.state !== 'launching') throw error;
    log().warn({ error, launch: id }, 'EC2 did not say whether it launches; it is asked again');
    return { id, instanceId: null };
  }
}

/** The same id for the same request of a workspace, so that the row itself tells that it was sent before. */
function idOfRequest(workspaceId: string, requestId: string): string {
  return `launch-${createHash('sha256').update(`${workspaceId}/${requestId}`).digest('hex').slice(0, 17)}`;
}

/** Calls EC2 with the row's token and keeps the answer. Repeating it finds the same instance. */
export async function finishLaunch(
  ctx: ServiceContext,
  row: { id: string; workspaceId: string; name: string; input: LaunchInput },
): Promise<string> {
  try {
    const instanceId = await awsTarget().instances.launch(row.input, cloudDeadline());
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
