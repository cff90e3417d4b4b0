// The words for an instance, and what may be done with it. Pure.
import { may, type Role } from '../../../server/access/permissions.ts';
import type { ListedInstance } from './types.ts';

type Purpose = ListedInstance['purpose'];

const PURPOSES: Record<Purpose, string> = { test: 'Test', final: 'For good' };

export const PURPOSE_CHOICES = Object.entries(PURPOSES).map(([value, label]) => ({ value, label }));

export const purposeLabel = (purpose: Purpose): string => PURPOSES[purpose];

/** The two status checks of a running instance as one; null where EC2 has none to tell. */
export function statusChecks(instance: Pick<ListedInstance, 'state' | 'detail'>): 'initializing' | string | null {
  if (instance.state !== 'running') return null;
  const checks = [instance.detail?.systemStatus, instance.detail?.instanceStatus];
  for (const worst of ['impaired', 'insufficient-data', 'initializing', 'not-applicable']) {
    if (checks.includes(worst)) return worst;
  }
  return checks.every((check) => check === 'ok') ? 'ok' : 'initializing';
}

/** How long the console of an instance is read again and again, counted from the launch. */
const BOOTING_AT_MOST_MS = 15 * 60_000;

/** Whether the guest is still booting, so that its console says more every few seconds. */
export function isBooting(instance: Pick<ListedInstance, 'state' | 'detail' | 'launchedAt'>, now: number): boolean {
  if (now - instance.launchedAt.getTime() > BOOTING_AT_MOST_MS) return false;
  if (instance.state === 'launching' || instance.state === 'pending') return true;
  const checks = statusChecks(instance);
  return checks === 'initializing' || checks === 'insufficient-data';
}

/** Whether there is something to terminate, and whether this role may. */
export function mayTerminate(role: Role, instance: Pick<ListedInstance, 'purpose' | 'state' | 'instanceId'>): boolean {
  const ended = ['shutting-down', 'terminated', 'failed'].includes(instance.state);
  if (ended || !instance.instanceId) return false;
  return may(role, instance.purpose === 'test' ? 'instance.end-test' : 'instance.terminate');
}

/** A refusal that shows EC2's own words: they say what to change. */
export function withWords<Refusal extends { remedy: string; cause?: string | undefined }>(refusal: Refusal): Refusal {
  // The innermost of `FaultError: … ← InsufficientInstanceCapacity: … (ec2:RunInstances, HTTP 400, request …)`.
  const words = refusal.cause
    ?.split(' ← ')
    .at(-1)
    ?.replace(/\s*\([a-z0-9]+:\w+, HTTP[^)]*\)\s*$/, '')
    .trim();
  return words ? { ...refusal, remedy: `EC2 says: ${words} ${refusal.remedy}` } : refusal;
}
