import { expect, it } from 'vitest';
import { lastLine } from './last-line.ts';

const log = [{ text: 'Launched.' }, { text: 'Has the instance taken over? Switch users to it.' }];

it('is the newest line, and not the question once more', () => {
  expect(lastLine(log, null)?.text).toMatch(/^Has the instance/);
  expect(lastLine(log, { text: 'Has the instance taken over?' })?.text).toBe('Launched.');
  expect(lastLine([], null)).toBeNull();
});
