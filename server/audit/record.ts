// The audit trail: who did what, to what, from where. Written in the change's own transaction; if it fails, the change fails.

import type { Queries } from '../../db/client.ts';
import { audit } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import type { MemberPrincipal, Principal } from '../access/principals.ts';

export interface AuditEntry {
  action: string;
  subjectKind: string;
  subjectId: string;
  subjectName: string;
  before?: Record<string, unknown> | null;
  after?: Record<string, unknown> | null;
}

const SECRET = /password|secret|token|credential|private|accesskey|user_?data/i;

/** Secrets become `(hidden)`, at every depth. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value instanceof Date || value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET.test(name) && inner ? '(hidden)' : withoutSecrets(inner),
    ]),
  );
}

/** A program of the member is told apart by its key. */
const nameOf = ({ name, accessKeyId }: MemberPrincipal) => (accessKeyId ? `${name} (access key ${accessKeyId})` : name);

export async function recordAudit(
  tx: Queries,
  workspaceId: WorkspaceId,
  principal: Principal,
  entries: readonly AuditEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const actor =
    principal.kind === 'member'
      ? { actorId: principal.memberId, actorName: nameOf(principal), address: principal.address }
      : principal.kind === 'connector'
        ? { actorId: principal.connectorId, actorName: principal.connectorId, address: null }
        : { actorId: principal.what, actorName: principal.what, address: null };
  await tx.insert(audit).values(
    entries.map((entry) => ({
      workspaceId,
      actorKind: principal.kind,
      ...actor,
      action: entry.action,
      subjectKind: entry.subjectKind,
      subjectId: entry.subjectId,
      subjectName: entry.subjectName,
      before: withoutSecrets(entry.before ?? null),
      after: withoutSecrets(entry.after ?? null),
    })),
  );
}
