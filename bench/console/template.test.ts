import { expect, it } from 'vitest';
import { json, literal, sqlOf, text } from './template.ts';

it('puts the values of a row in the places of the marks, each named once', () => {
  const document = { id: text('id'), again: `x-${text('id')}`, bytes: json('bytes'), share: '100 %', quote: "it's" };
  expect(sqlOf(document, { id: 'row.id', bytes: 'row.n' })).toBe(
    `format('{"id":"%2$s","again":"x-%2$s","bytes":%1$s,"share":"100 %%","quote":"it''s"}', row.n, row.id)`,
  );
  expect(() => sqlOf({ a: text('unknown') }, {})).toThrow('"unknown"');
  expect(literal("o'clock")).toBe("'o''clock'");
});
