import { expect, it } from 'vitest';
import { inLanes, type Session, type Work } from './lanes.ts';

/** Sessions that begin a statement when they are told of it and end it when the test says so. */
function sessions(count: number) {
  const begun: string[] = [];
  const ends: Record<string, (error?: Error) => void> = {};
  const one: Session = {
    query: (sql) => {
      begun.push(sql);
      return new Promise<void>((resolve, reject) => {
        ends[sql] = (error) => (error ? reject(error) : resolve());
      });
    },
  };
  const end = async (sql: string, error?: Error) => {
    ends[sql]?.(error);
    await new Promise(setImmediate);
  };
  return { all: Array.from({ length: count }, () => one), begun, end };
}

const ignore = () => {};

it('begins what nothing is missing for, in the order of the list, as many at once as there are sessions', async () => {
  const { all, begun, end } = sessions(2);
  const done: string[] = [];
  const works: Work[] = [
    { name: 'outline', sql: ['outline'] },
    { name: 'index', sql: ['index'], after: ['rows'] },
    { name: 'rows', sql: ['rows 1', 'rows 2'], after: ['outline'] },
    { name: 'rows', sql: ['more rows'] },
    { name: 'statistics', sql: ['statistics'], after: ['outline'] },
  ];
  const finished = inLanes(all, works, (name) => done.push(name));
  expect(begun).toEqual(['outline', 'more rows']);
  await end('outline');
  expect(begun.slice(2)).toEqual(['rows 1']);
  await end('more rows');
  expect(begun.slice(3)).toEqual(['statistics']);
  await end('statistics');
  expect(begun.slice(4), 'one session has nothing to do while rows are missing').toEqual([]);
  await end('rows 1');
  await end('rows 2');
  expect(begun.slice(4)).toEqual(['rows 2', 'index']);
  await end('index');
  await finished;
  expect(done).toEqual(['outline', 'rows', 'statistics', 'rows', 'index']);
});

it('begins nothing more after a failure, says where it was, and waits for what goes on', async () => {
  const { all, begun, end } = sessions(2);
  const works = ['select 1 +', 'long', 'never'].map((sql) => ({ name: sql, sql: [sql] }));
  const outcome = { over: false };
  const failed = inLanes(all, works, ignore).catch((error: Error) => {
    outcome.over = true;
    return error;
  });
  await end('select 1 +', Object.assign(new Error('syntax error'), { position: '11' }));
  expect(outcome.over).toBe(false);
  await end('long');
  expect((await failed)?.message).toBe('syntax error, at: select 1 +');
  expect(begun).toEqual(['select 1 +', 'long']);
});

it('refuses works that wait for what never comes', async () => {
  const { all } = sessions(1);
  await expect(inLanes(all, [{ name: 'index', sql: [], after: ['rows'] }], ignore)).rejects.toThrow(
    '"index" comes after "rows"',
  );
  const circle = [
    { name: 'a', sql: [], after: ['b'] },
    { name: 'b', sql: [], after: ['a'] },
  ];
  await expect(inLanes(all, circle, ignore)).rejects.toThrow('waits for what waits for it');
});
