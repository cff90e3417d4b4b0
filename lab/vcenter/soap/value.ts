// Values of the vim25 type system and how they are written as XML.

/** `typed-xsi` is vCenter's own form; `odd-prefixes` declares a prefix of its own on each element, as vcsim does. */
export type XmlStyle = 'typed-xsi' | 'odd-prefixes';

export interface MoRef {
  kind: 'ref';
  type: string;
  value: string;
}
/** A data object; the order of the fields is the order on the wire. A field that is undefined is known but unset. */
export interface Data {
  kind: 'data';
  type: string;
  fields: Record<string, Value>;
}
export interface List {
  kind: 'list';
  /** Element type without a prefix: `VirtualDevice`, `string`, `int`. */
  of: string;
  items: Value[];
}
/** Text with a type that a JavaScript value does not tell by itself: `xsd:long`, `xsd:dateTime`, an enumeration. */
export interface Scalar {
  kind: 'scalar';
  type: string;
  text: string;
}
export type Value = string | number | boolean | MoRef | Data | List | Scalar | undefined;

export const ref = (type: string, value: string): MoRef => ({ kind: 'ref', type, value });
export const data = (type: string, fields: Record<string, Value>): Data => ({ kind: 'data', type, fields });
export const list = (of: string, items: Value[]): List => ({ kind: 'list', of, items });
export const long = (value: number): Scalar => ({ kind: 'scalar', type: 'xsd:long', text: String(Math.round(value)) });
export const time = (value: Date | number | string): Scalar => ({
  kind: 'scalar',
  type: 'xsd:dateTime',
  text: new Date(value).toISOString(),
});
export const member = (enumeration: string, text: string): Scalar => ({ kind: 'scalar', type: enumeration, text });

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#xD;');
}

/**
 * One element with this value. Inside a data object simple values carry no type; where the schema says anyType
 * (`anyType` true: `val` of a property, a task's result) every value does, and a list becomes an `ArrayOf…` whose items
 * carry their types too.
 */
export function renderElement(name: string, value: Value, style: XmlStyle, anyType = false): string {
  if (value === undefined) return '';
  const typed = (type: string) => typeAttribute(type, style);
  if (typeof value === 'string') return `<${name}${anyType ? typed('xsd:string') : ''}>${escapeXml(value)}</${name}>`;
  if (typeof value === 'number') return `<${name}${anyType ? typed('xsd:int') : ''}>${value}</${name}>`;
  if (typeof value === 'boolean') return `<${name}${anyType ? typed('xsd:boolean') : ''}>${value}</${name}>`;
  if (value.kind === 'scalar') {
    return `<${name}${anyType ? typed(value.type) : ''}>${escapeXml(value.text)}</${name}>`;
  }
  if (value.kind === 'ref') {
    const type = anyType ? typed('ManagedObjectReference') : '';
    return `<${name} type="${escapeXml(value.type)}"${type}>${escapeXml(value.value)}</${name}>`;
  }
  if (value.kind === 'data') {
    return `<${name}${typed(value.type)}>${renderFields(value.fields, style, value.type)}</${name}>`;
  }
  if (!anyType) return value.items.map((item) => renderElement(name, item, style, value.of === 'anyType')).join('');
  const inner = value.items.map((item) => renderElement(value.of, item, style, true)).join('');
  return `<${name}${typed(`ArrayOf${value.of.charAt(0).toUpperCase()}${value.of.slice(1)}`)}>${inner}</${name}>`;
}

/** The fields of a data object, one element after the other. */
function renderFields(fields: Record<string, Value>, style: XmlStyle, type = ''): string {
  let xml = '';
  for (const [name, value] of Object.entries(fields)) {
    const anyType = name === 'val' || name === 'result' || (name === 'value' && type === 'OptionValue');
    xml += renderElement(name, value, style, anyType);
  }
  return xml;
}

function typeAttribute(type: string, style: XmlStyle): string {
  if (style === 'typed-xsi') return ` xsi:type="${type}"`;
  const xsd = type.startsWith('xsd:') ? ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"' : '';
  const declared = 'xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance"';
  return `${xsd} ${declared} _XMLSchema-instance:type="${type}"`;
}
