// JSON documents by the thousand, made in SQL: the document is written once in TypeScript, where its type is checked, with
// marks in the places of what differs; `format()` of PostgreSQL puts each row's own values there.

/** The place of a text, also within a longer one. `name` is a key of the values given to `sqlOf`. */
export const text = (name: string): string => `#text:${name}#`;
/** The place of a number, or of anything else that is JSON by itself. */
export const json = (name: string): never => `#json:${name}#` as never;

/**
 * An SQL expression of type text that makes the document for a row.
 * @param values SQL expressions by the names of the marks; those of `text` must not need escaping in JSON
 */
export function sqlOf(document: unknown, values: Record<string, string>): string {
  const used: string[] = [];
  const place = (name: string) => {
    if (!Object.hasOwn(values, name)) throw new Error(`The template names "${name}", and nothing gives it`);
    if (!used.includes(name)) used.push(name);
    return `%${used.indexOf(name) + 1}$s`;
  };
  const pattern = JSON.stringify(document)
    .replaceAll('%', '%%')
    .replace(/"#json:(\w+)#"/g, (_, name: string) => place(name))
    .replace(/#text:(\w+)#/g, (_, name: string) => place(name));
  return `format(${literal(pattern)}${used.map((name) => `, ${values[name]}`).join('')})`;
}

/** A text as an SQL literal. */
export const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;
/** An array of texts as an SQL literal. */
export const literals = (values: readonly string[]): string => `array[${values.map(literal).join(', ')}]`;
