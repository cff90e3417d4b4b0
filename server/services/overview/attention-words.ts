// What is said of each cause that needs somebody's hand: its tone, its noun and its sentences.
import type { AttentionRowKind } from '../../../db/schema/index.ts';
import type { Fault } from '../../../replication/model/fault.ts';
import { FAULT_KINDS } from '../../../replication/model/fault-kinds.ts';

export type AttentionKind = 'break-glass' | 'connector' | 'catalog' | AttentionRowKind;
/** Kinds of which many jobs, runs or artifacts with one cause are one entry. */
export type GroupedKind = Exclude<AttentionRowKind, 'cutover'>;

export interface AttentionWords {
  code?: string;
  message: string;
  remedy: string;
  cause?: string;
}

export const TONES: Record<AttentionKind, 'error' | 'warning'> = {
  'break-glass': 'error',
  cutover: 'error',
  connector: 'error',
  'paused-jobs': 'error',
  'failed-runs': 'error',
  catalog: 'warning',
  'waiting-runs': 'warning',
  'left-over': 'warning',
};

/** What is counted, in the singular. */
export const NOUNS: Record<AttentionKind, string> = {
  'break-glass': 'sign-in',
  cutover: 'cutover',
  connector: 'connector',
  catalog: 'connector',
  'paused-jobs': 'replication job',
  'failed-runs': 'replication job',
  'waiting-runs': 'replication run',
  'left-over': 'artifact',
};

/** Somebody came in where only single sign-on should let people in. */
export function breakGlassWords(name: string, address: string | null): AttentionWords {
  return {
    message: `The emergency account ${name} was used to sign in${address ? ` from ${address}` : ''}`,
    remedy: 'Ask who it was and why. If nobody knows, end its sessions by a new password. This stands here for a day.',
  };
}

/** @param asks its question; what it waits for, where it has none yet */
export function cutoverWords(serverName: string, asks: { text: string; detail?: string | null }): AttentionWords {
  return {
    message: `The cutover of ${serverName} waits for a decision: ${asks.text}`,
    remedy: asks.detail ?? 'Open the cutover and decide.',
  };
}

/** @param reason why it says that it is unhealthy; null for one that says nothing */
export function connectorWords(name: string, silent: boolean, reason: string | null): AttentionWords {
  return {
    message: `Connector ${name} is unhealthy`,
    remedy: silent
      ? 'It does not answer. Check that it runs and reaches the console; what it was doing goes on when it is back.'
      : `${reason ?? ''} It is healthy again by itself, within seconds of the cause being gone.`,
  };
}

export function catalogWords(connectorName: string, fault: Fault): AttentionWords {
  return {
    ...faultWords(fault, true),
    message: `The server catalog could not be imported from ${connectorName}: ${fault.message}`,
  };
}

/** The words for several faults of one code: their own where they agree, else those of their kind. */
function faultWords(first: Fault | null | undefined, alike: boolean): AttentionWords {
  if (!first) return { code: 'internal', ...pick(FAULT_KINDS.internal) };
  const words = alike ? first : FAULT_KINDS[first.code];
  return { code: first.code, ...pick(words), ...(first.cause ? { cause: first.cause } : {}) };
}

const pick = ({ message, remedy }: { message: string; remedy: string }) => ({ message, remedy });

export interface GroupFaults {
  /** The fault of its first thing. */
  fault: Fault | null | undefined;
  /** All of its faults say the same. */
  alike: boolean;
  /** What its first run waits for, in a sentence. */
  waitingFor: string | null | undefined;
  count: number;
}

export function groupWords(kind: GroupedKind, { fault, alike, waitingFor, count }: GroupFaults): AttentionWords {
  switch (kind) {
    case 'paused-jobs':
      return afterPausing(faultWords(fault, alike), count);
    case 'failed-runs':
      return faultWords(fault, alike);
    case 'waiting-runs':
      return cannotStart(waitingFor ?? '', count);
    case 'left-over': {
      const words = faultWords(fault, alike);
      return { ...words, message: `What a run made could not be taken away again: ${words.message}` };
    }
  }
}

/** The fault of the runs that failed, told of jobs whose schedule rests because of it. */
function afterPausing(fault: AttentionWords, count: number): AttentionWords {
  const who = count === 1 ? 'A replication job has paused' : `${count} replication jobs have paused`;
  return {
    ...fault,
    message: `${who} after failed runs: ${fault.message}`,
    remedy: `${fault.remedy} Then resume ${count === 1 ? 'it' : 'them'}: until then no run starts by itself.`,
  };
}

/** Runs for which something is missing. Those that are only queued wait for their turn, which needs nobody. */
function cannotStart(waitingFor: string, count: number): AttentionWords {
  return {
    message: `${count === 1 ? 'A replication run cannot start' : `${count} replication runs cannot start`}. ${waitingFor}`,
    remedy: `Nothing is lost: ${count === 1 ? 'it starts by itself as soon as what it waits for is there' : 'they start by themselves as soon as what they wait for is there'}.`,
  };
}

/** Stands for causes of a kind that are not shown. */
export function restWords(kind: AttentionKind, left: number): AttentionWords {
  return {
    message: `${left} more ${left === 1 ? MORE[kind][0] : MORE[kind][1]}.`,
    remedy: 'They appear here as those above are resolved.',
  };
}

const MORE: Record<AttentionKind, [string, string]> = {
  'break-glass': ['emergency account was used', 'emergency accounts were used'],
  cutover: ['cutover waits for a decision', 'cutovers wait for a decision'],
  connector: ['connector is unhealthy', 'connectors are unhealthy'],
  catalog: ['server catalog could not be imported', 'server catalogs could not be imported'],
  'paused-jobs': ['cause for which replication jobs have paused', 'causes for which replication jobs have paused'],
  'failed-runs': ['cause for which runs failed', 'causes for which runs failed'],
  'waiting-runs': ['thing for which replication runs wait', 'things for which replication runs wait'],
  'left-over': ['cause for which something is left over', 'causes for which something is left over'],
};
