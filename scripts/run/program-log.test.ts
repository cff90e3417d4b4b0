import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ProgramLog } from './program-log.ts';

test('a log keeps its last lines at hand, hands on whole lines, and turns over before it grows for ever', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'program-log-'));
  try {
    const file = path.join(folder, 'web.log');
    const lines: string[] = [];
    const log = new ProgramLog(file, (line) => lines.push(line));
    log.write(Buffer.from('one\ntw'));
    log.write(Buffer.from('o\nthree\n'));
    expect(lines).toEqual(['one', 'two', 'three']);
    expect(log.lastLines(2)).toBe('two\nthree');
    for (let written = 0; written < 35; written += 1) log.write(Buffer.alloc(1_000_000, 'x'));
    log.write(Buffer.from('\nlast\n'));
    log.close();
    expect(statSync(file).size + statSync(`${file}.1`).size).toBeLessThan(23_000_000);
    expect(readFileSync(file, 'utf8').endsWith('\nlast\n')).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
