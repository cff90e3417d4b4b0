// How a workspace's AWS target is used: the transfer path, how disks are read, how much is read back.
// A change counts for runs that are made after it.
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { members, targetSettings, users } from '../../../db/schema/index.ts';
import { TRANSFER_PATHS } from '../../../replication/model/baseline.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';

export const targetSettingsInput = z.object({
  transfer: z.enum(TRANSFER_PATHS),
  transport: z.enum(['auto', 'nfc', 'folder', 'nbd']),
  verification: z.enum(['sampled', 'full']),
  encrypted: z.boolean().default(false),
  kmsKeyArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:kms:[^:]+:\d{12}:key\/.+$/,
      'The ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/…',
    )
    .nullable()
    .default(null),
});
export type TargetSettings = z.infer<typeof targetSettingsInput>;

const DEFAULTS: TargetSettings = {
  transfer: 's3',
  transport: 'auto',
  verification: 'sampled',
  encrypted: false,
  kmsKeyArn: null,
};

export async function getTargetSettings(ctx: ServiceContext): Promise<TargetSettings> {
  const workspaceId = guard(ctx, 'target.read');
  const [row] = await ctx.db.select().from(targetSettings).where(eq(targetSettings.workspaceId, workspaceId));
  if (!row) return DEFAULTS;
  const { transfer, transport, verification, encrypted, kmsKeyArn } = row;
  return { transfer, transport, verification, encrypted, kmsKeyArn };
}

/** The settings with who changed them last; `changedAt` is null while they are the defaults. */
export async function describeTarget(
  ctx: ServiceContext,
): Promise<TargetSettings & { changedAt: Date | null; changedBy: string | null }> {
  const workspaceId = guard(ctx, 'target.read');
  const [changed] = await ctx.db
    .select({ at: targetSettings.changedAt, by: users.name })
    .from(targetSettings)
    .leftJoin(members, eq(members.id, targetSettings.changedBy))
    .leftJoin(users, eq(users.id, members.userId))
    .where(eq(targetSettings.workspaceId, workspaceId));
  return { ...(await getTargetSettings(ctx)), changedAt: changed?.at ?? null, changedBy: changed?.by ?? null };
}

export async function updateTargetSettings(
  ctx: ServiceContext,
  input: z.input<typeof targetSettingsInput>,
): Promise<TargetSettings> {
  const workspaceId = guard(ctx, 'target.manage');
  const after = parseInput(targetSettingsInput, input);
  if (after.kmsKeyArn && !after.encrypted) {
    throw faultError('input-invalid', { message: 'A key was chosen, but encryption was not.' });
  }
  const before = await getTargetSettings(ctx);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const row = { ...after, changedBy: changer(ctx), changedAt: ctx.now() };
    await tx
      .insert(targetSettings)
      .values({ workspaceId, ...row })
      .onConflictDoUpdate({ target: targetSettings.workspaceId, set: row });
    audit({
      action: 'target.update',
      subjectKind: 'target',
      subjectId: workspaceId,
      subjectName: 'AWS target',
      before,
      after,
    });
    event({ topic: 'targets', subjectId: null, kind: 'changed' });
  });
  return after;
}

function changer(ctx: ServiceContext): string {
  return ctx.principal.kind === 'member' ? ctx.principal.memberId : 'landfall';
}
