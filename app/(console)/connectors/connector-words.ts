// What the pages of connectors share: their order, the words for a VM manager.
import type { Connector } from './types.ts';

export const VM_MANAGER_TYPES: Record<Connector['vmManagerType'], string> = { vsphere: 'VMware vCenter' };

/** The state for `<Status of="connector">`. */
export function connectorState(connector: Connector): string {
  return connector.disassociatedAt ? 'disassociated' : connector.status;
}

/** As a sentence of its own: a reason may come as the second half of one, and may begin with a name. */
export function sentence(reason: string): string {
  const text = reason.replace(/^it /, 'It ');
  return /[.!?)]$/.test(text) ? text : `${text}.`;
}

/** `imported 11 servers: 2 new, 1 changed, none gone` */
export function catalogSummary(summary: { found: number; added: number; changed: number; gone: number }): string {
  return `${summary.added} new, ${summary.changed} changed, ${summary.gone} gone`;
}
