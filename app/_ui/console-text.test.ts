import { expect, test } from 'vitest';
import { plainConsoleText } from './console-text.ts';

const ESC = String.fromCharCode(27);

test.each([
  ['colours', `${ESC}[0;32m[  OK  ]${ESC}[0m Started`, '[  OK  ] Started'],
  ['a cleared screen', `${ESC}[2J${ESC}[01;01H${ESC}[=3hBooting`, 'Booting'],
  ['a title', `${ESC}]0;host\u0007login:`, 'login:'],
  ['a character set', `${ESC}(Bplain`, 'plain'],
  ['line ends of a serial line', 'one\r\r\ntwo\r\n', 'one\ntwo'],
  ['a line written over', 'Loading  10 %\rLoading 100 %\rdone\nnext', 'done\nnext'],
  ['control codes', 'a\u0000b\u0008c\td', 'abc\td'],
  ['empty lines around', '\n\n\nfirst\n\nlast\n\n', 'first\n\nlast'],
  ['nothing', '\r\n\r\n', ''],
  ['letters of every kind', 'Grüße 日本 ✓', 'Grüße 日本 ✓'],
])('%s', (_what, raw, plain) => {
  expect(plainConsoleText(raw)).toBe(plain);
});
