import { expect, test } from 'vitest';
import { fault, faultSchema } from './fault.ts';
import { foreignText, wellFormedJson } from './foreign-text.ts';

test.each([
  ['a NUL and other controls', 'a\u0000b\u001bc\u0085d', 'a\ufffdb\ufffdc\ufffdd'],
  ['half a pair', 'x\ud83d', 'x\ufffd'],
  ['lines and tabs, which stay', 'a\n\tb\r\n', 'a\n\tb\r\n'],
  ['what is fine already', 'Büro-Server 💾', 'Büro-Server 💾'],
])('%s', (_what, given, safe) => expect(foreignText(given)).toBe(safe));

test('a text is cut between characters, to what its field takes', () => {
  for (const most of [9, 10, 11]) {
    const cut = foreignText('💾'.repeat(20), most);
    expect(cut.length).toBeLessThanOrEqual(most);
    expect(cut).toMatch(/^(💾)+…$/u);
  }
  expect(foreignText('x'.repeat(10), 10)).toBe('x'.repeat(10));
});

test('JSON is made safe at any depth, and is otherwise the same', () => {
  const at = new Date();
  expect(wellFormedJson({ 'k\u0000': ['\udc00', 1, null, { deep: '\u0000' }], at })).toEqual({
    'k\ufffd': ['\ufffd', 1, null, { deep: '\ufffd' }],
    at,
  });
});

test('a fault takes a text of any length and kind, in each of its fields, and the wire takes the fault', () => {
  const odd = `${'Not enough \u0000 room. 💾\ud800'.repeat(1000)}`;
  const made = fault('vcenter-fault', { message: odd, remedy: odd, cause: odd });
  expect(faultSchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
  expect([made.message.length, made.remedy.length, made.cause?.length]).toEqual([2000, 2000, 8000]);
  expect(JSON.stringify(made)).not.toMatch(/\\u0000|\\ud800/);
  // What is parsed of somebody else's making is cut, not refused.
  expect(faultSchema.parse({ ...made, message: odd }).message).toBe(made.message);
});
