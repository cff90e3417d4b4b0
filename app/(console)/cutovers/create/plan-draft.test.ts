import { expect, it } from 'vitest';
import { isChanged, NEW_PLAN, type PlanDraft, planOf } from './plan-draft.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const plan = (change: Partial<PlanDraft>) => planOf({ ...NEW_PLAN, ...change }, 'UTC', NOW);

it('starts now and shuts the server down unless something else is chosen', () => {
  expect(plan({}).plan).toEqual({
    start: 'now',
    options: { touchSource: true, shutdownMinutes: 10, checkMinutes: 20, consoleText: null, tcp: null },
  });
  expect(plan({ start: 'by-hand' }).plan?.start).toBeNull();
  expect(plan({ start: 'later', date: '2026-11-23', time: '22:30' }).plan?.start).toEqual(
    new Date('2026-11-23T22:30:00Z'),
  );
});

it('takes the optional checks only where something was given', () => {
  const { options } = plan({ consoleText: '  ready ', tcpPort: '443', tcpHost: 'web.example' }).plan ?? {};
  expect(options).toMatchObject({ consoleText: 'ready', tcp: { port: 443, host: 'web.example' } });
  expect(plan({ tcpPort: '22' }).plan?.options.tcp).toEqual({ port: 22, host: null });
});

it('says at each field what is wrong with it', () => {
  expect(plan({ shutdownMinutes: '0', checkMinutes: 'soon' }).problems).toEqual({
    shutdownMinutes: 'At least 1 minute.',
    checkMinutes: 'Enter a whole number.',
  });
  expect(plan({ tcpPort: '70000', tcpHost: 'a b' }).problems).toEqual({
    tcpPort: 'From 1 to 65535.',
    tcpHost: 'A host name or an address.',
  });
  expect(plan({ tcpHost: 'web' }).problems).toEqual({ tcpPort: 'A host needs a port.' });
  expect(plan({ start: 'later' }).problems).toEqual({ date: 'Choose a day.', time: 'Choose a time.' });
  expect(plan({ start: 'later', date: '2026-11-22', time: '11:00' }).problems).toHaveProperty('time');
});

it('does not ask for the minutes of a shutdown that it does not do', () => {
  expect(plan({ touchSource: false, shutdownMinutes: '' }).plan?.options.touchSource).toBe(false);
});

it('has something to lose from the first field that is not as it was', () => {
  expect(isChanged({ ...NEW_PLAN })).toBe(false);
  expect(isChanged({ ...NEW_PLAN, touchSource: false })).toBe(true);
  expect(isChanged({ ...NEW_PLAN, tcpPort: '443' })).toBe(true);
});
