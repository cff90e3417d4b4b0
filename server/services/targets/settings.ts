// How an AWS target is used: the transfer path, how disks are read, how much is read back, encryption, tags.
// A change counts for runs that are made after it.
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { awsTargets, members, users } from '../../../db/schema/index.ts';
import { TRANSFER_PATHS } from '../../../replication/model/baseline.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { MAX_TAGS, tagKeyProblem, tagValueProblem } from '../../../replication/model/tag.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { type TargetRow, targetOf } from './store.ts';

export const targetUseInput = z.object({
  transfer: z.enum(TRANSFER_PATHS).default('s3'),
  transport: z.enum(['auto', 'nfc', 'folder', 'nbd']).default('auto'),
  verification: z.enum(['sampled', 'full']).default('sampled'),
  encrypted: z.boolean().default(false),
  kmsKeyArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:kms:[^:]+:\d{12}:key\/.+$/,
      'The ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/…',
    )
    .nullable()
    .default(null),
  tags: z
    .record(z.string(), z.string())
    .default({})
    .superRefine((tags, check) => {
      const problems = Object.entries(tags).flatMap(
        ([key, value]) => tagKeyProblem(key) ?? tagValueProblem(value) ?? [],
      );
      if (Object.keys(tags).length > MAX_TAGS) problems.push(`At most ${MAX_TAGS} tags`);
      for (const message of problems) check.addIssue({ code: 'custom', message });
    }),
});
type TargetUse = z.output<typeof targetUseInput>;

export const targetSettingsInput = z.object({
  /** Without one: the workspace's first. */
  targetId: z.string().optional(),
  ...targetUseInput.omit({ tags: true }).shape,
  transfer: z.enum(TRANSFER_PATHS),
  transport: z.enum(['auto', 'nfc', 'folder', 'nbd']),
  verification: z.enum(['sampled', 'full']),
  /** As they are when they are left out. */
  tags: targetUseInput.shape.tags.unwrap().optional(),
});
export type TargetSettings = Omit<TargetUse, 'tags'>;

export const targetInput = z.object({ targetId: z.string().optional() }).optional();

/** @throws `input-invalid` when its parts do not go together */
export function checkUse({ encrypted, kmsKeyArn }: Pick<TargetUse, 'encrypted' | 'kmsKeyArn'>): void {
  if (kmsKeyArn && !encrypted)
    throw faultError('input-invalid', { message: 'A key was chosen, but encryption was not.' });
}

const settingsOf = ({ transfer, transport, verification, encrypted, kmsKeyArn, tags }: TargetRow): TargetUse => ({
  transfer,
  transport,
  verification,
  encrypted,
  kmsKeyArn,
  tags,
});

/** A target with who changed its settings last; `changedAt` is null while they are as they were made. */
export async function describeTarget(ctx: ServiceContext, input?: z.infer<typeof targetInput>) {
  const workspaceId = guard(ctx, 'target.read');
  const { target, place } = await targetOf(ctx.db, workspaceId, parseInput(targetInput, input)?.targetId);
  const [changed] = await ctx.db
    .select({ by: users.name })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(eq(members.id, target.changedBy ?? ''));
  return {
    id: target.id,
    name: target.name,
    region: place.region,
    bucket: place.bucket,
    ...settingsOf(target),
    changedAt: target.changedAt,
    changedBy: changed?.by ?? null,
  };
}

export async function updateTargetSettings(
  ctx: ServiceContext,
  input: z.input<typeof targetSettingsInput>,
): Promise<TargetUse> {
  const workspaceId = guard(ctx, 'target.manage');
  const { targetId, ...wanted } = parseInput(targetSettingsInput, input);
  checkUse(wanted);
  return inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const { target } = await targetOf(tx, workspaceId, targetId);
    const [locked] = await tx.select().from(awsTargets).where(eq(awsTargets.id, target.id)).for('no key update');
    const before = settingsOf(locked ?? target);
    const after = { ...wanted, tags: wanted.tags ?? before.tags };
    const changedBy = ctx.principal.kind === 'member' ? ctx.principal.memberId : 'landfall';
    await tx
      .update(awsTargets)
      .set({ ...after, changedBy, changedAt: ctx.now() })
      .where(eq(awsTargets.id, target.id));
    audit({
      action: 'target.update',
      subjectKind: 'target',
      subjectId: target.id,
      subjectName: target.name,
      before,
      after,
    });
    event({ topic: 'targets', subjectId: target.id, kind: 'changed' });
    return after;
  });
}
