// States of a replication run and the only ways from one to another. Pure.
import { z } from 'zod';

export const runStateSchema = z.enum([
  'pending',
  'active',
  'completed',
  'failed',
  'cancelled',
  'missed',
  'deleting',
  'deleted',
]);
export type RunState = z.infer<typeof runStateSchema>;

export const runTypeSchema = z.enum(['automatic', 'on-demand']);
export type RunType = z.infer<typeof runTypeSchema>;

export type RunEvent = 'start' | 'complete' | 'fail' | 'cancel' | 'miss' | 'delete' | 'delete-done';

const TRANSITIONS: Record<RunState, Partial<Record<RunEvent, RunState>>> = {
  pending: { start: 'active', cancel: 'cancelled', miss: 'missed', fail: 'failed' },
  active: { complete: 'completed', fail: 'failed', cancel: 'cancelled' },
  completed: { delete: 'deleting' },
  failed: { delete: 'deleting' },
  cancelled: { delete: 'deleting' },
  missed: { delete: 'deleting' },
  deleting: { 'delete-done': 'deleted' },
  deleted: {},
};

/** The state after an event, or undefined when the event is not possible in this state. */
export function transition(state: RunState, event: RunEvent): RunState | undefined {
  return TRANSITIONS[state][event];
}

export function isEnded(state: RunState): boolean {
  return state !== 'pending' && state !== 'active';
}

/** What a run waits for: a place among those that may run at once (`queued`), or something that is not there. */
export type WaitingKind = 'queued' | 'waiting';

/** Both columns that say so: the words are for people, and only the kind is asked for by queries. */
export function waitsFor(
  words: string | null,
  kind: WaitingKind = 'waiting',
): { waitingFor: string | null; waitingKind: WaitingKind | null } {
  return { waitingFor: words, waitingKind: words === null ? null : kind };
}
