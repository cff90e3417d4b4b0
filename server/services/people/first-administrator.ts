// An installation without members: its first administrator is whoever holds the secret that npm start prints, as long as there is no
// user. With the lab, or with passwords in the environment, first-members.ts makes members instead.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { asc, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database, Queries } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { members, users, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { checkPassword } from '../../access/password-rule.ts';
import { hashPassword } from '../../access/passwords.ts';
import { inTransaction, type ProgramContext, parseInput } from '../context.ts';
import type { linkInput } from './accept-invitation.ts';
import { countLink } from './links.ts';
import { tell } from './membership.ts';
import { personName } from './person.ts';

/** Held by whoever makes first members or workspaces. */
export const FIRST_START_LOCK = sql`select pg_advisory_xact_lock(7306213)`;

/** The secret of the first run: of this installation, and worth nothing as soon as there is a user. */
export function firstRunToken(installationSecret: string): string {
  return createHmac('sha256', installationSecret).update('landfall: first run').digest('base64url');
}

/** The workspace that waits for its first administrator, made unless there is one; and whether it still waits. */
export async function createFirstWorkspace(db: Database): Promise<{ workspaceId: WorkspaceId; waits: boolean }> {
  return db.transaction(async (tx) => {
    await tx.execute(FIRST_START_LOCK);
    const [there] = await tx
      .select({ id: workspaces.id })
      .from(workspaces)
      .orderBy(asc(workspaces.createdAt), asc(workspaces.id))
      .limit(1);
    const workspaceId = there?.id ?? newId.workspace();
    if (!there) await tx.insert(workspaces).values({ id: workspaceId, name: 'Main' });
    return { workspaceId, waits: await nobodyYet(tx) };
  });
}

async function nobodyYet(db: Queries): Promise<boolean> {
  return (await db.select({ id: users.id }).from(users).limit(1)).length === 0;
}

/** What the link of the first run is worth now. */
export async function lookAtFirstRun(
  ctx: ProgramContext,
  input: z.input<typeof linkInput>,
  from: { address: string | null },
): Promise<{ state: 'open' | 'used' | 'unknown' }> {
  const counted = await countLink(ctx, from.address);
  if (!isToken(input.token)) return { state: 'unknown' };
  await counted.wasRight();
  return { state: (await nobodyYet(ctx.db)) ? 'open' : 'used' };
}

export const firstAdministratorInput = z.object({
  token: z.string().max(100),
  name: personName,
  email: z.string().trim().toLowerCase().max(320).pipe(z.email('An e-mail address, such as ann@example.com')),
  password: z.string().max(2000),
});

/** Once in the life of an installation. @throws `link-dead`, `password-weak`, `too-many-attempts` */
export async function createFirstAdministrator(
  ctx: ProgramContext,
  input: z.input<typeof firstAdministratorInput>,
  { address }: { address: string | null },
): Promise<{ email: string }> {
  const { token, name, email, password } = parseInput(firstAdministratorInput, input);
  const { state } = await lookAtFirstRun(ctx, { token }, { address });
  if (state !== 'open') throw over();
  checkPassword(password, { email, name });
  const passwordHash = await hashPassword(password);
  const { workspaceId } = await createFirstWorkspace(ctx.db);
  const [userId, memberId] = [newId.user(), newId.member()];
  const role = 'administrator' as const;
  const principal = { kind: 'member' as const, userId, memberId, workspaceId, role, name, email, address };
  return inTransaction({ ...ctx, principal }, workspaceId, async (work) => {
    const { tx } = work;
    await tx.execute(FIRST_START_LOCK);
    if (!(await nobodyYet(tx))) throw over();
    await tx.insert(users).values({ id: userId, email, name, passwordHash, createdAt: ctx.now() });
    await tx.insert(members).values({ id: memberId, workspaceId, userId, role, createdAt: ctx.now() });
    tell(work, 'member.create', { id: memberId, name }, { after: { email, role, by: 'first run' } });
    return { email };
  });
}

function isToken(token: string): boolean {
  const secret = process.env.NEXTAUTH_SECRET;
  if (!secret) return false;
  const [given, right] = [token, firstRunToken(secret)].map((text) => Buffer.from(text)) as [Buffer, Buffer];
  return given.length === right.length && timingSafeEqual(given, right);
}

const over = () =>
  faultError('link-dead', {
    message: 'This link does not make an administrator (any more).',
    remedy:
      'If Landfall has an administrator, ask for an invitation. Else open the address that npm start has printed last.',
  });
