// Whether a request is allowed, as AWS decides it: a Deny anywhere ends it; else each kind of policy that applies must allow it.
// IAM user guide, "Policy evaluation logic".
import { conditionContext } from './conditions.ts';
import { effectOf, grantOf, type Named, type PolicyDocument, type PolicyQuestion } from './policy.ts';

export interface Principal extends Named {
  userId: string;
  kind: 'user' | 'assumed-role' | 'federated-user';
  /** Of the user or role; null: everything. */
  identity: readonly PolicyDocument[] | null;
  boundary: PolicyDocument | null;
  /** With which a session was begun; null where there is none, and for a session that needs none. */
  session: readonly PolicyDocument[] | null;
  /** Of the organization over its account; null: none is in force. */
  serviceControl: readonly PolicyDocument[] | null;
}

export interface Question extends PolicyQuestion {
  /** Whose the resource is; the caller's own unless given. */
  resourceAccount?: string;
  resourcePolicy?: PolicyDocument | null;
  /** Roles and keys: without a word in their own policy nobody is let in, not even by an identity's policy. */
  needsResourcePolicy?: boolean;
}

export type Layer =
  | 'service control policy'
  | 'resource-based policy'
  | 'permissions boundary'
  | 'session policy'
  | 'identity-based policy';

export interface Denial {
  by: Layer;
  explicit: boolean;
}

/** Whom nothing can be refused by any policy of his own or of his organization. */
export function mayEverything({ identity, boundary, session, serviceControl }: Principal): boolean {
  return identity === null && boundary === null && session === null && serviceControl === null;
}

/** Null when it is allowed. */
export function decide(who: Principal, asked: Question): Denial | null {
  const question = { ...asked, context: new Map([...callerContext(who), ...asked.context]) };
  const { resourcePolicy } = question;
  const granted = resourcePolicy ? grantOf(resourcePolicy, question, who) : null;
  const said = (documents: readonly PolicyDocument[] | null) => (documents ? effectOf(documents, question) : 'allow');
  const layers: [Layer, 'allow' | 'deny' | null][] = [
    ['service control policy', said(who.serviceControl)],
    ['permissions boundary', said(who.boundary && [who.boundary])],
    ['session policy', said(who.session)],
    ['identity-based policy', said(who.identity)],
  ];
  if (granted === 'deny') return { by: 'resource-based policy', explicit: true };
  for (const [by, effect] of layers) if (effect === 'deny') return { by, explicit: true };

  const lacks = (by: Layer): Denial | null =>
    layers.some(([layer, effect]) => layer === by && effect === null) ? { by, explicit: false } : null;
  const own = (question.resourceAccount ?? who.account) === who.account;
  const outer = lacks('service control policy');
  if (outer) return outer;
  if ((!own || question.needsResourcePolicy) && !granted) return { by: 'resource-based policy', explicit: false };
  // Named by the resource itself, a session needs no other Allow.
  if (own && granted === 'direct') return null;
  const fromIdentity = own && granted === 'issuer' ? null : lacks('identity-based policy');
  return fromIdentity ?? lacks('permissions boundary') ?? lacks('session policy');
}

function callerContext({ arn, account, issuer, userId, kind }: Principal) {
  return conditionContext({
    'aws:PrincipalArn': kind === 'assumed-role' ? issuer : arn,
    'aws:PrincipalAccount': account,
    'aws:userid': userId,
    'aws:username': kind === 'user' ? arn.split('/').at(-1) : undefined,
    'aws:PrincipalType': kind === 'user' ? 'User' : kind === 'assumed-role' ? 'AssumedRole' : 'FederatedUser',
  });
}
