// Health checks where the network is told what to say: names that do not resolve, clocks that differ, silence.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { never } from '../testing-readers.ts';
import { checkHealth, type Reach } from './health.ts';
import { VimSession } from './session.ts';
import { LOGIN, startTestLab, type TestLab } from './testing-lab.ts';

describe('health of the way to vCenter', () => {
  let test: TestLab;
  let session: VimSession;
  beforeAll(async () => {
    test = await startTestLab();
  });
  afterAll(() => test.close());
  beforeEach(() => {
    session = new VimSession({ url: test.lab.url, fingerprint: test.lab.fingerprint, ...LOGIN });
  });
  afterEach(async () => {
    test.faults.clear();
    await session.close();
  });

  const reach = (changes: Partial<Reach>): Reach => ({
    checkMs: 3_000,
    wholeMs: 9_000,
    now: Date.now,
    resolve: async () => undefined,
    connect: async () => undefined,
    ...changes,
  });
  const failing = async (changes: Partial<Reach>) =>
    Object.fromEntries(
      (await checkHealth(session, never, reach(changes))).filter(({ ok }) => !ok).map(({ id, detail }) => [id, detail]),
    );

  it('has nothing to say when all is well', async () => {
    expect(await failing({})).toEqual({});
  });

  it('names the ESXi host whose name does not resolve', async () => {
    const resolve = (host: string) =>
      host === 'localhost' ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve();
    expect(await failing({ resolve })).toEqual({
      'dns:localhost': expect.stringContaining('localhost does not resolve'),
    });
  });

  it('names the port that is closed', async () => {
    const connect = () => Promise.reject(new Error('ECONNREFUSED'));
    expect(await failing({ connect })).toEqual({
      [`tcp:127.0.0.1:${test.lab.port}`]: expect.stringContaining(`port ${test.lab.port}`),
    });
  });

  it('allows five minutes between the clocks, and says which one is ahead', async () => {
    expect(await failing({ now: () => Date.now() + 4.9 * 60_000 })).toEqual({});
    expect(await failing({ now: () => Date.now() + 5.1 * 60_000 })).toEqual({
      clock: expect.stringMatching(/^vCenter's clock is 30\d s behind/),
    });
    expect(await failing({ now: () => Date.now() - 6 * 60_000 })).toEqual({
      clock: expect.stringContaining('ahead of'),
    });
  });

  it('gives every other answer when some never come, within its time', async () => {
    test.faults.add({ side: 'vcenter', operation: 'HasPrivilegeOnEntities', effect: { kind: 'hang' } });
    const started = Date.now();
    const found = await failing({ resolve: () => new Promise(() => undefined), checkMs: 1_500 });
    expect(Date.now() - started).toBeLessThan(6_000);
    expect(found).toEqual({
      'dns:localhost': expect.stringContaining('No answer in time'),
      privileges: expect.stringContaining('No answer in time'),
    });
  });

  it('ends as a whole when vCenter is silent, and says what could not be looked at', async () => {
    test.faults.add({ side: 'vcenter', operation: '*', effect: { kind: 'hang' } });
    const started = Date.now();
    const found = await failing({ checkMs: 60_000, wholeMs: 700 });
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(found['vm-manager-login']).toContain('No answer in time');
    expect(found['privilege:VApp.Export']).toContain('Not checked');
    expect(Object.keys(found)).not.toContain('certificate');
  });
});
