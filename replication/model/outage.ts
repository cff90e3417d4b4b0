// Which faults say only that the other side is away for a while. Such a fault is waited out by the time that has passed, not
// counted as a try: vCenter restarts, a line breaks, AWS answers 503. A refusal is no outage, however it is worded. Pure.
import type { Fault, FaultCode } from './fault.ts';

const OUTAGES: readonly FaultCode[] = [
  'vcenter-unreachable',
  'vcenter-session-lost',
  'esxi-unreachable',
  'nbd-unreachable',
  'aws-unreachable',
  'aws-throttled',
  'console-database-away',
];

/** How long runs wait for a site that is away, unless the installation says otherwise. */
export const OUTAGE_SECONDS = 30 * 60;

/** Whether a fault says that a site is away and may be back at any moment. */
export function isOutage({ code, retry }: Pick<Fault, 'code' | 'retry'>): boolean {
  return retry === 'now' && OUTAGES.includes(code);
}

/** Longer than a call takes that nobody answers, with its time-outs and its quick tries. */
const LONGEST_CALL_MS = 3 * 60_000;

/** A try of a step that lasted longer met a site that answered: what it failed by is the beginning of another outage. */
export function answeredWithin(patienceMs: number): number {
  return Math.max(LONGEST_CALL_MS, patienceMs / 15);
}

/** What a run says that waits. */
export function waitingWords({ message }: Pick<Fault, 'message'>, until: Date): string {
  return `${message} The run waits until it answers again, at most until ${until.toISOString().slice(11, 16)} UTC.`;
}

/** How a fault is told that was waited out in vain. */
export function waitedInVain<Of extends Pick<Fault, 'message' | 'retry'>>(theFault: Of, patienceMs: number): Of {
  const minutes = Math.round(patienceMs / 60_000);
  const waited = minutes > 0 ? `${minutes} minute${minutes === 1 ? '' : 's'}` : `${Math.round(patienceMs / 1000)} s`;
  return { ...theFault, retry: 'later', message: `${theFault.message} The run waited for ${waited}.` };
}
