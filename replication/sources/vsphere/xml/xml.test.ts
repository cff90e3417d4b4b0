// Requests that cannot be broken out of, and answers read alike whatever the server calls its prefixes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { element, envelope, escapeXml, reference, typed } from './markup.ts';
import {
  AnswerError,
  amount,
  child,
  children,
  flag,
  integer,
  members,
  moment,
  object,
  parseXml,
  requiredText,
  text,
  XmlError,
} from './xml-node.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

describe('requests', () => {
  it('never let text become markup', () => {
    const call = envelope('CreateSnapshot_Task', { type: 'VirtualMachine', value: 'vm-1' }, [
      element('name', `</name><memory>true</memory>&"'\r\n`),
    ]);
    const method = child(parseXml(call), 'Body', 'CreateSnapshot_Task');
    expect(text(method, 'name')).toBe(`</name><memory>true</memory>&"'\r\n`);
    expect(child(method, 'memory')).toBeUndefined();
    expect(object(method, '_this')).toEqual({ type: 'VirtualMachine', value: 'vm-1' });
  });

  it('carry every text that XML can carry, and refuse the rest', () => {
    const allowed = fc
      .string({ unit: 'binary' })
      .map((value) => value.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '<'));
    fc.assert(
      fc.property(allowed, (value) => {
        const node = parseXml(
          element('root', [element('name', value), reference('obj', { type: 'T', value: 'v' })]).xml,
        );
        expect(text(node, 'name')).toBe(value);
      }),
    );
    for (const forbidden of ['\u0000', 'a\u0007', '\uFFFE'])
      expect(() => escapeXml(forbidden)).toThrow(/cannot be sent/);
  });

  it('take no name of an element or attribute from outside', () => {
    expect(() => element('a><b', '')).toThrow();
    expect(() => element('a', '', { 'x="1" y': '2' })).toThrow();
    expect(typed('selectSet', 'TraversalSpec', true).xml).toBe('<selectSet xsi:type="TraversalSpec">true</selectSet>');
  });
});

describe('answers', () => {
  const forms = [
    `<val xmlns:xsi="${XSI}" xsi:type="xsd:string">x</val>`,
    `<val xmlns:_XMLSchema-instance="${XSI}" _XMLSchema-instance:type="xsd:string">x</val>`,
    `<v:val xmlns:v="urn:vim25" xmlns:q="${XSI}" q:type="odd:string">x</v:val>`,
  ];
  for (const form of forms) {
    it(`find the declared type in ${form.slice(0, 30)}…`, () => {
      expect(parseXml(form)).toMatchObject({ name: 'val', type: 'string', text: 'x' });
    });
  }

  it('tell the declared type from the type of a managed object', () => {
    const both = `<val xmlns:i="${XSI}" i:type="ManagedObjectReference" type="Folder">group-1</val>`;
    const node = parseXml(`<r>${both}</r>`);
    expect(object(node, 'val')).toEqual({ type: 'Folder', value: 'group-1' });
    expect(child(node, 'val')?.type).toBe('ManagedObjectReference');
  });

  it('do not take a type of another namespace for the declared one', () => {
    expect(parseXml('<val xmlns:a="urn:other" a:type="string">x</val>').type).toBeNull();
  });

  it('know declarations of outer elements only inside them', () => {
    const root = parseXml(`<r><a xmlns:p="${XSI}"><v p:type="X"/></a><b xmlns:p="urn:other"><v p:type="X"/></b></r>`);
    expect(child(root, 'a', 'v')?.type).toBe('X');
    expect(child(root, 'b', 'v')?.type).toBeNull();
  });

  it('are lists where the schema says so: none, one and many', () => {
    const disks = (count: number) => parseXml(`<r>${'<d><k>1</k></d>'.repeat(count)}</r>`);
    for (const count of [0, 1, 3]) {
      expect(children(disks(count), 'd').length).toBe(count);
      expect(members(disks(count)).length).toBe(count);
    }
    expect(children(undefined, 'd')).toEqual([]);
  });

  it('keep texts as they are: numbers, blanks, entities, CDATA', () => {
    const root = parseXml('<r><a>007</a><b> x </b><c>&lt;&amp;&#x41;&#66;&quot;</c><d><![CDATA[<&amp;>]]></d></r>');
    expect(['a', 'b', 'c', 'd'].map((name) => text(root, name))).toEqual(['007', ' x ', '<&AB"', '<&amp;>']);
    expect(parseXml('<r>&amp;lt;</r>').text).toBe('&lt;');
  });

  it('give numbers and truths by demand only', () => {
    const root = parseXml('<r><n>42</n><big>9007199254740993</big><yes>true</yes><one>1</one><no>false</no></r>');
    expect(integer(root, 'n')).toBe(42);
    expect(integer(root, 'none')).toBeNull();
    // Beyond what is exact nothing is known but that it is much.
    expect(integer(root, 'big')).toBeNull();
    expect(amount(1000, root, 'big')).toBe(1000);
    expect(amount(1000, root, 'n')).toBe(42);
    for (const odd of ['-1', '1.5', '', 'many', '0x10', '1e3']) {
      expect(amount(1000, parseXml(`<r><n>${odd}</n></r>`), 'n')).toBeNull();
    }
    expect(moment(parseXml('<r><at>2026-11-30T12:00:00Z</at></r>'), 'at')).toEqual(new Date('2026-11-30T12:00:00Z'));
    expect(moment(parseXml('<r><at>yesterday</at></r>'), 'at')).toBeNull();
    expect(['yes', 'one', 'no', 'none'].map((name) => flag(root, name))).toEqual([true, true, false, false]);
    expect(() => requiredText(root, 'none')).toThrow(AnswerError);
  });

  it('that are no XML, define entities or are nested without end are refused', () => {
    for (const bad of ['', 'Service Unavailable', '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>']) {
      expect(() => parseXml(bad)).toThrow(XmlError);
    }
    expect(() => parseXml('<a>'.repeat(100))).toThrow(AnswerError);
    expect(parseXml('<r>&unknown;</r>').text).toBe('&unknown;');
  });
});
