// Writes the XML of requests. Text never becomes markup by accident: only element() makes Markup, and it escapes.
import { faultError } from '../../../model/fault.ts';

/** A reference to an object of vCenter: `{ type: 'VirtualMachine', value: 'vm-42' }`. */
export interface ManagedObject {
  readonly type: string;
  readonly value: string;
}

/** XML that is safe to send as it is. */
export class Markup {
  readonly xml: string;

  constructor(xml: string) {
    this.xml = xml;
  }
}

type Content = string | number | boolean | Markup | readonly Markup[];

const NAME = /^[A-Za-z_][\w.:-]*$/;
// What XML 1.0 cannot carry in any form.
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** One element; string content is escaped, booleans and numbers are written as vim25 wants them. */
export function element(name: string, content: Content = '', attributes: Record<string, string> = {}): Markup {
  if (!NAME.test(name)) throw new TypeError(`not the name of an element: ${name}`);
  const written = Object.entries(attributes).map(([key, value]) => {
    if (!NAME.test(key)) throw new TypeError(`not the name of an attribute: ${key}`);
    return ` ${key}="${escapeXml(value)}"`;
  });
  return new Markup(`<${name}${written.join('')}>${contentXml(content)}</${name}>`);
}

/** A managed object as an element: `<entity type="VirtualMachine">vm-42</entity>`. */
export function reference(name: string, object: ManagedObject): Markup {
  return element(name, object.value, { type: object.type });
}

/** An element of a declared type: `<selectSet xsi:type="TraversalSpec">…`. */
export function typed(name: string, type: string, content: Content): Markup {
  return element(name, content, { 'xsi:type': type });
}

/** The whole SOAP 1.1 message that calls `method` on `target`. */
export function envelope(method: string, target: ManagedObject, parameters: readonly Markup[]): string {
  const call = element(method, [reference('_this', target), ...parameters], { xmlns: 'urn:vim25' });
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">' +
    `<soapenv:Body>${call.xml}</soapenv:Body></soapenv:Envelope>`
  );
}

function contentXml(content: Content): string {
  if (content instanceof Markup) return content.xml;
  if (typeof content === 'object') return content.map((part) => part.xml).join('');
  return escapeXml(String(content));
}

export function escapeXml(text: string): string {
  if (FORBIDDEN.test(text)) {
    throw faultError('input-invalid', { message: 'A text holds a character that cannot be sent to vCenter.' });
  }
  return text.replace(/[&<>"'\r\n\t]/g, (found) => ESCAPES[found] ?? found);
}

// White space as references: a parser may turn it into plain blanks in attributes, and drops \r everywhere.
const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};
