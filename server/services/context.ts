// What every verb is given, and the transaction in which a verb writes, audits and records its events.
// A verb is: permission first, parse, one transaction. Services are the only writers; api, gateway and engine call them.

import { type Database, database, type Queries } from '../../db/client.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { faultError } from '../../replication/model/fault.ts';
import { may, type Permission } from '../access/permissions.ts';
import type { ConnectorPrincipal, MemberPrincipal, Principal, SystemPrincipal } from '../access/principals.ts';
import { type AuditEntry, recordAudit } from '../audit/record.ts';
import { now } from '../clock.ts';
import { type NewEvent, recordEvents } from '../events/record.ts';
import { settlingClashes } from './clashes.ts';

export interface ServiceContext {
  db: Database;
  principal: Principal;
  now(): Date;
}

/**
 * What is given to a verb that asks for no permission: Landfall itself acts, or a connector that has shown its token. A member's
 * context does not fit.
 */
export interface ProgramContext extends ServiceContext {
  principal: SystemPrincipal | ConnectorPrincipal;
}

/** The context of the engine itself, for one workspace (or none, for sweeps over all). */
export function systemContext(db: Database, workspaceId: WorkspaceId | null, what = 'Landfall'): ProgramContext {
  return { db, principal: { kind: 'system', workspaceId, what }, now };
}

/** The context of a program of ours, on the database of this process. */
export function processContext(what: string): ProgramContext {
  return systemContext(database(), null, what);
}

/** What a verb is given when a member calls. */
export function memberContext(principal: MemberPrincipal): ServiceContext & { principal: MemberPrincipal } {
  return { db: database(), principal, now };
}

/** The workspace that the caller may act in, proved by the permission. Throws `permission-denied`. */
export function guard(ctx: ServiceContext, permission: Permission): WorkspaceId {
  const { principal } = ctx;
  if (principal.kind === 'member' && may(principal.role, permission)) return principal.workspaceId as WorkspaceId;
  if (principal.kind === 'system' && principal.workspaceId) return principal.workspaceId;
  throw faultError('permission-denied', {
    message:
      principal.kind === 'member'
        ? `The role ${principal.role} does not allow this (${permission}).`
        : `A ${principal.kind} may not do this (${permission}).`,
  });
}

/** What a verb does inside its transaction. Audit and events are written last, just before the commit. */
export interface Work {
  tx: Queries;
  audit(entry: AuditEntry): void;
  event(event: NewEvent): void;
}

/**
 * Runs a verb's writes; everything or nothing. `work` may be called more than once (clashes.ts), so it changes nothing
 * outside the database that a second time does not set anew.
 */
export async function inTransaction<T>(
  ctx: ServiceContext,
  workspaceId: WorkspaceId,
  work: (work: Work) => Promise<T>,
): Promise<T> {
  return settlingClashes(() => transact(ctx, workspaceId, work));
}

async function transact<T>(
  ctx: ServiceContext,
  workspaceId: WorkspaceId,
  work: (work: Work) => Promise<T>,
): Promise<T> {
  return ctx.db.transaction(async (tx) => {
    const audited: AuditEntry[] = [];
    const recorded: NewEvent[] = [];
    const result = await work({
      tx,
      audit: (entry) => void audited.push(entry),
      event: (event) => void recorded.push(event),
    });
    await recordAudit(tx, workspaceId, ctx.principal, audited);
    if (audited.length > 0) recorded.push({ topic: 'activity', subjectId: null, kind: 'changed' });
    await recordEvents(tx, workspaceId, recorded);
    return result;
  });
}

/** Parses input; a refusal names every field. */
export function parseInput<T>(
  schema: {
    safeParse(
      input: unknown,
    ): { success: true; data: T } | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
  },
  input: unknown,
): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw faultError('input-invalid', {
    message: parsed.error.issues
      .map((issue) => `${issue.path.map(String).join('.') || 'Input'}: ${issue.message}`)
      .join('; '),
  });
}
