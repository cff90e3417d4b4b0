// Switching servers over the wire against the lab's vCenter: as asked, refused, too slow, begun by somebody else.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PowerAction, PowerResult } from '../../model/power.ts';
import type { Source } from '../source.ts';
import { faultOf, never } from '../testing-readers.ts';
import { startTestLab, type TestLab } from './testing-lab.ts';

let test: TestLab;
let source: Source;
let vm: string;
let next = 300;

beforeAll(async () => {
  test = await startTestLab();
  source = test.open();
});
afterAll(async () => {
  await source.close();
  await test.close();
});
beforeEach(async () => {
  // A server of its own for each, on and with tools.
  vm = `vm-${next++}`;
  await test.control('requests', { reset: true });
});
afterEach(async () => {
  test.faults.clear();
  await test.control('privileges', { missing: [] });
});

const set = (action: PowerAction, deadlineSeconds = 20, signal = never) =>
  source.setPower(vm, action, { deadlineSeconds }, signal);
const behaves = (changes: object) => test.control('vm', { vm, ...changes });
const somebody = (switches: { on: boolean } | { suspended: true }) => test.control('power', { vm, ...switches });
const power = async () => (await source.inspect(vm, never)).power;
const calls = async (method: string) =>
  (await test.control<{ soap: Record<string, number> }>('requests')).soap[method] ?? 0;
const fails = (operation: string, code: string, more: { message?: string; count?: number } = {}) => {
  const { count, message } = more;
  const effect = { kind: 'fail', code, ...(message && { message }) } as const;
  test.faults.add({ side: 'vcenter', operation, effect, match: { vm }, ...(count && { count }) });
};
const seen = (method: string) =>
  expect.poll(() => calls(method), { interval: 5, timeout: 5_000 }).toBeGreaterThanOrEqual(1);
const OFF: PowerResult = { power: 'off', note: null };
const ON: PowerResult = { power: 'on', note: null };

describe('a guest that is asked to shut down', () => {
  it('does, and is asked once', async () => {
    expect(await set('shut-down')).toEqual(OFF);
    expect(await power()).toBe('off');
    expect(await calls('ShutdownGuest')).toBe(1);
    expect(await set('shut-down')).toEqual(OFF);
    expect(await calls('ShutdownGuest')).toBe(1);
  });

  it('may have been asked by a process that is gone: its shutdown is awaited', async () => {
    const effect = { kind: 'delay', ms: 700 } as const;
    test.faults.add({ side: 'vcenter', operation: 'task:ShutdownGuest', count: 1, effect });
    const stop = new AbortController();
    const first = set('shut-down', 20, stop.signal);
    await seen('ShutdownGuest');
    await expect.poll(async () => (await source.inspect(vm, never)).tools, { interval: 5 }).toBe('not-running');
    stop.abort();
    expect((await faultOf(first)).code).toBe('cancelled');
    const another = test.open();
    // Its tools have stopped, which alone would read as a refusal after a tenth of the deadline.
    expect(await another.setPower(vm, 'shut-down', { deadlineSeconds: 3 }, never)).toEqual(OFF);
    await another.close();
  });

  it('and has no tools running is left on, in words', async () => {
    await behaves({ tools: 'notRunning' });
    const started = Date.now();
    const { power: left, note } = await set('shut-down', 2);
    expect(left).toBe('on');
    expect(note).toMatch(
      /^VMware Tools is not running in the guest, so it cannot be asked to shut down\. vSphere says: /,
    );
    expect(Date.now() - started).toBeLessThan(1_500);
    expect(await power()).toBe('on');
  });

  it('and refuses is left on; also when vSphere knows other reasons', async () => {
    await behaves({ shutdown: 'refused' });
    expect((await set('shut-down', 1)).note).toMatch(/^VMware Tools is not running/);
    fails('ShutdownGuest', 'GuestOperationsUnavailable', { message: 'Not now, says the agent.' });
    expect(await set('shut-down', 1)).toEqual({
      power: 'on',
      note: 'The guest cannot be asked to shut down. vSphere says: Not now, says the agent.',
    });
    expect(await power()).toBe('on');
  });

  it('and refuses since it was going down already ends up off', async () => {
    await behaves({ tools: 'notRunning' });
    const result = set('shut-down', 60);
    await seen('ShutdownGuest');
    // It was refused, and is looked at again and again all the same.
    await expect.poll(() => calls('RetrievePropertiesEx'), { interval: 5, timeout: 5_000 }).toBeGreaterThan(4);
    await somebody({ on: false });
    expect(await result).toEqual(OFF);
  });

  it('and never ends is left on at the deadline; the power can be taken away then', async () => {
    await behaves({ shutdown: 'never-ends' });
    const started = Date.now();
    expect(await set('shut-down', 0.3)).toEqual({ power: 'on', note: 'The guest did not shut down within 0.3 s.' });
    expect(Date.now() - started).toBeGreaterThanOrEqual(300);
    expect(await calls('ShutdownGuest')).toBe(1);
    expect(await set('power-off')).toEqual(OFF);
  });

  it('stops being waited for with the signal', async () => {
    await behaves({ shutdown: 'never-ends' });
    const stop = new AbortController();
    const waiting = set('shut-down', 600, stop.signal);
    await seen('ShutdownGuest');
    stop.abort();
    expect((await faultOf(waiting)).code).toBe('cancelled');
    expect(await power()).toBe('on');
  });

  it('and is suspended stays so', async () => {
    await somebody({ suspended: true });
    const result = await set('shut-down');
    expect(result).toEqual({ power: 'suspended', note: expect.stringContaining('The server is suspended') });
    expect(await calls('ShutdownGuest')).toBe(0);
  });

  it('goes off by itself in the same moment, which is as good', async () => {
    fails('ShutdownGuest', 'InvalidPowerState', { count: 1 });
    const result = set('shut-down');
    await seen('ShutdownGuest');
    await somebody({ on: false });
    expect(await result).toEqual(OFF);
  });

  it('is asked once more when another task is in the way', async () => {
    fails('ShutdownGuest', 'TaskInProgress', { count: 2 });
    expect(await set('shut-down')).toEqual(OFF);
    expect(await calls('ShutdownGuest')).toBe(3);
  });
});

