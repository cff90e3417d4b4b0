import { expect, it } from 'vitest';
import { KeySequence } from './key-sequence.ts';
import { PAGES } from './navigation.ts';

let now = 0;
const keys = () => new KeySequence(['?', 'g s', 'g o'], () => now);
const plain = { ctrlKey: false, metaKey: false, altKey: false };
const type = (sequence: KeySequence, text: string) => [...text].map((key) => sequence.press({ ...plain, key }));

it('knows one key, and two that follow each other', () => {
  expect(type(keys(), '?')).toEqual(['?']);
  expect(type(keys(), 'gs')).toEqual([null, 'g s']);
  expect(type(keys(), 'GO')).toEqual([null, 'g o']);
  expect(type(keys(), 'ggs')).toEqual([null, null, 'g s']);
});

it('knows no others, and begins anew after a wrong one', () => {
  expect(type(keys(), 's')).toEqual([null]);
  expect(type(keys(), 'gxs')).toEqual([null, null, null]);
  expect(type(keys(), 'g?')).toEqual([null, '?']);
  expect(type(keys(), 'gss')).toEqual([null, 'g s', null]);
});

it('waits for the second key no longer than a moment', () => {
  const sequence = keys();
  expect(type(sequence, 'g')).toEqual([null]);
  now += 2_000;
  expect(type(sequence, 's')).toEqual([null]);
});

it('leaves what is pressed with Ctrl, Alt or ⌘, and keys without a sign, to others', () => {
  for (const held of ['ctrlKey', 'metaKey', 'altKey'] as const)
    expect(keys().press({ ...plain, [held]: true, key: '?' })).toBeNull();
  expect(keys().press({ ...plain, key: 'Escape' })).toBeNull();
});

it('leads to every page by a key of its own', () => {
  const own = PAGES.flatMap((page) => (page === 'divider' ? [] : [page.key]));
  expect(own.every((key) => /^[a-z]$/.test(key))).toBe(true);
  expect(new Set(own).size).toBe(own.length);
});
