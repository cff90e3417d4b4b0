import path from 'node:path';
import { expect, test } from 'vitest';
import { readNote, readNotes, withVersion } from './notes.ts';

test('every note of this repository is well-formed', () => {
  readNotes(path.resolve(import.meta.dirname, '../../changelog/unreleased'));
});

test.each([
  ['Added: No heading\n\nText.', /must be "# Kind: Title"/],
  ['# Added: No text\n\n', /must be "# Kind: Title"/],
  ['# Improved: Something\n\nText.', /"Improved" is none of Action needed, Added/],
  ['# Added: A full stop.\n\nText.', /full stop/],
  [`# Added: ${'long '.repeat(30)}\n\nText.`, /longer than 100/],
  ['# Added: Two\n\nText.\n\n# Fixed: In one\n\nText.', /second heading/],
])('refuses %j', (text, why) => expect(() => readNote(text)).toThrow(why));

test('a version stands above the older ones, its notes by kind, what needs a hand first', () => {
  const note = (kind: string, title: string) => readNote(`# ${kind}: ${title}\n\nIt is\nso.\n`);
  const first = withVersion('', '0.1.0', '2026-11-01', [note('Added', 'A')]);
  const second = withVersion(first, '0.2.0', '2026-12-01', [note('Fixed', 'B'), note('Action needed', 'C')]);
  expect(second).toBe(`# Changes

What users and operators notice, newest first.

## 0.2.0 (2026-12-01)
### Action needed
- **C.** It is so.

### Fixed
- **B.** It is so.

## 0.1.0 (2026-11-01)
### Added
- **A.** It is so.
`);
  expect(() => withVersion(second, '0.1.0', '2026-12-02', [note('Added', 'D')])).toThrow(/has 0.1.0 already/);
  expect(() => withVersion(second, '0.3.0', '2026-12-02', [])).toThrow(/no note/);
  expect(() => withVersion(second, 'next', '2026-12-02', [note('Added', 'D')])).toThrow(/not a version/);
});
