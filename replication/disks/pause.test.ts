import { expect, it } from 'vitest';
import { pause, rest } from './pause.ts';

it('a pause ends with the reason of the abort, before and while it lasts', async () => {
  const stop = new AbortController();
  const reason = new Error('the run was cancelled');
  const waiting = pause(60_000, stop.signal);
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(pause(60_000, stop.signal)).rejects.toBe(reason);
  await pause(1, new AbortController().signal);
});

it('a rest just ends', async () => {
  const stop = new AbortController();
  const resting = rest(60_000, stop.signal);
  stop.abort(new Error('enough'));
  await resting;
  await rest(60_000, stop.signal);
  await rest(1, new AbortController().signal);
});
