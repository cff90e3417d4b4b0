// Statements under names: Postgres parses and plans each once a connection instead of at every call.
import { createHash } from 'node:crypto';
import pg from 'pg';

/** Names that a process gives out. Lists of changing length make ever new texts, and each costs every connection memory. */
const MOST_NAMES = 400;
/** A statement with more values than this is such a list. */
const MOST_VALUES = 40;

const names = new Map<string, string>();

/** The same text has the same name in every process: where a pooler hands connections round, no name means two things. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known || names.size >= MOST_NAMES) return known;
  const name = `landfall_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  return name;
}

function withName(statement: unknown, values: unknown): unknown {
  if (typeof statement !== 'object' || statement === null || !('text' in statement)) return statement;
  const { text, name } = statement as { text: unknown; name?: unknown };
  if (name || typeof text !== 'string' || !/^\s*(select|insert|update|delete|with)\b/i.test(text)) return statement;
  if (!Array.isArray(values) || values.length === 0 || values.length > MOST_VALUES) return statement;
  return { ...statement, name: nameOf(text) };
}

/** A client that names each statement which comes with values, as Drizzle's do: `query({ text, … }, values)`. */
export class NamingClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const query = this.query.bind(this) as (...all: unknown[]) => unknown;
    this.query = ((statement: unknown, ...rest: unknown[]) =>
      query(withName(statement, rest[0]), ...rest)) as typeof this.query;
  }
}
