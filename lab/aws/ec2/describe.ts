// Filters and paging of the Describe operations.
import { AwsError } from '../service.ts';
import { type Filtered, filterPath, valuesAt } from './documented-filters.ts';
import type { Parameters, Xml } from './query.ts';
import { invalid } from './refusals.ts';
import type { Tags } from './state.ts';

/** Values that a filter of this name looks at, where they are not simply what the operation shows. */
export type FilterTable<T> = Record<string, (item: T) => readonly (string | number | boolean | undefined)[]>;

interface Named {
  id: string;
  tags?: Tags;
}

/** What filters find in what is shown: the documented names of the resource, and how an item of it is shown. */
export interface Shown<T> {
  as: Filtered;
  xml: (item: T) => Xml;
}

/**
 * Applies `Filter.n`: all filters must hold, any of a filter's values is enough, `*` and `?` are wildcards. A filter that neither
 * the table nor EC2's reference has is refused, as AWS does.
 */
export function applyFilters<T extends Named>(
  items: T[],
  parameters: Parameters,
  table: FilterTable<T>,
  shown?: Shown<T>,
  listName = 'Filter',
): T[] {
  let left = items;
  for (const filter of parameters.structures(listName)) {
    const name = filter.required('Name');
    const wanted = filter.list('Value').map(wildcard);
    const values = valuesOf(name, table, shown);
    left = left.filter((item) =>
      values(item).some((value) => value !== undefined && wanted.some((pattern) => pattern.test(String(value)))),
    );
  }
  return left;
}

function valuesOf<T extends Named>(name: string, table: FilterTable<T>, shown?: Shown<T>): FilterTable<T>[string] {
  const known = Object.hasOwn(table, name) ? table[name] : undefined;
  if (known) return known;
  if (name.startsWith('tag:')) return (item) => [item.tags?.[name.slice(4)]];
  if (name === 'tag-key') return (item) => Object.keys(item.tags ?? {});
  const path = shown ? filterPath(shown.as, name) : undefined;
  if (shown && path) return (item) => valuesAt(shown.xml(item), path);
  throw invalid(`The filter '${name}' is invalid`);
}

/** A backslash before `*`, `?` or itself takes the character as it is. */
function wildcard(text: string): RegExp {
  const source = text.replace(/\\[*?\\]|[.+^${}()|[\]\\*?]/g, (piece) => {
    if (piece.length > 1) return `\\${piece[1]}`;
    return piece === '*' ? '.*' : piece === '?' ? '.' : `\\${piece}`;
  });
  return new RegExp(`^${source}$`, 's');
}

export interface PageRule {
  least: number;
  most: number;
  /** Ids were named, which AWS does not allow together with MaxResults. */
  byId: boolean;
}

/** One page in the order of the ids; `nextToken` only when something is left. */
export function page<T extends Named>(
  items: T[],
  parameters: Parameters,
  rule: PageRule,
): { items: T[]; nextToken: string | undefined } {
  const wanted = parameters.integer('MaxResults');
  const token = parameters.text('NextToken');
  if (wanted !== undefined && rule.byId) {
    throw new AwsError(400, 'InvalidParameterCombination', 'The parameter MaxResults cannot be used with ids');
  }
  if (wanted !== undefined && wanted < rule.least) {
    throw invalid(
      `Value ( ${wanted} ) for parameter maxResults is invalid. Expecting a value of at least ${rule.least}.`,
    );
  }
  const size = Math.min(wanted ?? rule.most, rule.most);
  const after = token ? readToken(token) : '';
  const sorted = items.filter(({ id }) => id > after).sort((a, b) => (a.id < b.id ? -1 : 1));
  const shown = sorted.slice(0, size);
  const last = shown.at(-1);
  return { items: shown, nextToken: sorted.length > shown.length && last ? makeToken(last.id) : undefined };
}

function makeToken(after: string): string {
  return Buffer.from(JSON.stringify({ after })).toString('base64url');
}

function readToken(token: string): string {
  try {
    const { after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { after?: unknown };
    if (typeof after === 'string') return after;
  } catch {
    // Not one of ours.
  }
  throw new AwsError(400, 'InvalidNextToken', `The token '${token}' is invalid`);
}

/** Tags as `tagSet`. */
export function tagSet(tags: Tags): Xml[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
