// Reads and writes the XML of S3.
import { XMLParser } from 'fast-xml-parser';
import { escapeXml } from '../errors.ts';
import { AwsError, type AwsResponse } from '../service.ts';

/** An element's content: text, children by name, or several elements of one name. */
export type XmlValue = string | number | boolean | undefined | XmlTree | XmlValue[];
export interface XmlTree {
  [name: string]: XmlValue;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** A 200 with this document. Undefined children are left out. */
export function xmlResponse(root: string, tree: XmlTree, headers: Record<string, string> = {}): AwsResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${write(tree)}</${root}>`,
  };
}

function write(tree: XmlTree): string {
  return Object.entries(tree)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => writeOne(name, one)))
    .join('');
}

function writeOne(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  const content = typeof value === 'object' ? write(value as XmlTree) : escapeXml(String(value));
  return `<${name}>${content}</${name}>`;
}

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: true,
  // A list of ten thousand parts holds more entities than the parser's guard against entity bombs allows; `decode` knows only harmless ones.
  processEntities: false,
});

/** The children of the root element, which must be called `root`; throws MalformedXML. */
export function readXml(document: Buffer, root: string): XmlTree {
  let parsed: unknown;
  try {
    parsed = parser.parse(document);
  } catch {
    throw malformedXml();
  }
  const tree = (parsed as Record<string, unknown>)[root];
  if (tree === undefined) throw malformedXml();
  return tree === '' ? {} : asTree(decode(tree));
}

export function malformedXml(): AwsError {
  return new AwsError(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

/** All elements of a name, whether none, one or several came. */
export function all(value: XmlValue): XmlValue[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The children of an element; an empty one has none. */
export function asTree(value: XmlValue): XmlTree {
  if (value === '' || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw malformedXml();
  return value;
}

/** The text of an element; undefined when it is not there. */
export function text(value: XmlValue): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw malformedXml();
  return value;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(value: unknown): XmlValue {
  if (typeof value === 'string') return decodeText(value);
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, decode(child)]));
  return undefined;
}

function decodeText(value: string): string {
  return value.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|[a-z]{1,6});/g, (whole, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)));
    return ENTITIES[name] ?? whole;
  });
}
