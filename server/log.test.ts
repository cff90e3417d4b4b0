import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

function written(entry: object): string {
  const lines: string[] = [];
  createLog({ write: (line) => lines.push(line) }).error(entry, 'something happened');
  return lines.join('');
}

describe('the log', () => {
  it('takes secrets out, also of nested values', () => {
    const line = written({
      password: 'hunter2',
      request: { headers: { cookie: 'hunter2', 'set-cookie': 'hunter2' }, authorization: 'hunter2' },
      target: { secretAccessKey: 'hunter2' },
    });
    expect(line).not.toContain('hunter2');
    expect(line).toContain('[removed]');
    expect(line).toContain('something happened');
  });

  it('writes an error with its kind and its cause', () => {
    const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    const entry = JSON.parse(written({ error: new Error('no database', { cause }) }));
    expect(entry).toMatchObject({
      level: 'error',
      error: { message: 'no database', cause: { kind: 'ECONNREFUSED', message: 'connection refused' } },
    });
  });
});
