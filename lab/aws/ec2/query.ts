// The EC2 query protocol: form fields with dotted, numbered names in; XML out.
import { AwsError } from '../service.ts';

/** One level of a request's parameters (`BlockDeviceMapping.1.Ebs.SnapshotId`). */
export class Parameters {
  readonly #fields: ReadonlyMap<string, string>;
  readonly #prefix: string;

  constructor(fields: ReadonlyMap<string, string>, prefix = '') {
    this.#fields = fields;
    this.#prefix = prefix;
  }

  /** Every field of the whole request. */
  get fields(): ReadonlyMap<string, string> {
    return this.#fields;
  }

  text(name: string): string | undefined {
    return this.#fields.get(this.#prefix + name);
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') {
      throw new AwsError(400, 'MissingParameter', `The request must contain the parameter ${this.#prefix}${name}`);
    }
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (value !== 'true' && value !== 'false') {
      throw new AwsError(400, 'InvalidParameterValue', `Invalid value '${value}' for ${name}. Must be true or false.`);
    }
    return value === 'true';
  }

  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(value)) {
      throw new AwsError(400, 'InvalidParameterValue', `Invalid value '${value}' for ${name}. Must be an integer.`);
    }
    return Number(value);
  }

  /** A list of plain values (`SnapshotId.1`, `SnapshotId.2`). */
  list(name: string): string[] {
    return this.#numbers(name).flatMap((number) => this.text(`${name}.${number}`) ?? []);
  }

  /** A list of structures (`Filter.1.Name`). */
  structures(name: string): Parameters[] {
    return this.#numbers(name).map((number) => new Parameters(this.#fields, `${this.#prefix}${name}.${number}.`));
  }

  /** A structure (`DiskContainer.Format`); undefined when none of its fields was sent. */
  structure(name: string): Parameters | undefined {
    const prefix = `${this.#prefix}${name}.`;
    for (const key of this.#fields.keys()) if (key.startsWith(prefix)) return new Parameters(this.#fields, prefix);
    return undefined;
  }

  #numbers(name: string): number[] {
    const prefix = `${this.#prefix}${name}.`;
    const numbers = new Set<number>();
    for (const key of this.#fields.keys()) {
      const number = key.startsWith(prefix) ? Number.parseInt(key.slice(prefix.length), 10) : Number.NaN;
      if (number >= 0) numbers.add(number);
    }
    return [...numbers].sort((a, b) => a - b);
  }
}

/** What a response is made of; arrays become `<item>` elements, undefined is left out. */
export type Xml = string | number | boolean | Date | undefined | Xml[] | Listed | { [name: string]: Xml };

/** A list whose elements have a name of their own instead of `<item>`. */
export class Listed {
  readonly element: string;
  readonly values: Xml[];

  constructor(element: string, values: Xml[]) {
    this.element = element;
    this.values = values;
  }
}

export function renderResponse(action: string, requestId: string, result: { [name: string]: Xml }): string {
  const body = render({ requestId, ...result });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${body}</${action}Response>`;
}

function render(value: Xml): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => `<item>${render(item)}</item>`).join('');
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Listed) {
    return value.values.map((one) => `<${value.element}>${render(one)}</${value.element}>`).join('');
  }
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, inner]) => (inner === undefined ? '' : `<${name}>${render(inner)}</${name}>`))
      .join('');
  }
  return escaped(String(value));
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text
    .replace(/[&<>"]/g, (char) => entities[char] ?? char)
    .replace(/[\r\u0085]/g, (char) => `&#${char.charCodeAt(0)};`);
}
