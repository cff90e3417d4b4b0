// Pinning an AMI: it is kept whatever the number to keep says, until it is unpinned.
import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { images } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';

export const pinInput = z.object({ imageId: z.string(), pinned: z.boolean() });

export async function pinImage(ctx: ServiceContext, input: z.infer<typeof pinInput>): Promise<void> {
  const workspaceId = guard(ctx, 'image.pin');
  const { imageId, pinned } = parseInput(pinInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const [image] = await tx
      .update(images)
      .set({ pinnedAt: pinned ? ctx.now() : null })
      .where(and(eq(images.id, imageId), eq(images.workspaceId, workspaceId), isNull(images.deregisteredAt)))
      .returning();
    if (!image) throw faultError('not-found', { message: `There is no AMI ${imageId}.` });
    audit({
      action: pinned ? 'image.pin' : 'image.unpin',
      subjectKind: 'image',
      subjectId: imageId,
      subjectName: image.name,
    });
    event({ topic: 'images', subjectId: imageId, kind: 'changed' });
  });
}
