// Turns the output of a serial line into text, without terminal codes. Pure.

const ESCAPE = String.fromCharCode(27);
const BELL = String.fromCharCode(7);

/** Colours and cursor moves (CSI), titles (OSC), character sets and the rest, as in ECMA-48. */
const SEQUENCES = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)|[ -/]+[0-~]|[0-Z\\\\^-~])`,
  'g',
);

/** What a person would see: line ends are one, a line that was written over shows its last text, control codes are gone. */
export function plainConsoleText(raw: string): string {
  const lines = raw
    .replace(SEQUENCES, '')
    .replace(/\r+\n/g, '\n')
    .split('\n')
    .map((line) => withoutControls(line.split('\r').findLast((part) => part.trim() !== '') ?? ''));
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop();
  while (lines.length > 0 && lines[0]?.trim() === '') lines.shift();
  return lines.join('\n');
}

function withoutControls(line: string): string {
  return [...line]
    .filter((character) => character === '\t' || character >= ' ')
    .join('')
    .trimEnd();
}
