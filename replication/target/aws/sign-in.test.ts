// When credentials that expire are asked for again.
import { expect, test } from 'vitest';
import { renewed } from './sign-in.ts';
import type { AwsCredentials } from './target.ts';

const MINUTE = 60_000;

/** Somebody who gives credentials for an hour, and his clock. */
function bank() {
  const state = { now: 0, asked: 0, away: false };
  const ask = async (): Promise<AwsCredentials> => {
    state.asked += 1;
    await Promise.resolve();
    if (state.away) throw new Error('away');
    return {
      accessKeyId: `KEY${state.asked}`,
      secretAccessKey: 'x',
      expiration: new Date(state.now + 60 * MINUTE),
    };
  };
  const provide = renewed(ask, () => state.now);
  return { state, provide, key: async () => (await provide()).accessKeyId };
}

test('credentials are asked for once by all who need them, and again before they end', async () => {
  const { state, key } = bank();
  expect(new Set(await Promise.all(Array.from({ length: 20 }, key)))).toEqual(new Set(['KEY1']));
  state.now = 49 * MINUTE;
  expect(await key()).toBe('KEY1');
  state.now = 51 * MINUTE;
  expect(new Set(await Promise.all(Array.from({ length: 20 }, key)))).toEqual(new Set(['KEY2']));
  expect(state.asked).toBe(2);
});

test('what was not renewed is used to its end, and a renewal is tried now and then', async () => {
  const { state, provide, key } = bank();
  await key();
  state.away = true;
  state.now = 52 * MINUTE;
  for (let call = 0; call < 10; call += 1) expect(await key()).toBe('KEY1');
  expect(state.asked).toBe(2);
  state.now += 20_000;
  await key();
  expect(state.asked).toBe(3);
  state.now = 59.8 * MINUTE;
  await expect(provide()).rejects.toThrow('away');
  state.away = false;
  expect(await key()).toBe('KEY5');
});

test('nobody waits long for others as long as these are good', async () => {
  let asked = 0;
  const never = new Promise<AwsCredentials>(() => {});
  const first = { accessKeyId: 'KEY1', secretAccessKey: 'x', expiration: new Date(60 * MINUTE) };
  let time = 0;
  const provide = renewed(
    async () => {
      asked += 1;
      return asked === 1 ? first : never;
    },
    () => time,
  );
  await provide();
  time = 55 * MINUTE;
  expect(await Promise.all([provide(), provide()])).toEqual([first, first]);
  // The next do not wait at all until it is time to look again.
  const began = performance.now();
  expect(await provide()).toBe(first);
  expect(performance.now() - began).toBeLessThan(1000);
  expect(asked).toBe(2);
});

test('those that AWS has refused are replaced at once', async () => {
  const { provide, key } = bank();
  expect(await key()).toBe('KEY1');
  expect((await provide({ forceRefresh: true })).accessKeyId).toBe('KEY2');
  expect(await key()).toBe('KEY2');
});
