// Reads the XML of answers into nodes: names without prefixes, the declared type by its namespace, order kept.
// Whether something is one or many is said by who reads it (child / children), never guessed.
import { XMLParser } from 'fast-xml-parser';
import { wellFormedText } from '../../../model/foreign-text.ts';
import type { ManagedObject } from './markup.ts';

export interface XmlNode {
  /** Local name. */
  readonly name: string;
  /** Local name of the declared type (xsi:type, whatever the prefix is called), or null. */
  readonly type: string | null;
  /** Attributes without a namespace, by name (`type` of a managed object). */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlNode[];
  readonly text: string;
}

/** The text was no XML: something else than vCenter sent it. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

/** The answer is XML, but lacks what the schema of vim25 promises. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

const SCHEMA_INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';
const MAX_DEPTH = 64;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Decoded below: exactly XML's own entities, so that no document can define others.
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  cdataPropName: '#cdata',
});

type RawNode = Record<string, unknown>;
type Scope = ReadonlyMap<string, string>;

/** @throws XmlError when the text has no root element, or carries a document type. */
export function parseXml(text: string): XmlNode {
  if (/<!DOCTYPE/i.test(text)) throw new XmlError('the answer carries a document type');
  let raw: RawNode[];
  try {
    raw = parser.parse(text) as RawNode[];
  } catch (error) {
    throw new XmlError('the answer is not XML', { cause: error });
  }
  const root = raw.find((part) => elementName(part) !== undefined);
  if (!root) throw new XmlError('the answer is not XML');
  return readNode(root, new Map(), 0);
}

function elementName(part: RawNode): string | undefined {
  return Object.keys(part).find((key) => key !== ':@' && !key.startsWith('#'));
}

function readNode(raw: RawNode, outer: Scope, depth: number): XmlNode {
  if (depth > MAX_DEPTH) throw new AnswerError('the answer is nested too deep');
  const qualified = elementName(raw) ?? '';
  const rawAttributes = (raw[':@'] ?? {}) as Record<string, string>;
  const scope = declare(rawAttributes, outer);
  const attributes = new Map<string, string>();
  let type: string | null = null;
  for (const [key, rawValue] of Object.entries(rawAttributes)) {
    const colon = key.indexOf(':');
    if (colon < 0) {
      if (key !== 'xmlns') attributes.set(key, wellFormedText(decode(rawValue)));
      continue;
    }
    const isType = key.slice(colon + 1) === 'type' && scope.get(key.slice(0, colon)) === SCHEMA_INSTANCE;
    if (isType) type = localName(decode(rawValue));
  }
  const children: XmlNode[] = [];
  let text = '';
  for (const part of raw[qualified] as RawNode[]) {
    if (typeof part['#text'] === 'string') text += decode(part['#text']);
    else if (Array.isArray(part['#cdata']))
      text += part['#cdata'].map((piece: RawNode) => piece['#text'] ?? '').join('');
    else if (elementName(part) !== undefined) children.push(readNode(part, scope, depth + 1));
  }
  const safe = wellFormedText(text);
  return { name: localName(qualified), type, attributes, children, text: children.length > 0 ? safe.trim() : safe };
}

function declare(attributes: Record<string, string>, outer: Scope): Scope {
  const declared = Object.entries(attributes).filter(([key]) => key.startsWith('xmlns:'));
  if (declared.length === 0) return outer;
  return new Map([...outer, ...declared.map(([key, value]): [string, string] => [key.slice(6), decode(value)])]);
}

function localName(qualified: string): string {
  return qualified.slice(qualified.lastIndexOf(':') + 1).trim();
}

const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decode(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name) return NAMED[name.toLowerCase()] ?? whole;
    const point = hex ? Number.parseInt(hex, 16) : Number(decimal);
    return point <= 0x10ffff ? wellFormedText(String.fromCodePoint(point)) : whole;
  });
}

/** The node at a path of single children, or undefined. */
export function child(node: XmlNode | undefined, ...path: string[]): XmlNode | undefined {
  return path.reduce<XmlNode | undefined>((at, name) => at?.children.find((one) => one.name === name), node);
}

/** Every child of this name: none, one or many. */
export function children(node: XmlNode | undefined, name: string): XmlNode[] {
  return node?.children.filter((one) => one.name === name) ?? [];
}

/** The members of a property whose value is a list (`ArrayOf…`). */
export function members(node: XmlNode | undefined): readonly XmlNode[] {
  return node?.children ?? [];
}

/** Text of the node at a path, or null when there is no such node. */
export function text(node: XmlNode | undefined, ...path: string[]): string | null {
  return child(node, ...path)?.text ?? null;
}

/** @throws AnswerError when the node is missing. */
export function requiredText(node: XmlNode | undefined, ...path: string[]): string {
  const found = text(node, ...path);
  if (found === null) throw new AnswerError(`the answer lacks ${[node?.name ?? '?', ...path].join('.')}`);
  return found;
}

/** A whole number within the range of exact ones; null when there is none, or anything else. */
export function integer(node: XmlNode | undefined, ...path: string[]): number | null {
  const found = text(node, ...path)?.trim();
  if (!found) return null;
  const value = Number(found);
  return Number.isSafeInteger(value) ? value : null;
}

/** An amount (bytes, MiB, a count): no less than 0, and no more than `most`, which stands for all that is above it. */
export function amount(most: number, node: XmlNode | undefined, ...path: string[]): number | null {
  const found = text(node, ...path)?.trim();
  if (!found || !/^\+?\d+$/.test(found)) return null;
  return Math.min(most, Number(found));
}

/** A moment, or null when there is none or it is no date. */
export function moment(node: XmlNode | undefined, ...path: string[]): Date | null {
  const found = new Date(text(node, ...path)?.trim() ?? '');
  return Number.isNaN(found.getTime()) ? null : found;
}

/** xsd:boolean; false when the node is missing. */
export function flag(node: XmlNode | undefined, ...path: string[]): boolean {
  const found = text(node, ...path)?.trim();
  return found === 'true' || found === '1';
}

/** The managed object that a node names, or null. */
export function object(node: XmlNode | undefined, ...path: string[]): ManagedObject | null {
  const found = child(node, ...path);
  const type = found?.attributes.get('type');
  return found && type && found.text ? { type, value: found.text } : null;
}
