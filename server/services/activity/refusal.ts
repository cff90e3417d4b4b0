// What a member asked for and may not do stands in the audit trail, too.
import { and, eq, gt, sql } from 'drizzle-orm';
import { audit as auditTable } from '../../../db/schema/index.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { guard, inTransaction, type ServiceContext } from '../context.ts';

const REFUSED = 'access.refused';
/** Who asks for the same again and again fills no trail. */
const ONCE_IN_MINUTES = 10;

/** Once in ten minutes for each member and procedure. */
export async function noteRefusal(
  ctx: ServiceContext & { principal: MemberPrincipal },
  procedure: string,
): Promise<void> {
  const workspaceId = guard(ctx, 'workspace.read');
  const { memberId, role } = ctx.principal;
  const lately = and(
    eq(auditTable.workspaceId, workspaceId),
    eq(auditTable.action, REFUSED),
    eq(auditTable.actorId, memberId),
    eq(auditTable.subjectId, procedure),
    gt(auditTable.at, sql`now() - make_interval(mins => ${ONCE_IN_MINUTES}::int)`),
  );
  await inTransaction(ctx, workspaceId, async ({ tx, audit }) => {
    const [known] = await tx.select({ id: auditTable.id }).from(auditTable).where(lately).limit(1);
    if (known) return;
    const subject = { subjectKind: 'procedure', subjectId: procedure, subjectName: procedure };
    audit({ action: REFUSED, ...subject, after: { role } });
  });
}