describe('power', () => {
  it('is taken away and given back; a second call finds it so', async () => {
    await behaves({ tools: 'notInstalled' });
    expect(await set('power-off')).toEqual(OFF);
    expect(await set('power-off')).toEqual(OFF);
    expect(await power()).toBe('off');
    expect(await set('power-on')).toEqual(ON);
    expect(await set('power-on')).toEqual(ON);
    expect(await power()).toBe('on');
    expect([await calls('PowerOffVM_Task'), await calls('PowerOnVM_Task')]).toEqual([1, 1]);
  });

  it('is given back to a guest that is on its way down, after it is down', async () => {
    const effect = { kind: 'delay', ms: 700 } as const;
    test.faults.add({ side: 'vcenter', operation: 'task:ShutdownGuest', count: 1, effect });
    const stop = new AbortController();
    const asked = set('shut-down', 20, stop.signal);
    await seen('ShutdownGuest');
    stop.abort();
    await expect(asked).rejects.toThrow();
    expect(await power()).toBe('on');
    expect(await set('power-on')).toEqual(ON);
    expect(await calls('PowerOnVM_Task')).toBe(1);
    expect(await power()).toBe('on');
  });

  it('is waited for while another task is in the way, and while two want the same', async () => {
    const effect = { kind: 'delay', ms: 300 } as const;
    test.faults.add({ side: 'vcenter', operation: 'task:PowerOffVM_Task', effect });
    const another = test.open();
    const both = [set('power-off'), another.setPower(vm, 'power-off', { deadlineSeconds: 20 }, never)];
    expect(await Promise.all(both)).toEqual([OFF, OFF]);
    await another.close();
    fails('task:PowerOnVM_Task', 'TaskInProgress', { count: 1 });
    expect(await set('power-on')).toEqual(ON);
  });

  it('wakes a suspended server, and is taken from it', async () => {
    await somebody({ suspended: true });
    expect(await set('power-on')).toEqual(ON);
    await somebody({ suspended: true });
    expect(await set('power-off')).toEqual(OFF);
    await somebody({ suspended: true });
    fails('PowerOffVM_Task', 'InvalidPowerState', { message: 'It sleeps.' });
    expect(await set('power-off')).toEqual({
      power: 'suspended',
      note: 'The server is suspended. vSphere says: It sleeps.',
    });
  });

  it('fails with what vSphere has against it', async () => {
    await somebody({ on: false });
    fails('task:PowerOnVM_Task', 'InsufficientMemoryResourcesFault', { message: 'Not enough memory.' });
    const fault = await faultOf(set('power-on'));
    expect(fault).toMatchObject({ code: 'vcenter-fault', message: expect.stringContaining('Not enough memory.') });
    test.faults.clear();
    expect(await set('power-on')).toEqual(ON);
  });

  it('is not there at the deadline, which is told', async () => {
    test.faults.add({ side: 'vcenter', operation: 'task:PowerOffVM_Task', match: { vm }, effect: { kind: 'hang' } });
    expect(await set('power-off', 0.3)).toEqual({
      power: 'on',
      note: 'The server was not powered off within 0.3 s.',
    });
  });

  it('waits for an answer that nobody gives: the question is told, and after the answer it goes on', async () => {
    await somebody({ on: false });
    await behaves({ question: 'Did you move it or copy it?' });
    expect(await set('power-on', 60)).toEqual({
      power: 'off',
      note: 'The server was not powered on. vSphere waits for an answer: “Did you move it or copy it?” Answer it in vCenter.',
    });
    expect((await set('power-on', 2)).note).toContain('move it or copy it');
    await behaves({ question: null });
    expect(await set('power-on')).toEqual(ON);
  });

  it.each([
    ['shut-down', 'VirtualMachine.Interact.PowerOff'],
    ['power-off', 'VirtualMachine.Interact.PowerOff'],
    ['power-on', 'VirtualMachine.Interact.PowerOn'],
  ] as const)('%s names the privilege that is missing', async (action, privilege) => {
    if (action === 'power-on') await somebody({ on: false });
    await test.control('privileges', { missing: [privilege] });
    expect(await faultOf(set(action))).toMatchObject({
      code: 'vcenter-privilege-missing',
      message: expect.stringContaining(privilege),
    });
    const failing = (await source.checkHealth(never)).filter(({ ok }) => !ok);
    expect(failing).toMatchObject([
      { id: `privilege:${privilege}`, level: 'advice', detail: expect.stringMatching(/Without it a cutover/) },
    ]);
  });

  it('of a server that is gone', async () => {
    vm = 'vm-9999';
    for (const action of ['shut-down', 'power-off', 'power-on'] as const) {
      expect((await faultOf(set(action))).code).toBe('server-gone');
    }
  });

  it('is not guessed when vCenter is away', async () => {
    await test.control('down');
    expect((await faultOf(set('power-off'))).code).toBe('vcenter-unreachable');
    await test.control('up');
    expect(await set('power-off')).toEqual(OFF);
  });
});
