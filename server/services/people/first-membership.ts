// Who an e-mail address belongs to, for what is done from the command line: nobody is signed in there.
import { and, asc, eq, isNull } from 'drizzle-orm';
import { members, users } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { ProgramContext } from '../context.ts';

/** The oldest membership of the person, in whatever workspace it is. @throws `not-found` */
export async function firstMembershipOf(ctx: ProgramContext, email: string) {
  const [found] = await ctx.db
    .select({ userId: users.id, id: members.id, name: users.name, workspaceId: members.workspaceId })
    .from(users)
    .innerJoin(members, and(eq(members.userId, users.id), isNull(members.removedAt)))
    .where(eq(users.email, email.trim().toLowerCase()))
    .orderBy(asc(members.createdAt), asc(members.id))
    .limit(1);
  if (!found) throw faultError('not-found', { message: `No member has the e-mail address ${email}.` });
  return found;
}
