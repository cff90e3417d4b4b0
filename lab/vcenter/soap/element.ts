// A SOAP request as plain nodes: local names, text, and the two attributes named `type` told apart.
import { XMLParser } from 'fast-xml-parser';

export interface Element {
  /** Local name, without a namespace prefix. */
  name: string;
  text: string;
  /** The unprefixed `type` attribute: the type of a managed object reference. */
  refType?: string;
  /** The `xsi:type` attribute (whatever its prefix), without the prefix of its value. */
  xsiType?: string;
  children: Element[];
}

type ParsedNode = Record<string, unknown> & { ':@'?: Record<string, string> };

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: false,
});

/** Parses a document; throws an Error when it is not XML with one root element. */
export function parseXml(xml: string): Element {
  const nodes = (parser.parse(xml) as ParsedNode[]).map(toElement).filter((node) => node !== undefined);
  const root = nodes.find((node) => !node.name.startsWith('?'));
  if (!root) throw new Error('No root element');
  return root;
}

function toElement(node: ParsedNode): Element | undefined {
  const tag = Object.keys(node).find((key) => key !== ':@');
  if (!tag || tag === '#text') return undefined;
  const element: Element = { name: localName(tag), text: '', children: [] };
  for (const [attribute, value] of Object.entries(node[':@'] ?? {})) {
    if (attribute === 'type') element.refType = localName(value);
    else if (attribute.endsWith(':type')) element.xsiType = localName(value);
  }
  for (const inner of node[tag] as ParsedNode[]) {
    if ('#text' in inner) element.text += String(inner['#text']);
    else {
      const child = toElement(inner);
      if (child) element.children.push(child);
    }
  }
  return element;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

export function child(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

export function childrenNamed(element: Element | undefined, name: string): Element[] {
  return element?.children.filter((candidate) => candidate.name === name) ?? [];
}

/** The text of a child, or undefined when there is no such child. */
export function textOf(element: Element | undefined, name: string): string | undefined {
  return child(element, name)?.text;
}

export function textsOf(element: Element | undefined, name: string): string[] {
  return childrenNamed(element, name).map((candidate) => candidate.text);
}

/** `true` and `1` are true; a missing child gives the default. */
export function flagOf(element: Element | undefined, name: string, byDefault = false): boolean {
  const text = textOf(element, name);
  return text === undefined ? byDefault : text === 'true' || text === '1';
}

export function numberOf(element: Element | undefined, name: string): number | undefined {
  const text = textOf(element, name);
  return text === undefined || text.trim() === '' ? undefined : Number(text);
}
