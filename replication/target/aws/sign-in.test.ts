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

test('those that AWS has refused are replaced at once', async () => {
  const { provide, key } = bank();
  expect(await key()).toBe('KEY1');
  expect((await provide({ forceRefresh: true })).accessKeyId).toBe('KEY2');
  expect(await key()).toBe('KEY2');
});
