// The conditions of IAM's statements: what is known of a request, and the operators that look at it.
import { arnMatches, textMatches } from './patterns.ts';

/** Values by condition key in lower case (`aws:resourcetag/name`); a key that the request does not have is not in it. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

/** Keys as IAM writes them; undefined ones are left out. */
export function conditionContext(values: Record<string, string | readonly string[] | undefined>): ConditionContext {
  const known = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) known.set(key.toLowerCase(), [value].flat());
  }
  return known;
}

type Compare = (wanted: string, given: string) => boolean;

const same: Compare = (wanted, given) => wanted === given;
const sameLetters: Compare = (wanted, given) => wanted.toLowerCase() === given.toLowerCase();
const number =
  (compare: (given: number, wanted: number) => boolean): Compare =>
  (wanted, given) =>
    compare(Number(given), Number(wanted));
const date =
  (compare: (given: number, wanted: number) => boolean): Compare =>
  (wanted, given) =>
    compare(Date.parse(given), Date.parse(wanted));

/** What is said of a value, and whether the operator holds when it is not so. */
const OPERATORS: Record<string, { compare: Compare; negated?: true }> = {
  StringEquals: { compare: same },
  StringNotEquals: { compare: same, negated: true },
  StringEqualsIgnoreCase: { compare: sameLetters },
  StringNotEqualsIgnoreCase: { compare: sameLetters, negated: true },
  StringLike: { compare: textMatches },
  StringNotLike: { compare: textMatches, negated: true },
  ArnEquals: { compare: arnMatches },
  ArnLike: { compare: arnMatches },
  ArnNotEquals: { compare: arnMatches, negated: true },
  ArnNotLike: { compare: arnMatches, negated: true },
  Bool: { compare: sameLetters },
  NumericEquals: { compare: number((a, b) => a === b) },
  NumericNotEquals: { compare: number((a, b) => a === b), negated: true },
  NumericLessThan: { compare: number((a, b) => a < b) },
  NumericLessThanEquals: { compare: number((a, b) => a <= b) },
  NumericGreaterThan: { compare: number((a, b) => a > b) },
  NumericGreaterThanEquals: { compare: number((a, b) => a >= b) },
  DateLessThan: { compare: date((a, b) => a < b) },
  DateGreaterThan: { compare: date((a, b) => a > b) },
};

const FORM = /^(ForAllValues:|ForAnyValue:)?([A-Za-z]+?)(IfExists)?$/;

/** Whether the lab can evaluate an operator; one that it cannot must not be taken for true. */
export function knownOperator(operator: string): boolean {
  const name = FORM.exec(operator)?.[2] ?? '';
  return operator === 'Null' || Object.hasOwn(OPERATORS, name);
}

/** Whether every condition of a statement is met. */
export function holds(condition: Record<string, Record<string, string[]>>, context: ConditionContext): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => oneHolds(operator, wanted, context.get(key.toLowerCase()), context)),
  );
}

function oneHolds(
  operator: string,
  wanted: string[],
  given: readonly string[] | undefined,
  context: ConditionContext,
): boolean {
  if (operator === 'Null') return wanted.includes(String(given === undefined));
  const [, set, name = '', ifExists] = FORM.exec(operator) ?? [];
  const { compare, negated } = OPERATORS[name] ?? { compare: () => false };
  if (given === undefined) return ifExists !== undefined || set === 'ForAllValues:' || (negated === true && !set);
  const patterns = wanted.flatMap((value) => resolved(value, context) ?? []);
  const meets = (value: string) => patterns.some((pattern) => compare(pattern, value)) !== (negated === true);
  // A negated operator denies when any of several values is among those that are named.
  return set === 'ForAllValues:' || (negated && !set) ? given.every(meets) : given.some(meets);
}

/** A value or pattern with its variables (`${aws:username}`, `${*}`) filled in; undefined when one has no value. */
export function resolved(text: string, context: ConditionContext): string | undefined {
  let missing = false;
  const full = text.replace(/\$\{([^}]*)\}/g, (_, inner: string) => {
    if (['*', '?', '$'].includes(inner)) return inner;
    const [key = '', fallback] = inner.split(',').map((part) => part.trim());
    const value = context.get(key.toLowerCase())?.[0] ?? fallback?.replace(/^'|'$/g, '');
    if (value === undefined) missing = true;
    return value ?? '';
  });
  return missing ? undefined : full;
}
