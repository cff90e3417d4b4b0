// Healthy or not, and why: computed from what a connector reported and when it was last heard of.
import type { ConnectorRow } from '../../../db/schema/index.ts';

/** What the gateway needs of a connector at nearly every call; the whole row, with its checks and its catalog's state, is large. */
export type ConnectorHead = Pick<
  ConnectorRow,
  'id' | 'workspaceId' | 'session' | 'bandwidth' | 'status' | 'statusReason' | 'checkRequestedAt'
>;

/** A connector reports every 10 s; without a word for this long it is not answering. */
export const SILENT_AFTER_SECONDS = 22;

export function connectorStatus(
  connector: Pick<ConnectorRow, 'checks' | 'checkedAt' | 'lastSeenAt'>,
  now: Date,
): { status: 'waiting' | 'healthy' | 'unhealthy'; reason: string | null } {
  if (!connector.lastSeenAt || !connector.checkedAt)
    return { status: 'waiting', reason: 'it has not reported its health yet' };
  const silent = (now.getTime() - connector.lastSeenAt.getTime()) / 1000;
  if (silent > SILENT_AFTER_SECONDS) return { status: 'unhealthy', reason: 'it no longer answers' };
  const failing = connector.checks.filter((check) => !check.ok && check.level === 'required');
  const [first] = failing;
  if (!first) return { status: 'healthy', reason: null };
  const more = failing.length > 1 ? ` (and ${failing.length - 1} more)` : '';
  return { status: 'unhealthy', reason: `${first.label}: ${first.detail}${more}` };
}
