// The saved views of lists: filter, order, columns and page size under a name. Each is its member's own, and personal as the
// preferences are: it leaves no audit row.
import { createHash } from 'node:crypto';
import { and, asc, eq, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import { savedViews } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { wellFormedText } from '../../../replication/model/foreign-text.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';
import { listQuerySchema } from '../list-page.ts';

type Own = ServiceContext & { principal: MemberPrincipal };

/** The lists that are pages of their own. */
const VIEWED_LISTS = [
  'accessKeys',
  'activity',
  'connectors',
  'cutovers',
  'deliveries',
  'images',
  'instances',
  'jobs',
  'members',
  'runs',
  'servers',
] as const;

/** Of one member, in one workspace. */
export const MOST_VIEWS = 50;

const { filter, sort, pageSize } = listQuerySchema.shape;
const column = z.object({ id: z.string().max(60), visible: z.boolean() });
const view = z.object({ filter, sort, pageSize, columns: z.array(column).max(60).nullable() });
const name = z
  .string()
  .trim()
  .min(1, 'Give the view a name')
  .max(60, 'At most 60 characters')
  .overwrite(wellFormedText);

export const saveViewInput = z.object({
  /** Made by the caller; sent again it makes nothing twice. */
  requestId: z.string().regex(/^[0-9a-f]{32}$/),
  list: z.enum(VIEWED_LISTS),
  name,
  view,
});
/** What is left out stays as it is. */
export const changeViewInput = z.object({
  viewId: z.string(),
  name: name.optional(),
  view: view.optional(),
  isDefault: z.boolean().optional(),
});
export const oneViewInput = z.object({ viewId: z.string() });

/** All of the member's own, of every list, by name. */
export async function listViews(ctx: Own) {
  const workspaceId = guard(ctx, 'workspace.read');
  const { id, list, isDefault } = savedViews;
  return ctx.db
    .select({ id, list, name: savedViews.name, view: savedViews.view, isDefault })
    .from(savedViews)
    .where(ownIn(workspaceId, ctx))
    .orderBy(asc(sql`lower(${savedViews.name})`), asc(id));
}

/** @throws `conflict` when there is one of this name, or too many */
export async function saveView(ctx: Own, input: z.input<typeof saveViewInput>): Promise<{ viewId: string }> {
  const workspaceId = guard(ctx, 'workspace.read');
  const { requestId, ...wanted } = parseInput(saveViewInput, input);
  const { memberId } = ctx.principal;
  const viewId = `view-${createHash('sha256').update(`${memberId}/${requestId}`).digest('hex').slice(0, 17)}`;
  await writing(ctx, workspaceId, async ({ tx }) => {
    const own = await tx.select({ id: savedViews.id }).from(savedViews).where(ownIn(workspaceId, ctx));
    if (own.some(({ id }) => id === viewId)) return;
    if (own.length >= MOST_VIEWS) {
      throw faultError('conflict', {
        message: `You have ${MOST_VIEWS} saved views, and there can be no more.`,
        remedy: 'Delete one that you no longer need, or save your changes in one that is there.',
      });
    }
    await tx.insert(savedViews).values({ id: viewId, workspaceId, memberId, ...wanted, createdAt: ctx.now() });
  });
  return { viewId };
}

/** @throws `not-found`, `conflict` when there is one of this name */
export async function changeView(ctx: Own, input: z.input<typeof changeViewInput>): Promise<void> {
  const workspaceId = guard(ctx, 'workspace.read');
  const { viewId, ...wanted } = parseInput(changeViewInput, input);
  await writing(ctx, workspaceId, async ({ tx }) => {
    const [found] = await tx
      .select({ list: savedViews.list })
      .from(savedViews)
      .where(and(eq(savedViews.id, viewId), ownIn(workspaceId, ctx)));
    if (!found) throw noView(viewId);
    if (wanted.isDefault) {
      const others = and(ownIn(workspaceId, ctx), eq(savedViews.list, found.list), ne(savedViews.id, viewId));
      await tx.update(savedViews).set({ isDefault: false }).where(and(others, savedViews.isDefault));
    }
    const changes = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    if (Object.keys(changes).length === 0) return;
    await tx
      .update(savedViews)
      .set(changes)
      .where(and(eq(savedViews.id, viewId), ownIn(workspaceId, ctx)));
  });
}

/** @throws `not-found` */
export async function deleteView(ctx: Own, input: z.input<typeof oneViewInput>): Promise<void> {
  const workspaceId = guard(ctx, 'workspace.read');
  const { viewId } = parseInput(oneViewInput, input);
  await writing(ctx, workspaceId, async ({ tx }) => {
    const gone = await tx
      .delete(savedViews)
      .where(and(eq(savedViews.id, viewId), ownIn(workspaceId, ctx)))
      .returning({ id: savedViews.id });
    if (gone.length === 0) throw noView(viewId);
  });
}

/** One change of a member's views at a time; the member's other tabs hear of it. */
function writing(ctx: Own, workspaceId: WorkspaceId, work: (work: Work) => Promise<void>): Promise<void> {
  return inTransaction(ctx, workspaceId, async (transaction) => {
    await transaction.tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`views of ${ctx.principal.memberId}`}))`);
    await work(transaction);
    transaction.event({ topic: 'views', subjectId: null, kind: 'changed' });
  });
}

const ownIn = (workspaceId: WorkspaceId, { principal }: Own) =>
  and(eq(savedViews.workspaceId, workspaceId), eq(savedViews.memberId, principal.memberId));

const noView = (viewId: string) => faultError('not-found', { message: `You have no saved view ${viewId}.` });
