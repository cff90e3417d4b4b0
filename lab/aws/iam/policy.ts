// Policy documents of the lab's IAM: their grammar, and which of their statements meet a request.
import { z } from 'zod';
import { type ConditionContext, holds, knownOperator, resolved } from './conditions.ts';
import { arnMatches, textMatches } from './patterns.ts';

const oneOrMore = z.union([z.string(), z.array(z.string()).min(1)]).transform((value) => [value].flat());
const principals = z.union([
  z.literal('*').transform(() => ({ AWS: ['*'] })),
  z.partialRecord(z.enum(['AWS', 'Service', 'Federated']), oneOrMore),
]);
const scalar = z.union([z.string(), z.boolean(), z.number()]);
const values = z.union([scalar, z.array(scalar)]).transform((value) => [value].flat().map(String));
const operator = z.string().refine(knownOperator, 'The lab knows no such operator.');

const statement = z
  .object({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Action: oneOrMore.optional(),
    NotAction: oneOrMore.optional(),
    Resource: oneOrMore.optional(),
    NotResource: oneOrMore.optional(),
    Principal: principals.optional(),
    NotPrincipal: principals.optional(),
    Condition: z.record(operator, z.record(z.string(), values)).optional(),
  })
  .strict()
  .refine((one) => (one.Action === undefined) !== (one.NotAction === undefined), 'Either Action or NotAction.')
  .refine((one) => one.Resource === undefined || one.NotResource === undefined, 'Not both Resource and NotResource.');

/** A document by IAM's grammar. What the lab could not evaluate is refused, so that nothing is overlooked. */
export const policyDocument = z
  .object({
    Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
    Id: z.string().optional(),
    Statement: z.union([statement, z.array(statement)]).transform((value) => [value].flat()),
  })
  .strict();

export type PolicyDocument = z.infer<typeof policyDocument>;
type Statement = PolicyDocument['Statement'][number];

export interface PolicyQuestion {
  action: string;
  resource: string;
  context: ConditionContext;
}

/** Who asks, as a policy of a resource may name him. */
export interface Named {
  arn: string;
  account: string;
  /** The user or the role behind a session. */
  issuer: string;
}

/** What a document says: null when no statement of it meets the request. A Deny outweighs every Allow. */
export function effectOf(documents: readonly PolicyDocument[], question: PolicyQuestion): 'allow' | 'deny' | null {
  const met = documents.flatMap(({ Statement }) => Statement).filter((one) => meets(one, question));
  if (met.some(({ Effect }) => Effect === 'Deny')) return 'deny';
  return met.length > 0 ? 'allow' : null;
}

/**
 * What the policy of a resource says to somebody: `direct` allows that very identity (or session), `issuer` the role or user
 * behind a session, `account` only says that the account may give the right away.
 */
export function grantOf(
  document: PolicyDocument,
  question: PolicyQuestion,
  who: Named,
): 'deny' | 'direct' | 'issuer' | 'account' | null {
  const met = document.Statement.filter((one) => meets(one, question)).flatMap((one) => {
    const as = addressed(one, who);
    return as ? [{ effect: one.Effect, as }] : [];
  });
  if (met.some(({ effect }) => effect === 'Deny')) return 'deny';
  return (['direct', 'issuer', 'account'] as const).find((kind) => met.some(({ as }) => as === kind)) ?? null;
}

function meets(one: Statement, { action, resource, context }: PolicyQuestion): boolean {
  const named = (patterns: string[]) => patterns.some((pattern) => textMatches(pattern, action, false));
  const covers = (patterns: string[]) =>
    patterns.some((pattern) => {
      const full = resolved(pattern, context);
      return full !== undefined && arnMatches(full, resource);
    });
  if (one.Action ? !named(one.Action) : named(one.NotAction ?? [])) return false;
  if (one.Resource && !covers(one.Resource)) return false;
  if (one.NotResource && covers(one.NotResource)) return false;
  return holds(one.Condition ?? {}, context);
}

function addressed(one: Statement, who: Named): 'direct' | 'issuer' | 'account' | null {
  if (one.NotPrincipal) return among(one.NotPrincipal.AWS ?? [], who) ? null : 'direct';
  return among(one.Principal?.AWS ?? [], who);
}

function among(names: readonly string[], { arn, account, issuer }: Named): 'direct' | 'issuer' | 'account' | null {
  if (names.includes('*') || names.includes(arn)) return 'direct';
  if (names.includes(issuer)) return 'issuer';
  return names.some((name) => name === account || name === `arn:aws:iam::${account}:root`) ? 'account' : null;
}
