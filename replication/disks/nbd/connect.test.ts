// Handshakes that go wrong. Those that go right, peers/nbd.test.ts shows.
import { describe, expect, it } from 'vitest';
import { ALLOCATION, listNbdExports, openNbdDisk } from './nbd-disk.ts';
import { OPTION, OPTION_REPLY, REFUSAL } from './protocol.ts';
import { DISK, faultOf, never, serve } from './testing-disk.ts';
import { GREETING, greetingOf, info, optionReply, type Script, serveNbd } from './testing-server.ts';

describe('the handshake', () => {
  const option = (wanted: number, answer: Buffer | 'close' | 'nothing'): Script => ({
    option: (seen) => (seen === wanted ? answer : undefined),
  });
  const refusing = (type: number) => option(OPTION.go, optionReply(OPTION.go, type, Buffer.from('the words of it')));

  it.each<[string, Script, string, RegExp]>([
    ['no NBD server', { greeting: Buffer.from('SSH-2.0-OpenSSH_9.2 and so on') }, 'nbd-invalid', /does not greet/],
    ['oldstyle', { greeting: greetingOf(3, '0000420281861253') }, 'nbd-invalid', /oldstyle/],
    ['another style', { greeting: greetingOf(3, '0000000000000000') }, 'nbd-invalid', /does not greet/],
    ['newstyle that is not fixed', { greeting: greetingOf(2) }, 'nbd-invalid', /fixed newstyle/],
    ['a cut greeting', { greeting: GREETING.subarray(0, 9), option: () => 'close' }, 'nbd-unreachable', /in time/],
    ['an unknown export', refusing(REFUSAL.unknown), 'nbd-refused', /no export of this name/],
    ['an export for others', refusing(REFUSAL.policy), 'nbd-refused', /does not allow/],
    ['TLS demanded', refusing(REFUSAL.tlsRequired), 'nbd-refused', /demands TLS/],
    ['an error that nobody knows', refusing(0x8000_00ff), 'nbd-refused', /refused what was asked/],
    ['an end', option(OPTION.go, 'close'), 'nbd-refused', /closed the connection/],
    ['silence', option(OPTION.go, 'nothing'), 'nbd-unreachable', /did not answer in time/],
    ['wrong magic', option(OPTION.go, Buffer.alloc(20, 1)), 'nbd-invalid', /began the reply/],
    ['another option', option(OPTION.go, optionReply(OPTION.list, 1)), 'nbd-invalid', /was not sent/],
    ['an endless reply', option(OPTION.go, optionReply(OPTION.go, 3).fill(255, 16)), 'nbd-invalid', /4294967295 bytes/],
    ['no size', option(OPTION.go, optionReply(OPTION.go, OPTION_REPLY.ack)), 'nbd-invalid', /without a word/],
    ['a size beyond reason', option(OPTION.go, info(2n ** 63n)), 'nbd-invalid', /9223372036854775808 bytes/],
    ['no bytes', option(OPTION.go, info(0n)), 'disk-unsupported', /0 bytes/],
    ['half a sector', option(OPTION.go, info(1000n)), 'disk-unsupported', /1000 bytes/],
    ['odd block sizes', option(OPTION.go, info(4096n, [3000, 4096, 8192])), 'nbd-invalid', /3000, 4096 and 8192/],
    [
      'contexts that nobody asked for',
      option(OPTION.setMetaContext, optionReply(OPTION.setMetaContext, 4, Buffer.from('0000000161', 'hex'))),
      'nbd-invalid',
      /was not asked for/,
    ],
  ])('with %s', async (_name, script, code, message) => {
    const server = await serve(script);
    const options = { contexts: [ALLOCATION], connectTimeoutMs: 300 };
    expect(await faultOf(openNbdDisk(server.endpoint, options, never))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    await expect.poll(server.open).toBe(0);
  });

  it('says what the server said', async () => {
    const server = await serve(refusing(REFUSAL.unknown));
    const { cause } = await faultOf(openNbdDisk(server.endpoint, {}, never));
    expect(cause).toMatch(/ERR_UNKNOWN: the words of it/);
  });

  it('reaches nobody where nobody listens', async () => {
    const server = await serveNbd(DISK);
    await server.close();
    expect(await faultOf(openNbdDisk(server.endpoint, {}, never))).toMatchObject({
      code: 'nbd-unreachable',
      retry: 'now',
    });
    const endpoint = { ...server.endpoint, address: { socketPath: '/nonexistent/nbd.sock' } };
    expect(await faultOf(openNbdDisk(endpoint, {}, never))).toMatchObject({ code: 'nbd-unreachable', cause: /ENOENT/ });
  });

  it('ends with the reason of the signal', async () => {
    const server = await serve(option(OPTION.go, 'nothing'));
    const enough = new AbortController();
    const opening = openNbdDisk(server.endpoint, {}, enough.signal);
    await expect.poll(() => server.options).toContain(OPTION.go);
    enough.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    await expect.poll(server.open).toBe(0);
  });

  it('never goes on in the clear when TLS is refused', async () => {
    const server = await serve(option(OPTION.startTls, optionReply(OPTION.startTls, REFUSAL.unsupported)));
    const endpoint = { ...server.endpoint, tls: true };
    expect((await faultOf(openNbdDisk(endpoint, {}, never))).code).toBe('nbd-refused');
    expect(server.options).toEqual([OPTION.startTls]);
  });

  it('does not take bytes in the clear for bytes through TLS', async () => {
    const early = Buffer.concat([optionReply(OPTION.startTls, 1), optionReply(OPTION.structuredReply, 1)]);
    const server = await serve(option(OPTION.startTls, early));
    const fault = await faultOf(openNbdDisk({ ...server.endpoint, tls: true }, {}, never));
    expect(fault).toMatchObject({ code: 'nbd-invalid', message: /in the clear/ });
  });

  it('refuses certificates without TLS, and TLS without a name', async () => {
    const { endpoint } = await serve();
    expect((await faultOf(openNbdDisk(endpoint, { tls: {} }, never))).code).toBe('input-invalid');
    const nameless = { ...endpoint, address: { socketPath: '/s' }, tls: true };
    expect((await faultOf(openNbdDisk(nameless, {}, never))).code).toBe('input-invalid');
  });

  it('lists exports with what the server says of them', async () => {
    const one = Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.from('sdawhat it is')]);
    const reply = optionReply(OPTION.list, OPTION_REPLY.server, one);
    const server = await serve(option(OPTION.list, Buffer.concat([reply, optionReply(OPTION.list, 1)])));
    expect(await listNbdExports(server.endpoint, {}, never)).toEqual([{ name: 'sda', description: 'what it is' }]);
    await expect.poll(() => server.options).toEqual([OPTION.list, OPTION.abort]);
    const other = await serve(option(OPTION.list, optionReply(OPTION.list, OPTION_REPLY.server, Buffer.alloc(4, 9))));
    expect((await faultOf(listNbdExports(other.endpoint, {}, never))).code).toBe('nbd-invalid');
  });
});
