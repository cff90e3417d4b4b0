// Asks IAM for a request of the lab's AWS, and refuses in the words of the service. To be called once the operation is known.
// Words: IAM user guide, "Troubleshoot access denied error messages"; S3 user guide, "Troubleshoot access denied (403) errors".

import { conditionContext } from './iam/conditions.ts';
import { type Denial, decide, mayEverything, type Principal } from './iam/decide.ts';
import type { PolicyDocument } from './iam/policy.ts';
import { stateOf } from './request-state.ts';
import { AwsError, type AwsRequest } from './service.ts';

export type Tags = Record<string, string>;

/** One action on one resource. A request may ask for several, and needs them all. */
export interface Right {
  action: string;
  /** `*` where the action has no resources. */
  resource: string;
  resourceTags?: Tags;
  requestTags?: Tags;
  /** More of what conditions look at, by key. */
  conditions?: Record<string, string | undefined>;
  resourceAccount?: string;
  resourcePolicy?: PolicyDocument | null;
  needsResourcePolicy?: boolean;
}

/** @throws AwsError for the first right that is lacking. `rights` is called only where something could be refused. */
export function authorize(request: AwsRequest, rights: () => Right[]): void {
  const state = stateOf(request);
  if (!state || mayEverything(state.principal)) return;
  for (const right of rights()) mustMay(request, right);
}

/** @throws AwsError. Also whoever may do everything can be denied by the policy of a resource. */
export function mustMay(request: AwsRequest, right: Right): void {
  const denial = denialOf(request, right);
  if (denial) throw refusal(request, right, denial);
}

function denialOf(request: AwsRequest, right: Right): Denial | null {
  const state = stateOf(request);
  if (!state) return null;
  const { resourceTags = {}, requestTags = {}, conditions = {}, ...asked } = right;
  const context = conditionContext({
    ...tagged('aws:ResourceTag', resourceTags),
    ...tagged('ec2:ResourceTag', resourceTags),
    ...tagged('aws:RequestTag', requestTags),
    'aws:TagKeys': Object.keys(requestTags).length > 0 ? Object.keys(requestTags) : undefined,
    'aws:RequestedRegion': request.region,
    'ec2:Region': request.region,
    'aws:SecureTransport': String(state.secureTransport),
    'aws:ResourceAccount': right.resourceAccount ?? state.principal.account,
    ...conditions,
  });
  return decide(state.principal, { ...asked, context });
}

function tagged(key: string, tags: Tags): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [`${key}/${name}`, value]));
}

function refusal(request: AwsRequest, right: Right, denial: Denial): AwsError {
  const who = stateOf(request)?.principal as Principal;
  const text = wordsOf(who, right, denial, request.service === 's3');
  if (request.service === 'ebs') {
    const Reason = right.action.startsWith('kms:') ? 'DEPENDENCY_ACCESS_DENIED' : 'UNAUTHORIZED_ACCOUNT';
    return new AwsError(403, 'AccessDeniedException', text, { Reason });
  }
  if (request.service === 'ec2') return new AwsError(403, 'UnauthorizedOperation', ec2Words(right, text));
  // To other accounts S3 does not say why.
  const foreign = (right.resourceAccount ?? who.account) !== who.account;
  return new AwsError(403, 'AccessDenied', request.service === 's3' && foreign ? 'Access Denied' : text);
}

function wordsOf(who: Principal, { action, resource }: Right, { by, explicit }: Denial, quoted: boolean): string {
  const on = resource === '*' ? '' : ` on resource: ${quoted ? `"${resource}"` : resource}`;
  const head = `User: ${who.arn} is not authorized to perform: ${action}${on}`;
  // A role's own policy is not told to whom it does not trust.
  if (action === 'sts:AssumeRole' && by === 'resource-based policy') return head;
  if (!explicit) return `${head} because no ${by} allows the ${action} action`;
  return `${head} with an explicit deny in ${by === 'identity-based policy' ? 'an' : 'a'} ${by}`;
}

/** Changes are refused with more, which only `sts:DecodeAuthorizationMessage` reads. */
function ec2Words({ action }: Right, text: string): string {
  const said = `You are not authorized to perform this operation. ${text}`;
  if (/^ec2:(Describe|Get)/.test(action)) return said;
  return `${said}. Encoded authorization failure message: ${Buffer.from(text).toString('base64url')}`;
}
