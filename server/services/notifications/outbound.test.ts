import { afterAll, beforeAll, expect, it } from 'vitest';
import { notifyPrivate } from '../../env.ts';
import { post, whyNotTo } from './outbound.ts';
import { type Receiver, receiver } from './testing-receiver.ts';

let hook: Receiver;
beforeAll(async () => {
  hook = await receiver();
});
afterAll(() => hook.close());

const list = notifyPrivate({ LANDFALL_NOTIFY_PRIVATE: '10.1.0.0/16, 192.168.7.4,fd12::/16' }) ?? false;

it.each([
  '169.254.169.254',
  '169.254.170.2',
  '::ffff:169.254.169.254',
  'fe80::1',
  'fd00:ec2::254',
  '100.100.100.200',
  '192.0.0.192',
  '0.0.0.0',
  '::',
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
  // Ways to write another address: NAT64, 6to4.
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
])('never goes to %s', (address) => {
  for (const allowed of [false, true, list]) expect(whyNotTo(address, allowed)).not.toBeNull();
});

it.each(['127.0.0.1', '::1', '10.0.0.1', '172.16.3.4', '192.168.1.1', 'fd00::1', '::ffff:10.0.0.1', '100.64.0.1'])(
  'goes to %s only where the environment allows it',
  (address) => {
    expect(whyNotTo(address, false)).not.toBeNull();
    expect(whyNotTo(address, list)).not.toBeNull();
    expect(whyNotTo(address, true)).toBeNull();
  },
);

it('goes to the networks of the list, and to the world', () => {
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.168.7.4', 'fd12::7', '93.184.215.14', '2606:2800:21f::1'])
    expect(whyNotTo(address, list)).toBeNull();
});

const to = (url: string, deadlineMs = 2000) => post({ url, headers: {}, body: '{}', deadlineMs });

it('resolves a name before it goes there', async () => {
  process.env.LANDFALL_NOTIFY_PRIVATE = '0';
  const port = new URL(hook.url).port;
  for (const host of ['localhost', '127.0.0.1', '[::1]', '0x7f.1', '2130706433']) {
    expect(await to(`http://${host}:${port}/`)).toMatchObject({ ok: false, code: null, final: true });
  }
  expect(hook.got).toEqual([]);
  process.env.LANDFALL_NOTIFY_PRIVATE = '1';
  expect(await to(`http://localhost:${port}/`)).toMatchObject({ ok: true, code: 204 });
});

it('gives up a receiver that hangs, and tells what went wrong', async () => {
  process.env.LANDFALL_NOTIFY_PRIVATE = '1';
  hook.answers.push('hang');
  expect(await to(hook.url, 300)).toMatchObject({ ok: false, error: 'No answer within 0 s.' });
  expect(await to('http://127.0.0.1:1/')).toMatchObject({
    ok: false,
    code: null,
    error: expect.stringMatching(/ECONNREFUSED/),
  });
  expect(await to('ftp://127.0.0.1/')).toMatchObject({ ok: false, final: true });
  hook.answers.push({ code: 410 });
  expect(await to(hook.url)).toMatchObject({ ok: false, code: 410, final: true });
});

it('reads no more of an answer than it keeps', async () => {
  hook.answers.push({ code: 200, body: 'x'.repeat(5_000_000) });
  const { ok, answer } = await to(hook.url);
  expect(ok).toBe(true);
  expect(answer.length).toBeLessThan(5000);
});
