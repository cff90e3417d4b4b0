// How IAM compares: wildcards in texts, and ARNs part by part.

const compiled = new Map<string, RegExp>();

/** `*` for any characters and `?` for one; `sensitive` false for names of actions. */
export function textMatches(pattern: string, value: string, sensitive = true): boolean {
  if (pattern === '*') return true;
  const name = `${sensitive ? 's' : 'i'} ${pattern}`;
  let expression = compiled.get(name);
  if (!expression) {
    // A pattern may hold a variable's value, so there is no end to them.
    if (compiled.size > 5000) compiled.clear();
    const escaped = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    expression = new RegExp(`^${escaped}$`, sensitive ? 's' : 'is');
    compiled.set(name, expression);
  }
  return expression.test(value);
}

/** A wildcard never reaches over a colon into the next part, except in the last one. */
export function arnMatches(pattern: string, value: string): boolean {
  if (pattern === '*') return true;
  const [wanted, given] = [partsOf(pattern), partsOf(value)];
  return wanted.length === 6 && given.length === 6 && wanted.every((part, at) => textMatches(part, given[at] ?? ''));
}

function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
}
