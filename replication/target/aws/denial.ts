// Who refuses a call: what AWS's words say of the policy that denies it, and what to do about that one. Pure.
// The words stand in the IAM user guide ("Troubleshoot access denied error messages") and in the S3 user
// guide ("Troubleshoot access denied (403 Forbidden) errors"), service control policies with their ARN behind them.

const KINDS = {
  'identity-based policy': 'a policy of the identity itself',
  'resource-based policy': 'the policy of the resource',
  'service control policy': 'a service control policy of the organization',
  'resource control policy': 'a resource control policy of the organization',
  'permissions boundary': 'the permissions boundary of the identity',
  'session policy': 'the policy of the session',
  'VPC endpoint policy': 'the policy of a VPC endpoint',
} as const;
type Kind = keyof typeof KINDS;

export interface Denial {
  by: Kind;
  /** A Deny statement, which no Allow elsewhere outweighs; else the lack of an Allow there. */
  explicit: boolean;
  /** Of the very policy, where AWS gives it. */
  arn: string | null;
}

const NAMES = Object.keys(KINDS).join('|');
const EXPLICIT = new RegExp(`with an explicit deny in an? (${NAMES})`, 'i');
const IMPLICIT = new RegExp(`because no (${NAMES}) allows`, 'i');
const ARN = /\barn:aws[a-z-]*:(?:organizations|iam)::\d*:policy\/[\w+=,.@/-]*\w/;

/** Null when AWS does not say who denies. */
export function denialOf(words: string): Denial | null {
  const explicit = EXPLICIT.exec(words);
  const found = explicit ?? IMPLICIT.exec(words);
  const by = (Object.keys(KINDS) as Kind[]).find((kind) => kind.toLowerCase() === found?.[1]?.toLowerCase());
  if (!found || !by) return null;
  return { by, explicit: explicit !== null, arn: ARN.exec(words.slice(found.index))?.[0] ?? null };
}

/** What happened and what to do, for a refusal of `action` (`ec2:RunInstances`). */
export function denialWords(action: string, words: string): { message: string; remedy: string } {
  const may = `The AWS identity may not do ${action}`;
  const addIt = `Add ${action} to the IAM policy (docs/aws-permissions.md has the whole policy).`;
  const denial = denialOf(words);
  if (!denial) {
    const decode = /encoded authorization failure message/i.test(words)
      ? ' The encoded message below tells which: `aws sts decode-authorization-message --encoded-message …`.'
      : '';
    const elsewhere = `If it is there, something else denies it that AWS does not name: a bucket policy, a policy of the organization, a permissions boundary or a VPC endpoint.${decode}`;
    return { message: `${may}.`, remedy: `${addIt} ${elsewhere}` };
  }
  const { by, explicit, arn } = denial;
  if (by === 'identity-based policy' && !explicit) return { message: `${may}.`, remedy: addIt };
  const who = `${ofService(by, action)}${arn ? ` (${arn})` : ''}`;
  const message = `${may}: ${who} ${explicit ? 'denies it' : 'does not allow it'}.`;
  return { message, remedy: `${REMEDIES[by](action, explicit)} ${IN_VAIN[by] ?? ''}`.trim() };
}

function ofService(by: Kind, action: string): string {
  if (by !== 'resource-based policy') return KINDS[by];
  if (action.startsWith('s3:')) return 'the policy of the bucket';
  return action.startsWith('kms:') ? 'the policy of the KMS key' : KINDS[by];
}

const REMEDIES: Record<Kind, (action: string, explicit: boolean) => string> = {
  'identity-based policy': (action) =>
    `Take the Deny statement that covers ${action} out of the policies of the identity and its groups, or except this identity from it.`,
  'resource-based policy': (action, explicit) =>
    `${explicit ? 'Except this identity from the Deny statement' : `Allow this identity ${action}`} in ${ofService('resource-based policy', action)}.`,
  'service control policy': (action) =>
    `Ask whoever administers AWS Organizations to let this account do ${action} in this Region.`,
  'resource control policy': (action) =>
    `Ask whoever administers AWS Organizations to let this identity do ${action} on the resource.`,
  'permissions boundary': (action, explicit) =>
    `${explicit ? `Take ${action} out of the Deny statement of` : `Add ${action} to`} the permissions boundary of the identity.`,
  'session policy': (action, explicit) =>
    `${explicit ? `Take ${action} out of the Deny statement of` : `Add ${action} to`} the policy with which the role is assumed.`,
  'VPC endpoint policy': (action, explicit) =>
    `${explicit ? `Take ${action} out of the Deny statement of` : `Add ${action} to`} the policy of the VPC endpoint through which AWS is reached.`,
};

const IN_VAIN: Partial<Record<Kind, string>> = {
  'service control policy': 'A change of the IAM policy does not help.',
  'resource control policy': 'A change of the IAM policy does not help.',
  'permissions boundary': 'The IAM policy must allow it too.',
  'session policy': 'The IAM policy of the role must allow it too.',
  'VPC endpoint policy': 'The IAM policy must allow it too.',
};
