// How the outcome of a target's test is said.
import type { DeniedBy, TargetTestResult, TriedRight } from '../../../../replication/model/target-test.ts';

const DENIERS: Record<DeniedBy, [allows: string, denies: string]> = {
  'identity policy': ['No policy of the identity allows it.', 'A policy of the identity denies it.'],
  'bucket policy': ['The policy of the bucket does not allow it.', 'The policy of the bucket denies it.'],
  'KMS key policy': ['The policy of the KMS key does not allow it.', 'The policy of the KMS key denies it.'],
  'resource policy': ['The policy of the resource does not allow it.', 'The policy of the resource denies it.'],
  'service control policy': [
    'No service control policy of the organization allows it.',
    'A service control policy of the organization denies it.',
  ],
  'resource control policy': [
    'No resource control policy of the organization allows it.',
    'A resource control policy of the organization denies it.',
  ],
  'permissions boundary': [
    'The permissions boundary of the identity does not allow it.',
    'The permissions boundary of the identity denies it.',
  ],
  'session policy': ['The policy of the session does not allow it.', 'The policy of the session denies it.'],
  'VPC endpoint policy': [
    'The policy of the VPC endpoint does not allow it.',
    'The policy of the VPC endpoint denies it.',
  ],
  unknown: ['AWS does not say who denies it.', 'AWS does not say who denies it.'],
};

/** In a sentence. */
export function whoDenies({ by, explicit }: Pick<NonNullable<TriedRight['denial']>, 'by' | 'explicit'>): string {
  return DENIERS[by][explicit ? 1 : 0];
}

export const OUTCOMES = {
  allowed: { type: 'success', label: 'Allowed' },
  denied: { type: 'error', label: 'Denied' },
  'not-tried': { type: 'pending', label: 'Could not be tried' },
} as const;

export const FINDINGS = {
  good: { type: 'success', label: 'Good' },
  bad: { type: 'error', label: 'Wrong' },
  advice: { type: 'warning', label: 'Could be better' },
  unknown: { type: 'pending', label: 'Not seen' },
} as const;

/** What is wrong comes first, then what could not be tried. */
export function byUrgency(rights: readonly TriedRight[]): TriedRight[] {
  const order = { denied: 0, 'not-tried': 1, allowed: 2 } as const;
  return rights
    .map((right, at) => ({ right, at }))
    .sort((a, b) => order[a.right.outcome] - order[b.right.outcome] || a.at - b.at)
    .map(({ right }) => right);
}

/** The whole test in a sentence. */
export function summaryOf({ rights, findings }: Pick<TargetTestResult, 'rights' | 'findings'>): {
  type: 'success' | 'warning' | 'error';
  text: string;
} {
  const count = (outcome: TriedRight['outcome']) => rights.filter((right) => right.outcome === outcome).length;
  const denied = count('denied');
  const bad = findings.filter(({ outcome }) => outcome === 'bad').length;
  const parts = [`${count('allowed')} of ${rights.length} rights are there`];
  if (denied > 0) parts.push(`${denied} ${denied === 1 ? 'is' : 'are'} denied`);
  if (count('not-tried') > 0) parts.push(`${count('not-tried')} could not be tried`);
  const text = `${parts.join(', ')}.`;
  if (denied + bad > 0) return { type: 'error', text };
  return { type: count('allowed') === 0 ? 'warning' : 'success', text };
}
