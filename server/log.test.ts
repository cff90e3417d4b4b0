import { DrizzleQueryError } from 'drizzle-orm/errors';
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

  it('leaves out the values with which a query failed, and keeps where it did', () => {
    const error = new DrizzleQueryError('update users set password_hash = $1 where id = $2', [
      '$argon2id$x\ny',
      'user-1',
    ]);
    error.cause = new Error('server closed the connection');
    const line = written({ error });
    expect(line).not.toMatch(/argon2id|user-1/);
    expect(line).toContain('update users set password_hash = $1');
    expect(line).toContain('log.test.ts');
    expect(line).toContain('server closed the connection');
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
